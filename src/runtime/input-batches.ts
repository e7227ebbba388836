import type { LayersModel } from '@tensorflow/tfjs-layers';
import { inputError } from '../errors.js';
import { numberIn } from '../layers/config.js';
import { type Shape, shapeText } from '../layers/layer-facts.js';
import { MAX_EXAMPLE_ELEMENTS } from '../limits.js';
import { factsOfLayer } from '../model/facts-of-layer.js';
import { resolveGraph } from '../model/graph-nodes.js';
import type { Graph, Model, TensorRef } from '../model/model.js';
import { randomNumbers } from '../random.js';
import { defaultPreprocess } from './image-input.js';

/** The values of one input of a model, row-major, as many examples as the shape begins with. */
export interface InputValues {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** One value of each input, for some examples. */
export interface InputBatch {
  readonly count: number;
  readonly inputs: readonly InputValues[];
}

/** Size of a side that both models leave open: it can be halved five times, and no network asks for more. */
const OPEN_SIDE = 96;

/**
 * Returns the shapes of the inputs that two models both take, batch first; null where the number of examples is open.
 * @throws RetrofitError `not-comparable` if there are none
 */
export function commonInputShapes(before: LayersModel, after: LayersModel, path: string) {
  const shapes = [before, after].map((runs) => runs.inputs.map(({ shape }) => shape));
  return fitted(shapes[0]!, shapes[1]!, 'inputs', path).map(([count, ...sizes]) => ({
    count: count ?? null,
    sizes: sizes.map((size) => size ?? OPEN_SIDE),
  }));
}

/** @throws RetrofitError `not-comparable` unless the models have as many outputs, of shapes that fit */
export function checkOutputShapes(before: LayersModel, after: LayersModel, path: string): void {
  const shapes = [before, after].map((runs) => runs.outputs.map(({ shape }) => shape));
  fitted(shapes[0]!, shapes[1]!, 'outputs', path);
}

function fitted(before: readonly Shape[], after: readonly Shape[], what: string, path: string) {
  const refuse = (found: string) =>
    inputError('not-comparable', `${found}: the two models cannot be compared`, {
      where: { file: path },
      hint: 'give a model and what was made of it',
    });
  if (before.length !== after.length) throw refuse(`it has ${after.length} ${what}, the first model ${before.length}`);
  return before.map((shape, index) => {
    const other = after[index]!;
    if (shape.length !== other.length || shape.some((size, axis) => size !== (other[axis] ?? size) && size !== null))
      throw refuse(`its ${what} have the shapes ${shown(after)}, those of the first model ${shown(before)}`);
    return shape.map((size, axis) => size ?? other[axis]!);
  });
}

const shown = (shapes: readonly Shape[]): string => shapes.map(shapeText).join(' ');

/**
 * Yields the same random inputs for every model of these inputs: uniform in [-1, 1), in [0, 255) for a model that
 * rescales pixels, whole numbers where a layer looks them up.
 * @param shapes of the inputs, as `commonInputShapes` returns them
 */
export function* seededBatches(
  model: Model,
  shapes: ReturnType<typeof commonInputShapes>,
  { samples, batch, seed }: { readonly samples: number; readonly batch: number; readonly seed: number },
): Generator<InputBatch> {
  const [low, high] = defaultPreprocess(model) === 'none' ? [0, 255] : [-1, 1];
  const drawers = shapes.map((_, index) => {
    const random = randomNumbers(seed, `input/${index}`);
    const limit = wholeLimit(model.graph, model.graph.inputs[index]!);
    return limit === undefined ? () => low + (high - low) * random() : () => Math.floor(limit * random());
  });
  const fixed = shapes.find(({ count }) => count !== null)?.count;
  const most = batchLimit(shapes, fixed ?? 1, model.path);
  for (let done = 0; done < samples; ) {
    const count = fixed ?? Math.min(batch, samples - done, most);
    yield {
      count,
      inputs: shapes.map(({ sizes }, index) => {
        const shape = [count, ...sizes];
        const length = shape.reduce((product, size) => product * size, 1);
        return { shape, values: Float32Array.from({ length }, drawers[index]!) };
      }),
    };
    done += count;
  }
}

/** Returns the number of examples that may be held at once. */
function batchLimit(shapes: ReturnType<typeof commonInputShapes>, least: number, path: string): number {
  const elements = shapes.reduce((sum, { sizes }) => sum + sizes.reduce((product, size) => product * size, 1), 0);
  if (elements * least <= MAX_EXAMPLE_ELEMENTS) return Math.max(1, Math.floor(MAX_EXAMPLE_ELEMENTS / elements));
  throw inputError(
    'input-too-large',
    `the model takes inputs of ${elements * least} numbers, more than are made here`,
    {
      where: { file: path },
      hint: 'compute with this model in the program that made it',
    },
  );
}

/** Returns the upper bound of an input's numbers where they are whole; undefined where they are not. */
function wholeLimit(graph: Graph, ref: TensorRef): number | undefined {
  const { dtype } = graph.layers.find(({ name }) => name === ref.layer)!.settings;
  return lookupLimit(graph, ref) ?? (typeof dtype === 'string' && /^u?int/.test(dtype) ? PIXEL_VALUES : undefined);
}

const PIXEL_VALUES = 256;

/** Returns the bound of a tensor's numbers that a layer takes as indices; undefined where none does. */
function lookupLimit(graph: Graph, ref: TensorRef): number | undefined {
  const { nodes, nodeOf } = resolveGraph(graph);
  const limits: number[] = [];
  const reached = new Set([nodeOf(ref).id]);
  for (const id of reached) {
    for (const reader of nodes[id]!.readers) {
      const { layer, inputs } = nodes[reader.node]!;
      const own = numberIn(layer.settings, factsOfLayer(layer).indexedBy ?? '');
      if (own !== undefined) limits.push(own);
      else if (layer.graph !== undefined) {
        for (const [index, input] of inputs.entries()) {
          const inner = input.node === id ? lookupLimit(layer.graph, layer.graph.inputs[index]!) : undefined;
          if (inner !== undefined) limits.push(inner);
        }
      } else if (MOVERS.includes(factsOfLayer(layer).role)) reached.add(reader.node);
    }
  }
  return limits.length === 0 ? undefined : Math.min(...limits);
}

/** Layers that hand numbers on as they are. */
const MOVERS: readonly string[] = ['reshape', 'flatten', 'dropout', 'concatenate'];
