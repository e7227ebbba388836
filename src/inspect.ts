import { isTfjs } from './containers.js';
import { attempt } from './find-stop.js';
import { TFJS } from './formats/computable.js';
import { convertModel } from './formats/convert-model.js';
import { type LoaderVerdict, listModelLoaders } from './formats/verdict/loaders.js';
import { type CommandVerdict, listCommands } from './list-commands.js';
import { listConversions } from './list-conversions.js';
import type { Model } from './model/model.js';
import type { RetrofitOptions } from './plan/options.js';
import type { Plan } from './plan/plan.js';
import { surveyRetrofit } from './plan/plan-retrofit.js';
import { type ListedLayer, listLayers } from './stages/list-layers.js';

/** Structure of a model, and the changes that a retrofit with these options would make. */
export interface Inspection {
  readonly plan: Plan;
  /** SE modules that are there already. */
  readonly modules: readonly {
    readonly name: string;
    readonly stage: number;
    readonly block: number | null;
    readonly kind: string;
  }[];
  /**
   * Loaders, and whether each takes the architecture as it is written. A loader of other files takes it converted: why it does
   * not, TensorFlow.js' reason says of a model of Keras.
   */
  readonly loads: readonly LoaderVerdict[];
  /** Which of the other loaders it can be converted for. */
  readonly converts: readonly LoaderVerdict['loader'][];
  /** Which commands can compute with the model. */
  readonly commands: readonly CommandVerdict[];
  readonly layers: readonly ListedLayer[];
}

/**
 * Inspects a model without changing or computing anything.
 * @example const { plan, modules, loads } = inspect(await readModel('model.json'));
 */
export function inspect(model: Model, options: Partial<RetrofitOptions> = {}): Inspection {
  const plan = surveyRetrofit(model, options);
  const asWritten = listModelLoaders(model);
  const forTfjs = attempt(model, () => convertModel(model, TFJS));
  const conversions = listConversions(model, asWritten, forTfjs);
  const refused = conversions.find(({ loader, ok }) => loader === 'tfjs' && !ok);
  // No file of Keras is for TensorFlow.js: what stops it is what stops the conversion.
  const loads =
    refused === undefined || isTfjs(model.format.container)
      ? asWritten
      : asWritten.map((verdict) => (verdict.loader === 'tfjs' ? refused : verdict));
  return {
    plan,
    modules: plan.network.modules.map(({ module, stage, block }) => ({
      name: module.name,
      stage,
      block,
      kind: module.kind,
    })),
    loads,
    converts: conversions.filter(({ ok }) => ok).map(({ loader }) => loader),
    commands: listCommands(model, forTfjs, plan.network.modules.length > 0),
    layers: listLayers(plan.network),
  };
}
