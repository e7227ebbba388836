import { type Attempt, attempt } from './find-stop.js';
import { checkComputable } from './formats/computable.js';
import { omissionOf } from './formats/dialects/translate/leaves-out.js';
import type { Blocker } from './formats/verdict/class-blocker.js';
import { inputShape } from './layers/other-layers.js';
import { readImageInput } from './model/image-input.js';
import { type Graph, listGraphs, type Model } from './model/model.js';

/** The commands that compute with a model; all but the first give it images. */
export const COMPUTING_COMMANDS = ['verify', 'excite', 'tune', 'bake'] as const;

export interface CommandVerdict {
  readonly command: (typeof COMPUTING_COMMANDS)[number];
  readonly ok: boolean;
  /** The layer is the model's name where it is the model as a whole. */
  readonly blockedBy: Blocker | null;
  /** Layers without which it computes, as TensorFlow.js has none like them: those that train the model otherwise. */
  readonly without: readonly string[];
}

/**
 * Lists which commands can compute with a model, and why the others cannot.
 * @param forTfjs the model converted for TensorFlow.js
 * @param hasModules whether it holds SE modules: `excite` and `bake` look at their gates, `tune` trains them by default
 */
export function listCommands(model: Model, forTfjs: Attempt<Model>, hasModules: boolean): readonly CommandVerdict[] {
  const computable = 'stop' in forTfjs ? forTfjs : attempt(model, () => checkComputable(model, forTfjs.made));
  const stopped = 'stop' in computable ? computable.stop : undefined;
  const noImages = stopped ?? findNoImages(model);
  const several = model.graph.outputs.length === 1 ? undefined : `has ${model.graph.outputs.length} outputs`;
  const noLoss = noImages ?? (several === undefined ? undefined : wholeModel(model, several));
  const noModules = hasModules ? undefined : 'holds no SE module yet';
  const noGates = noImages ?? (noModules === undefined ? undefined : wholeModel(model, noModules));
  const notByDefault =
    noModules === undefined ? undefined : wholeModel(model, `${noModules}: it can with --train head, norms or all`);
  const blockers = { verify: stopped, excite: noGates, tune: noLoss ?? notByDefault, bake: noGates };
  return COMPUTING_COMMANDS.map((command) => {
    const blockedBy = blockers[command] ?? null;
    const without = command === 'tune' && blockedBy === null ? listLeftOut(model.graph) : [];
    return { command, ok: blockedBy === null, blockedBy, without };
  });
}

/** When a model predicts, they compute nothing. */
const listLeftOut = (root: Graph): readonly string[] =>
  [...listGraphs(root)].flatMap(({ graph: { layers } }) =>
    layers.filter((layer) => omissionOf(layer, 'float32', 'tfjs') !== undefined).map(({ name }) => name),
  );

function findNoImages(model: Model): Blocker | undefined {
  const { layers, inputs } = model.graph;
  const shapes = inputs.map((ref) => inputShape(layers.find(({ name }) => name === ref.layer)!.settings));
  if (shapes.includes(undefined)) return undefined;
  const found = readImageInput(shapes);
  return 'problem' in found ? wholeModel(model, found.problem) : undefined;
}

const wholeModel = ({ graph }: Model, reason: string): Blocker => ({ layer: graph.name, field: '', reason });
