import { usageError } from '../errors.js';
import { type Graph, loaderOf, type Model, scaleName } from '../model/model.js';
import { withoutModules } from '../model/record.js';
import { scaled, type Tensor } from '../model/tensor.js';
import { weightKey } from '../model/weight-key.js';
import type { Fold } from '../plan/folds.js';
import { type BakedModule, type BakePlan, bakeWarnings, planBake } from '../plan/plan-bake.js';
import { fixedScaling } from '../se/fixed-scaling.js';
import { removeModules } from '../se/remove-modules.js';
import { restoreForm } from './extend-record.js';
import { changeTensors } from './map-tensors.js';
import { renameOutputs } from './rename-outputs.js';

/** Mean gates of modules, by the names of the modules: one number a channel. */
export type MeanGates = ReadonlyMap<string, Float32Array>;

/**
 * Takes modules out and leaves their mean gates behind: in weights beside them where those can take them, so that the
 * model costs the same as before it had modules, else as a layer that multiplies each channel by its number. The result
 * is that of the model with constant gates, but for rounding. Pure: weights are computed as they are
 * written.
 * @param gates factors of the features, doubled where the gate is doubled; modules that are not named stay
 * @param plan where the gates go; planned here by default
 * @throws RetrofitError whatever `planBake` throws; `bad-gates` for gates that are not one number of 0 or more a channel
 * @example
 * const model = await readModel('model.json');
 * const plan = planRetrofit(model);
 * const means = plan.sites.map(({ name, channels }) => [name, new Float32Array(channels).fill(0.9)] as const);
 * const lean = bake(retrofit(model, plan), new Map(means));
 */
export function bake(model: Model, gates: MeanGates, plan: BakePlan = planBake(model, gates.keys())): Model {
  const gatesOf = checkedGates(plan.modules, gates);
  const loader = loaderOf(model.format);
  const byName = new Map(plan.modules.map((module) => [module.name, module]));
  const without = removeModules(model.graph, plan.modules, (module) => {
    const fixedName = byName.get(module.name)?.fixedName;
    return fixedName === undefined ? undefined : fixedScaling(module, fixedName, loader, () => gatesOf(module.name));
  });
  const folds = plan.modules.flatMap((module) =>
    module.folds.map((fold) => ({ ...fold, values: factorsOf(fold, gatesOf(module.name)) })),
  );
  const folded = foldInto(without, folds);
  const graph = plan.record === undefined ? restoreForm(folded, model.record) : folded;
  return {
    ...model,
    graph,
    trainingConfig: renameOutputs(model.trainingConfig, model.graph, graph),
    record: plan.record ?? withoutModules(model.record),
    warnings: [...model.warnings, ...bakeWarnings(plan)],
  };
}

function checkedGates(modules: readonly BakedModule[], gates: MeanGates): (name: string) => Float32Array {
  for (const { name, channels } of modules) {
    const own = gates.get(name);
    if (own?.length === channels && own.every((gate) => gate >= 0 && Number.isFinite(gate))) continue;
    throw usageError('bad-gates', `the gates of the module "${name}" are not ${channels} numbers of 0 or more`, {
      where: { layer: scaleName(name) },
      hint: 'give one mean gate a channel',
    });
  }
  return (name) => gates.get(name)!;
}

const factorsOf = ({ channels }: Fold, gates: Float32Array): Float32Array =>
  Float32Array.from(channels, (channel) => (channel < 0 ? 1 : gates[channel]!));

/** Multiplies the weights that take factors; a weight may take those of several modules. */
function foldInto(graph: Graph, folds: readonly (Fold & { readonly values: Float32Array })[]): Graph {
  const byKey = new Map<string, (before: Tensor) => Tensor>();
  for (const { graph: path, layer, weight, stride, values } of folds) {
    const key = weightKey(path, layer, weight);
    const others = byKey.get(key) ?? ((before) => before);
    byKey.set(key, (before) => scaled(others(before), { stride, values }));
  }
  return changeTensors(graph, byKey);
}
