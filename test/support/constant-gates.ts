import { type MeanGates, type Model, type NewValues, planBake, replaceWeights, weightKey } from '../../src/index.js';

/**
 * A model whose modules multiply by constants, different for each channel, and those constants: its modules have biases,
 * and the last projection nothing but those, so that every gate is the sigmoid of its bias.
 */
export function withConstantGates(model: Model): { readonly model: Model; readonly gates: MeanGates } {
  const gates = new Map<string, Float32Array>();
  const biases = new Map<string, NewValues>();
  for (const [number, { name, graph, channels, isGateDoubled }] of planBake(model).modules.entries()) {
    const bias = Float32Array.from({ length: channels }, (_, channel) => 3 * Math.sin(1.7 * channel + number));
    biases.set(weightKey(graph, `${name}_expand`, 'bias'), bias);
    gates.set(
      name,
      bias.map((value) => (isGateDoubled ? 2 : 1) / (1 + Math.exp(-value))),
    );
  }
  return { model: replaceWeights(model, biases), gates };
}

/** The largest difference of two lists of numbers, and the largest of the numbers. */
export function distance(
  before: Float32Array,
  after: Float32Array,
): { readonly most: number; readonly largest: number } {
  let most = before.length === after.length ? 0 : Number.POSITIVE_INFINITY;
  let largest = 0;
  for (const [index, value] of before.entries()) {
    most = Math.max(most, Math.abs(value - after[index]!));
    largest = Math.max(largest, Math.abs(value));
  }
  return { most, largest };
}
