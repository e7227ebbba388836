import { type JsonObject, toPlain } from '../../../json/json-value.js';
import { factsOf } from '../../../layers/known-layers.js';
import { type Argument, argumentsOf, type CallArguments, saysNothing } from '../../../model/call-arguments.js';
import { type Graph, type Layer, listGraphs } from '../../../model/model.js';
import { objectOf } from '../bare-json.js';
import { cannotConvert } from './cannot-convert.js';
import type { DialectPair } from './translate-config.js';

/**
 * Translates a call's arguments besides its tensors: its phase, `training`. Keras 2 obeys it always. Keras 3 writes the
 * phase of every call, but its predict and fit, and those of TensorFlow.js, give the layers the phase that they are in.
 * Source: `operation_fn` in keras 3.15 (src/models/functional.py), `execute` in tfjs-layers 4.22
 * (src/engine/executor.ts).
 * @param source dialect of the call
 * @throws RetrofitError `cannot-convert` for a call with other arguments, and for one that is always as in training
 */
export function translateKeywords(
  layer: Layer,
  call: CallArguments,
  { source, target }: DialectPair,
): JsonObject | undefined {
  const says = (argument: Argument) => argument.kind !== 'constant' || !saysNothing(argument.json);
  const [first, ...more] = call.positional.filter(says);
  const isPlain =
    (first?.kind === 'tensor' || first?.kind === 'tensors' || isItsOwn(layer, first)) && more.length === 0;
  const keywords = [...call.keywords];
  const other = keywords.find(([key, { kind }]) => key !== 'training' || kind !== 'constant')?.[0];
  if (!isPlain || other !== undefined) {
    throw cannotConvert(
      layer.name,
      'inbound_nodes',
      `it is called with ${other === undefined ? 'more than its tensors' : `the argument "${other}"`}, which is not translated`,
      'keep the model in the format it is in, or rebuild it without that argument',
    );
  }
  const isTraining = phaseOf(call);
  const trainsByDefault = factsOf(layer.className, layer.settings).trainsByDefault === true;
  if (isTraining === true && !(source === 'keras3' && trainsByDefault)) throw inTraining(layer);
  if (source === 'keras3') return undefined;
  // With `training=False`, an augmentation of Keras 3 does in each phase the same as that of Keras 2.
  return isTraining === false || (target === 'keras3' && trainsByDefault) ? NOT_TRAINING : undefined;
}

/** The phase that a call gives its layer; undefined where it gives none. */
function phaseOf({ keywords }: CallArguments): boolean | undefined {
  const training = keywords.get('training');
  if (training?.kind !== 'constant') return undefined;
  return toPlain(training.json) !== false;
}

const inTraining = ({ name }: Layer) =>
  cannotConvert(
    name,
    'inbound_nodes',
    'it is called with training=True, which Keras 2 obeys in each predict, and Keras 3 and TensorFlow.js in none',
    'keep the model in the format it is in, or rebuild it without that argument',
  );

const NOT_TRAINING = objectOf([['training', { kind: 'literal', text: 'false' }]]);

/** Tells whether a nested model is called with the dictionary it was built with: in order, a list of tensors. */
function isItsOwn({ graph }: Layer, argument: Argument | undefined): boolean {
  const own = graph?.structures?.inputs;
  if (argument?.kind !== 'structure' || own?.kind !== 'dict' || argument.keys?.length !== own.parts.size) return false;
  return argument.keys.every((key) => own.parts.get(key)?.kind === 'tensor');
}

/**
 * Lists layers that a Keras 2 model calls with training=False, where that holds in training too.
 * @throws RetrofitError `cannot-convert` for one that is called with training=True: TensorFlow.js, which has the same
 * dialect, ignores it
 */
export function listFixedPhases(root: Graph): readonly string[] {
  if (root.read?.dialect === 'keras3') return [];
  return [...listGraphs(root)]
    .flatMap(({ graph }) =>
      graph.layers.filter((layer) => {
        const phases = layer.calls.map((call) => phaseOf(argumentsOf(call)));
        if (phases.includes(true)) throw inTraining(layer);
        return phases.includes(false);
      }),
    )
    .map(({ name }) => name);
}
