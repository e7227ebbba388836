import type { layers as kinds, LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';
import { factsOfRunning, listRunningLayers } from './watch-layers.js';

/** One call of a layer in a model that is laid out flat. Tensors go by numbers. */
export interface LayerCall {
  readonly layer: kinds.Layer;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

/** A model as calls of layers in an order in which they can run; nested models are taken apart. */
export interface LayerCalls {
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly calls: readonly LayerCall[];
}

/** Fields of a TensorFlow.js container that its type does not declare. */
interface Container {
  readonly inputs: readonly SymbolicTensor[];
  readonly outputs: readonly SymbolicTensor[];
  readonly nodesByDepth: Readonly<Record<string, readonly Node[]>>;
}

interface Node {
  readonly outboundLayer: kinds.Layer;
  readonly inputTensors: readonly SymbolicTensor[];
  readonly outputTensors: readonly SymbolicTensor[];
}

/** Lists the calls of a model's layers, in the order in which TensorFlow.js runs them; one with masks is one call. */
export function traceCalls(runs: LayersModel): LayerCalls {
  if (hasMasks(runs)) return wholeCall(runs);
  let count = 0;
  const calls: LayerCall[] = [];
  const inputs = runs.inputs.map(() => count++);
  return { inputs, outputs: layOut(containerOf(runs)!, inputs), calls };

  /** @returns the numbers of the container's outputs */
  function layOut({ inputs: own, outputs, nodesByDepth }: Container, given: readonly number[]): readonly number[] {
    const numbers = new Map(own.map(({ id }, index) => [id, given[index]!]));
    const depths = Object.keys(nodesByDepth).sort((left, right) => Number(right) - Number(left));
    for (const node of depths.flatMap((depth) => nodesByDepth[depth]!)) {
      const read = node.inputTensors.map(({ id }) => numbers.get(id));
      // An input, which is given, or a layer that reads a tensor without a number.
      if (node.outputTensors.every(({ id }) => numbers.has(id)) || !read.every((each) => each !== undefined)) continue;
      const inner = containerOf(node.outboundLayer);
      const made = inner === undefined ? node.outputTensors.map(() => count++) : layOut(inner, read);
      if (inner === undefined) calls.push({ layer: node.outboundLayer, inputs: read, outputs: made });
      node.outputTensors.forEach(({ id }, index) => {
        numbers.set(id, made[index]!);
      });
    }
    return outputs.map(({ id }) => numbers.get(id)!);
  }
}

/** The graph that a model is; a Sequential has one inside, once it is built. */
function containerOf(layer: kinds.Layer): Container | undefined {
  if (!('layers' in layer)) return undefined;
  const sequential = layer as unknown as { readonly model?: Container; build: () => void };
  if (layer.getClassName() === 'Sequential' && sequential.model === undefined) sequential.build();
  return sequential.model ?? (layer as unknown as Container);
}

/** Masks go from layer to layer beside the tensors: TensorFlow.js leads them, if it runs the model itself. */
const hasMasks = (runs: LayersModel): boolean =>
  [...listRunningLayers(runs)].some(({ layer }) => {
    const { maskZero, activityRegularizer } = layer as { maskZero?: boolean; activityRegularizer?: object };
    return factsOfRunning(layer).masking?.({ mask_zero: maskZero }) === 'makes' || !!activityRegularizer;
  });

function wholeCall(runs: LayersModel): LayerCalls {
  const inputs = runs.inputs.map((_, index) => index);
  const outputs = runs.outputs.map((_, index) => inputs.length + index);
  return { inputs, outputs, calls: [{ layer: runs, inputs, outputs }] };
}
