import {
  type Graph,
  type Layer,
  type Model,
  type RecordedDoubling,
  type RetrofitRecord,
  samePath,
} from '../model/model.js';
import type { Tensor } from '../model/tensor.js';
import { planStrip, type StripPlan } from '../plan/plan-strip.js';
import { removeModules } from './remove-modules.js';
import { renameOutputs } from './rename-outputs.js';
import { restoreSequential } from './sequential-text.js';
import { freezeAgain } from './thaw.js';

/**
 * Takes out the modules that se-retrofit put in, and only those. Straight after `retrofit` the model is what it was; what
 * trained modules did to the features is gone with them: `listTrainedModules` tells. Pure.
 * @param plan what to take out; planned here by default
 * @throws RetrofitError whatever `planStrip` throws
 * @example const before = strip(await readModel('mobilenet-se'));
 */
export function strip(model: Model, plan: StripPlan = planStrip(model)): Model {
  const { sequential = [], frozen } = model.record ?? NOTHING;
  const without = removeModules(model.graph, plan.modules);
  const halved = halve(without, plan.halved);
  const thawed = restoreAll(halved, sequential);
  const graph = frozen === undefined ? thawed : freezeAgain(thawed, frozen);
  return {
    ...model,
    graph,
    trainingConfig: renameOutputs(model.trainingConfig, model.graph, graph),
    record: undefined,
  };
}

const NOTHING: Partial<RetrofitRecord> = {};

/** Halves what was doubled, exactly, in a graph and the models nested in it. */
function halve(graph: Graph, doubled: readonly RecordedDoubling[], path: readonly string[] = []): Graph {
  const own = doubled.filter((entry) => samePath(entry.graph, path));
  const layers = graph.layers.map((layer): Layer => {
    if (layer.graph !== undefined) {
      const inner = halve(layer.graph, doubled, [...path, layer.name]);
      return inner === layer.graph ? layer : { ...layer, graph: inner };
    }
    const entries = new Map(own.filter((entry) => entry.layer === layer.name).map((entry) => [entry.weight, entry]));
    if (entries.size === 0) return layer;
    const weights = layer.weights.map((weight) => {
      const entry = entries.get(weight.name);
      return entry === undefined ? weight : { ...weight, tensor: halvedTensor(weight.tensor, entry) };
    });
    return { ...layer, weights };
  });
  return layers.some((layer, index) => layer !== graph.layers[index]) ? { ...graph, layers } : graph;
}

function halvedTensor(tensor: Tensor, { exponent, quantization: texts }: RecordedDoubling): Tensor {
  const halved = { ...tensor, exponent: tensor.exponent - exponent };
  const { quantization } = tensor;
  if (texts === undefined || quantization === undefined) return halved;
  const scale = quantization.scale! * 2 ** halved.exponent;
  const min = quantization.min! * 2 ** halved.exponent;
  // Quantised anew since, it has other numbers.
  if (Number(texts.scale) !== scale || Number(texts.min) !== min) return halved;
  return { ...halved, quantization: { ...quantization, scale, min, texts }, exponent: 0 };
}

/** Models that a module made functional become Sequential again, inner ones first. */
function restoreAll(
  graph: Graph,
  sequential: NonNullable<RetrofitRecord['sequential']>,
  path: readonly string[] = [],
): Graph {
  const layers = graph.layers.map((layer): Layer => {
    const inner = layer.graph && restoreAll(layer.graph, sequential, [...path, layer.name]);
    return inner === layer.graph ? layer : { ...layer, graph: inner };
  });
  const whole = layers.some((layer, index) => layer !== graph.layers[index]) ? { ...graph, layers } : graph;
  const own = sequential.find((entry) => samePath(entry.graph, path));
  return own === undefined ? whole : restoreSequential(whole, own.text);
}
