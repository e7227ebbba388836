import { expect, test } from 'vitest';
import { viewGraph } from '../../src/stages/graph-view.js';
import { findEnds } from '../../src/stages/output-makers.js';
import { readText } from '../support/dialects.js';
import { layer } from '../support/model-builder.js';

/** A chain of residual units with identity shortcuts, and a classifier behind it. */
function chain(units: number) {
  const conv = (name: string, input: string) =>
    layer('Conv2D', name, { filters: 4, kernel_size: 3, padding: 'same' }, [input]);
  const layers = [layer('InputLayer', 'image', { batch_input_shape: [null, 8, 8, 3] }, []), conv('add0', 'image')];
  for (let unit = 1; unit <= units; unit++)
    layers.push(
      conv(`conv${unit}`, `add${unit - 1}`),
      layer('Add', `add${unit}`, {}, [`add${unit - 1}`, `conv${unit}`]),
    );
  layers.push(
    layer('GlobalAveragePooling2D', 'pool', {}, [`add${units}`]),
    layer('Dense', 'scores', { units: 5 }, ['pool']),
  );
  const config = { name: 'chain', layers, input_layers: [['image', 0, 0]], output_layers: [['scores', 0, 0]] };
  return viewGraph(readText(JSON.stringify({ class_name: 'Functional', config }), 'chain', 'keras-json').model.graph);
}

/** How many nodes are looked at to tell whether the first unit of a chain spans the whole network. */
function looks(units: number): number {
  const view = chain(units);
  const ends = findEnds(view);
  let count = 0;
  const nodes = new Proxy(view.nodes, {
    get(target, key) {
      count++;
      return Reflect.get(target, key);
    },
  });
  const idOf = (name: string) => view.nodes.findIndex((node) => node.layer.name === name);
  expect(ends.isWholeNetwork({ ...view, nodes }, idOf('add1'), idOf('add0'))).toBe(false);
  return count;
}

test('of a unit in a chain no more than its next layers are asked, however long the chain is', () => {
  expect(looks(200)).toBe(looks(20));
});
