import { beforeAll, expect, test } from 'vitest';
import { nextSteps } from '../../src/report/summary.js';
import { retrofitFixture } from '../support/retrofitted.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { loadModel, useBackend } from '../support/tensorflow.js';

const folder = temporaryFolder();

beforeAll(() => useBackend('cpu'));

test.each(['resnet-v1', 'nested-deep', 'distributed-layers', 'distributed-models'])(
  '%s: what is said to do next trains the modules, all of them, and nothing else',
  async (name) => {
    const { output, plan } = (await retrofitFixture(name, { ratio: 2 }, folder))!;
    const model = await loadModel(output);
    const line = nextSteps(plan, 'tfjs').find((text) => text.includes('TensorFlow.js'))!;
    new Function('model', line.replace(/^ *TensorFlow.js/, ''))(model);
    const trained = model.trainableWeights.map((weight) => weight.originalName);
    expect(trained).toEqual(trained.filter((weight) => weight.startsWith('se_')));
    expect(trained).toHaveLength(plan.sites.length * 2);
  },
);
