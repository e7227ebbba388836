import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { lowerModel } from '../../../src/formats/dialects/lower-graph.js';
import { listLoaders } from '../../../src/formats/verdict/loaders.js';
import { retrofit } from '../../../src/index.js';
import type { JsonObject } from '../../../src/json/json-value.js';
import { serializeJson } from '../../../src/json/serialize-json.js';
import type { Model } from '../../../src/model/model.js';
import { surveyRetrofit } from '../../../src/plan/plan-retrofit.js';
import { NETWORK_EXPECTATIONS, readNetwork } from '../../support/dialects.js';
import { readTopology } from '../../support/fixtures.js';
import { leaveProof, namesByPath } from '../../support/proof.js';

// keras.applications as Keras 3 writes them; fixtures/topologies has the same networks from Keras 2.
const NAMES = Object.keys(NETWORK_EXPECTATIONS);

function outline(model: Model) {
  const { sites, stages, params, macs, network, skipped } = surveyRetrofit(model);
  return {
    sites: sites.map(({ stage, block, channels, units, exactBy }) => ({ stage, block, channels, units, exactBy })),
    stages: stages.map(({ stride, size, channels, blocks }) => ({ stride, size, channels, blocks: blocks.length })),
    added: params.added,
    macs,
    modules: network.modules.length,
    skipped: skipped.map(({ stage, reason }) => ({ stage, reason })),
  };
}

describe.each(NAMES)('%s', (name) => {
  test('layers come in the order of Keras 3', () => {
    const digests = Object.entries(namesByPath(readNetwork(name).model.graph)).map(([path, names]) => [
      path,
      { count: names.length, sha256: createHash('sha256').update(names.join('\n')).digest('hex') },
    ]);
    expect(Object.fromEntries(digests)).toEqual(NETWORK_EXPECTATIONS[name]!.layers);
  });

  test('it gets what the same network of Keras 2 gets', () => {
    expect(outline(readNetwork(name).model)).toEqual(outline(readTopology(name)));
  });

  test('it loads where it really loads', () => {
    const { keras3 } = NETWORK_EXPECTATIONS[name]!.loads;
    const verdicts = listLoaders(readNetwork(name).model.graph, 'keras-zip').map(({ loader, ok }) => [loader, ok]);
    expect(Object.fromEntries(verdicts)).toEqual({ tfjs: false, keras2: false, keras3: keras3.ok });
  });

  test('unchanged it is the same text, retrofitted it has the layers of both', () => {
    const { document, model } = readNetwork(name);
    const lowered = (graph: Model['graph']) =>
      serializeJson({ ...document, root: lowerModel(graph, { wrapper: document.root as JsonObject }) });
    expect(lowered(model.graph)).toBe(serializeJson(document));
    if (surveyRetrofit(model).sites.length === 0) return;
    const after = retrofit(model).graph;
    leaveProof(`${name}.keras3-zip.0`, lowered(after), after);
  });
});
