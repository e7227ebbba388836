import { listGraphs, type Model } from '../../model/model.js';
import { inheritedRecord } from '../../model/record.js';
import { isDoublable, type Tensor, type TensorValues, withoutScope } from '../../model/tensor.js';
import { weightKey } from '../../model/weight-key.js';
import { inDialectOf } from '../convert-model.js';
import { floatChunks, holdsFloats } from '../values/float-values.js';

/** A weight of the first model that is not in the second as the records say. */
export interface ChangedWeight {
  /** The layer, behind the nested models it lies in. */
  readonly layer: string;
  readonly weight: string;
  /** `doubled`: it is twice its former value, and no record says so. */
  readonly reason: 'missing' | 'shape' | 'values' | 'doubled';
}

/** Result of looking for the weights of one model in another. */
export interface WeightsVerdict {
  /** Weights of the first model. */
  readonly checked: number;
  /** Weights that the second holds times a power of two, as its record says. */
  readonly doubled: number;
  /** Weights that differ by no more than the second's quantisation. */
  readonly quantized: number;
  /** Weights that the second alone has. */
  readonly added: number;
  readonly changed: readonly ChangedWeight[];
}

/**
 * Checks, without computing, whether every weight of a model is in another, bit for bit, times the power of two that
 * the records of the two say. Weights are matched by the names of their layers; where the models are in different
 * dialects the first is translated, and different dtypes are compared as float32. Values are streamed.
 */
export async function compareWeights(before: Model, after: Model): Promise<WeightsVerdict> {
  const first = inDialectOf(after, before);
  const theirs = listWeights(after);
  const find = weightFinder(theirs);
  const exponentBefore = exponentsIn(first);
  const exponentAfter = exponentsIn({ record: inheritedRecord(after, first) });
  const weights = listWeights(first);
  const counts = { doubled: 0, quantized: 0, found: 0 };
  const changed: ChangedWeight[] = [];
  await first.withValues((values) =>
    after.withValues(async (valuesAfter) => {
      for (const { key, shortKey, layer, weight, tensor } of weights) {
        const other = find(key, shortKey);
        const power = (exponentAfter.get(key) ?? 0) - (exponentBefore.get(key) ?? 0);
        const found =
          other === undefined ? 'missing' : await compareTensors(tensor, values, other.tensor, valuesAfter, power);
        if (other !== undefined) counts.found++;
        if (found === 'quantized') counts.quantized++;
        else if (found === 'same') counts.doubled += power === 0 ? 0 : 1;
        else {
          const isTwice =
            found === 'values' &&
            (await compareTensors(tensor, values, other!.tensor, valuesAfter, power + 1)) === 'same';
          changed.push({ layer, weight, reason: isTwice ? 'doubled' : found });
        }
      }
    }),
  );
  const { doubled, quantized, found } = counts;
  return { checked: weights.length, doubled, quantized, added: theirs.length - found, changed };
}

interface NamedTensor extends Pick<ChangedWeight, 'layer' | 'weight'> {
  readonly key: string;
  /** The key of the weight without its scope, which not every program writes. */
  readonly shortKey: string;
  readonly tensor: Tensor;
}

const listWeights = (model: Model): readonly NamedTensor[] =>
  [...listGraphs(model.graph)].flatMap(({ graph, path }) =>
    graph.layers.flatMap(({ name, weights }) =>
      weights.map(({ name: weight, tensor }) => ({
        key: weightKey(path, name, weight),
        shortKey: weightKey(path, name, withoutScope(weight)),
        layer: [...path, name].join('/'),
        weight,
        tensor,
      })),
    ),
  );

/** Finds a weight by its name, or without scopes where that leaves no doubt: the two sides of a Bidirectional differ in it. */
function weightFinder(weights: readonly NamedTensor[]): (key: string, shortKey: string) => NamedTensor | undefined {
  const byKey = new Map(weights.map((weight) => [weight.key, weight]));
  const byShortKey = new Map<string, NamedTensor | undefined>();
  for (const weight of weights) byShortKey.set(weight.shortKey, byShortKey.has(weight.shortKey) ? undefined : weight);
  return (key, shortKey) => byKey.get(key) ?? byShortKey.get(shortKey);
}

const exponentsIn = ({ record }: Pick<Model, 'record'>): ReadonlyMap<string, number> =>
  new Map(
    (record?.doubled ?? []).map(({ graph, layer, weight, exponent }) => [weightKey(graph, layer, weight), exponent]),
  );

type Finding = 'same' | 'quantized' | 'shape' | 'values';

async function compareTensors(
  before: Tensor,
  values: TensorValues,
  after: Tensor,
  valuesAfter: TensorValues,
  power: number,
): Promise<Finding> {
  if (before.shape.length !== after.shape.length || before.shape.some((size, axis) => size !== after.shape[axis]))
    return 'shape';
  if (power !== 0 && !isDoublable(before)) return 'values';
  // The smaller one is made larger: halving could lose the last bit of the smallest numbers.
  const left = { ...before, exponent: before.exponent + Math.max(power, 0) };
  const right = { ...after, exponent: after.exponent + Math.max(-power, 0) };
  const isPlain = before.quantization === undefined && after.quantization === undefined;
  if (before.dtype === after.dtype && (isPlain || !holdsFloats(before)))
    return compareBytes(values.chunks(left), valuesAfter.chunks(right));
  if (!holdsFloats(before) || !holdsFloats(after)) return 'values';
  return compareFloats(floatChunks(left, values), floatChunks(right, valuesAfter), right);
}

async function compareBytes(before: AsyncIterable<Uint8Array>, after: AsyncIterable<Uint8Array>): Promise<Finding> {
  for await (const [left, right] of inStep(before, after)) {
    if (left.some((byte, index) => byte !== right[index])) return 'values';
  }
  return 'same';
}

async function compareFloats(
  before: AsyncIterable<Float32Array>,
  after: AsyncIterable<Float32Array>,
  stored: Tensor,
): Promise<Finding> {
  let isSame = true;
  for await (const [left, right] of inStep(before, after)) {
    for (let index = 0; index < left.length; index++) {
      if (Object.is(left[index], right[index])) continue;
      isSame = false;
      // Not "greater than": NaN is near to nothing.
      if (!(Math.abs(left[index]! - right[index]!) <= quantizationError(stored, left[index]!))) return 'values';
    }
  }
  return isSame ? 'same' : 'quantized';
}

/** Returns the largest error of a stored value: half a step, and as much again where zero had to fit into the range. */
function quantizationError({ quantization, exponent }: Tensor, value: number): number {
  if (quantization === undefined) return 0;
  const { dtype, scale = 0 } = quantization;
  if (dtype !== 'float16') return scale * 2 ** exponent;
  return Math.max(Math.abs(value) * 2 ** -11, 2 ** -25);
}

/** Two streams of as many numbers, in pieces of the same length. */
async function* inStep<T extends Uint8Array | Float32Array>(
  before: AsyncIterable<T>,
  after: AsyncIterable<T>,
): AsyncGenerator<readonly [T, T]> {
  const others = after[Symbol.asyncIterator]();
  let other: T | undefined;
  for await (const whole of before) {
    let piece = whole;
    while (piece.length > 0) {
      if (other === undefined || other.length === 0) {
        const next = await others.next();
        if (next.done) return;
        other = next.value;
        continue;
      }
      const length = Math.min(piece.length, other.length);
      yield [piece.subarray(0, length) as T, other.subarray(0, length) as T];
      piece = piece.subarray(length) as T;
      other = other.subarray(length) as T;
    }
  }
}
