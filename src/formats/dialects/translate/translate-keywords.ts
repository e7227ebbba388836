import type { JsonObject } from '../../../json/json-value.js';
import type { Loader } from '../../../layers/layer-facts.js';
import type { Layer } from '../../../model/model.js';
import type { Argument, CallArguments } from '../call-arguments.js';
import { objectOf } from './bare-json.js';
import { cannotConvert, loaderName } from './cannot-convert.js';
import { saysNothing } from './says-nothing.js';

/**
 * What a call says besides its tensors: `training`, which TensorFlow.js has no way to say.
 * @throws RetrofitError `cannot-convert` for a call with other arguments
 */
export function translateKeywords(layer: Layer, call: CallArguments, target: Loader): JsonObject | undefined {
  const says = (argument: Argument) => argument.kind !== 'constant' || !saysNothing(argument.json);
  const [first, ...more] = call.positional.filter(says);
  const isPlain =
    (first?.kind === 'tensor' || first?.kind === 'tensors' || isItsOwn(layer, first)) && more.length === 0;
  const keywords = [...call.keywords].filter(([, argument]) => says(argument));
  const other = keywords.find(([key, { kind }]) => key !== 'training' || kind !== 'constant')?.[0];
  if (!isPlain || other !== undefined) {
    throw cannotConvert(
      layer.name,
      'inbound_nodes',
      `it is called with ${other === undefined ? 'more than its tensors' : `the argument "${other}"`}, which is not translated`,
      'keep the model in the format it is in, or rebuild it without that argument',
    );
  }
  const training = keywords[0]?.[1];
  if (training?.kind !== 'constant') return undefined;
  const { json } = training;
  const isFalse = json.kind === 'literal' && json.text === 'false';
  // TensorFlow.js reads past it, and whoever only runs the model gets the same numbers; whoever trains it looks for it.
  if (target !== 'tfjs' || isFalse) return objectOf([['training', json]]);
  throw cannotConvert(
    layer.name,
    'inbound_nodes',
    `it is always called as in training, which ${loaderName(target)} cannot say`,
    'keep the model in the format it is in',
  );
}

/** Whether a nested model is called with a dictionary as it was built with: in order, they are a list of tensors. */
function isItsOwn({ graph }: Layer, argument: Argument | undefined): boolean {
  const own = graph?.structures?.inputs;
  if (argument?.kind !== 'structure' || own?.kind !== 'dict' || argument.keys?.length !== own.parts.size) return false;
  return argument.keys.every((key) => own.parts.get(key)?.kind === 'tensor');
}
