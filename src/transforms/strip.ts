import type { Graph, Model, RecordedDoubling } from '../model/model.js';
import { withoutModules } from '../model/record.js';
import type { Tensor } from '../model/tensor.js';
import { weightKey } from '../model/weight-key.js';
import { planStrip, type StripPlan } from '../plan/plan-strip.js';
import { removeModules } from '../se/remove-modules.js';
import { restoreForm } from './extend-record.js';
import { changeTensors } from './map-tensors.js';
import { renameOutputs } from './rename-outputs.js';

/**
 * Takes out the modules that se-retrofit put in, and only those. Straight after `retrofit` the model is what it was; what
 * trained modules did to the features is gone with them: `listTrained` tells. Pure.
 * @param plan what to take out; planned here by default
 * @throws RetrofitError whatever `planStrip` throws
 * @example
 * const after = retrofit(await readModel('model.json'));
 * const before = strip(after);
 */
export function strip(model: Model, plan: StripPlan = planStrip(model)): Model {
  const halved = halve(removeModules(model.graph, plan.modules), plan.halved);
  const graph = restoreForm(halved, model.record);
  return {
    ...model,
    graph,
    trainingConfig: renameOutputs(model.trainingConfig, model.graph, graph),
    record: withoutModules(model.record),
  };
}

/** Halves the doubled weights, exactly, in a graph and the models nested in it. */
function halve(graph: Graph, doubled: readonly RecordedDoubling[]): Graph {
  const halvings = doubled.map(
    (entry) =>
      [weightKey(entry.graph, entry.layer, entry.weight), (tensor: Tensor) => halvedTensor(tensor, entry)] as const,
  );
  return changeTensors(graph, new Map(halvings));
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
