import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { constraints } from '@tensorflow/tfjs-layers';
import { beforeAll, expect, test } from 'vitest';
import { readModel, retrofit, type Warning, writeModel } from '../../src/index.js';
import { type Plain, toPlain } from '../../src/json/json-value.js';
import { projectionOf } from '../../src/layers/constraints.js';
import { type BuiltModel, buildModel, writeBuilt } from '../support/model-builder.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { firstDifference, loadModel, predict, seededInputs, tf, useBackend } from '../support/tensorflow.js';

// TensorFlow.js applies a weight's constraint when it loads the weight, Keras does not.

const folder = temporaryFolder();

beforeAll(() => useBackend('cpu'));

const constraint = (class_name: string, config: object) => ({ class_name, config });

test.each<[string, Record<string, Plain>]>([
  ['MaxNorm', { max_value: 0.7, axis: 0 }],
  ['MaxNorm', { max_value: 0.7, axis: [0, 1] }],
  ['MaxNorm', {}],
  ['MinMaxNorm', { min_value: 0.8, max_value: 1.2, rate: 0.5, axis: [0, 2] }],
  ['MinMaxNorm', { axis: -1 }],
  ['UnitNorm', { axis: [0, 1, 2] }],
])('the norms that %s %j makes are those of TensorFlow.js', (className, config) => {
  const weights = tf.randomNormal([3, 4, 5], 0, 0.4, 'float32', 7);
  const projection = projectionOf(constraint(className, config) as Plain, 3);
  if (projection?.kind !== 'norm') throw new Error('a constraint on norms');
  const { min_value: minValue, max_value: maxValue, rate, axis } = config;
  const options = { minValue, maxValue, rate, axis } as object;
  const name = `${className[0]!.toLowerCase()}${className.slice(1)}` as 'maxNorm' | 'minMaxNorm' | 'unitNorm';
  const normOf = (tensor: tf.Tensor) =>
    tf.sqrt(tf.sum(tf.square(tensor), [...projection.axes])).dataSync() as Float32Array;
  const real = normOf(constraints[name](options as never).apply(weights));
  for (const [index, norm] of normOf(weights).entries()) expect(projection.desired(norm)).toBeCloseTo(real[index]!, 5);
});

/** The small residual model, its three convolutions under a constraint. */
function constrained(kernel_constraint: object): BuiltModel {
  const model = buildModel();
  for (const layer of model.json.modelTopology.config.layers)
    if (layer.class_name === 'Conv2D') Object.assign(layer.config, { kernel_constraint });
  return model;
}

test.each<[string, object, boolean]>([
  ['obeyed', constraint('MaxNorm', { max_value: 1000, axis: [0, 1, 2] }), true],
  ['not obeyed', constraint('MaxNorm', { max_value: 0.01, axis: [0, 1, 2] }), false],
  ['not obeyed, over one axis', constraint('UnitNorm', { axis: 3 }), false],
  ['not obeyed by signs', constraint('NonNeg', {}), false],
])(
  'a constraint that is %s: Keras files become TensorFlow.js models that compute as they did',
  async (title, given, stays) => {
    const free = join(folder, `${title}-free`);
    writeBuilt(free, buildModel());
    const web = join(folder, title);
    writeBuilt(web, constrained(given));
    // The weights as Keras has them: the file keeps what TensorFlow.js would change.
    const kept = await writeModel(await readModel(web), join(folder, `${title}.h5`), { dialect: 'keras2' });
    expect(kept.warnings.map(({ code }) => code)).toEqual(stays ? [] : Array(3).fill('constraint-not-obeyed'));
    const model = await readModel(join(folder, `${title}.h5`));
    const outputs: string[] = [];
    const warnings: Warning[] = [];
    for (const [suffix, made] of [
      ['same', model],
      ['se', retrofit(model)],
    ] as const) {
      outputs.push(join(folder, `${title}-${suffix}`));
      warnings.push(...(await writeModel(made, outputs.at(-1)!)).warnings);
    }
    const before = await loadModel(free);
    const inputs = seededInputs(before, 1);
    for (const output of outputs) {
      const after = await loadModel(output);
      const [right, found] = [predict(before, inputs)[0]!, predict(after, inputs)[0]!];
      for (const [index, value] of right.entries()) expect(Math.abs(value - found[index]!)).toBeLessThan(1e-6);
      expect(readFileSync(join(output, 'model.json'), 'utf8').includes('"class_name":"')).toBe(true);
      expect(/"kernel_constraint":\s*\{/.test(readFileSync(join(output, 'model.json'), 'utf8'))).toBe(stays);
    }
    expect(new Set(warnings.map(({ code }) => code))).toEqual(new Set(stays ? [] : ['constraint-dropped']));
    expect(new Set(warnings.map(({ where }) => where))).toEqual(new Set(stays ? [] : ['stem', 'a', 'b']));
  },
);

test('a TensorFlow.js model keeps its constraints: what loads is the same before and after', async () => {
  const path = join(folder, 'kept');
  writeBuilt(path, constrained(constraint('MaxNorm', { max_value: 0.1, axis: [0, 1, 2] })));
  const { warnings } = await writeModel(retrofit(await readModel(path)), `${path}-se`);
  expect(warnings).toEqual([]);
  const [before, after] = [await loadModel(path), await loadModel(`${path}-se`)];
  const inputs = seededInputs(before, 1);
  expect(firstDifference(predict(before, inputs), predict(after, inputs))).toBeUndefined();
  expect(toPlain((await readModel(`${path}-se`)).graph.layers[1]!.config)).toHaveProperty(
    'kernel_constraint.class_name',
  );
});
