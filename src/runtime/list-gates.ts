import { inputError } from '../errors.js';
import type { Model } from '../model/model.js';
import { tensorSize } from '../model/tensor.js';
import { shellWord } from '../shell-word.js';
import type { ExistingModule } from '../stages/existing-modules.js';
import { channelsAxisOf, type GraphView } from '../stages/graph-view.js';
import { findNetwork } from '../stages/network.js';

/** The gate of an SE module, ours or another's, as a running model has it. */
export interface Gate {
  /** The module's name: `se_5_2`, or its multiplication's where it is not ours. */
  readonly name: string;
  readonly stage: number;
  readonly block: number | null;
  /** The layer that multiplies features and gate, behind the nested models it lies in. */
  readonly scale: readonly string[];
  /** Which of the multiplication's inputs is the gate. */
  readonly input: number;
  /** The axis of the channels in the features: a gate that has as many axes has them there too. */
  readonly channels: { readonly axis: number; readonly rank: number };
  /** Whether the gate is added to itself before it multiplies: it then runs from 0 to 2. */
  readonly isDoubled: boolean;
  /** Parameters of the whole module. */
  readonly params: number;
  readonly kind: ExistingModule['kind'];
}

/** The gates of every SE module that a model holds, in the order in which they run. */
export const listGates = (model: Model): readonly Gate[] =>
  findNetwork(model.graph).modules.map(({ view, module, stage, block }): Gate => {
    const scale = view.nodes[module.scale]!;
    const rank = view.shapes[module.features]?.[0]?.length ?? 0;
    const layers = new Set(module.nodes.map((id) => view.nodes[id]!.layer));
    return {
      name: module.name,
      stage,
      block,
      scale: [...view.path, scale.layer.name],
      input: scale.inputs.findIndex(({ node }) => node !== module.features),
      channels: { axis: channelsAxisOf(view, module.features, rank), rank },
      isDoubled: module.nodes.some((id) => isDoubling(view, id)),
      params: [...layers].flatMap((layer) => layer.weights).reduce((sum, { tensor }) => sum + tensorSize(tensor), 0),
      kind: module.kind,
    };
  });

/**
 * The same, for a model that must have one.
 * @throws RetrofitError `no-modules`
 */
export function getGates(model: Model): readonly Gate[] {
  const gates = listGates(model);
  if (gates.length === 0) throw noModules(model.path);
  return gates;
}

export const noModules = (file: string) =>
  inputError('no-modules', 'the model holds no SE module', {
    where: { file },
    hint: `put modules in first: se-retrofit ${shellWord(file)}`,
  });

function isDoubling(view: GraphView, id: number): boolean {
  const [left, right, ...more] = view.nodes[id]!.inputs;
  if (view.facts[id]!.role !== 'add' || left === undefined || right === undefined || more.length > 0) return false;
  return left.node === right.node && left.tensor === right.tensor;
}
