// What errors and warnings are called on this page: the library says what happened (a code, facts, a place), this is how the
// page puts it, which knows fields and buttons, and no command line.

const MOST_NAMES = 6;

/** Names within a sentence, the first of many. */
export const listed = (names) => {
  const shown = names.slice(0, MOST_NAMES).map((name) => `“${name}”`);
  const more = names.length - shown.length;
  return more === 0 ? shown.join(', ') : `${shown.join(', ')} and ${more} more`;
};

/** What happened, where the library's sentence speaks of its own names. */
const SENTENCES = {
  'bad-option': ({ found, choices, min, max, whole, both }) => {
    if (both !== undefined) return `Stage ${both} is both chosen and skipped: name it once`;
    if (found === undefined)
      return 'The layers are named: leave “Where in a block” and “How many” as they were at the beginning';
    if (choices !== undefined) return `There is no choice “${found}”`;
    return min === undefined
      ? `“${found}” does not fit`
      : `Give a ${whole ? 'whole number' : 'number'} from ${min} to ${max}`;
  },
  'unknown-stage': ({ found, stages }) =>
    stages === 0
      ? 'The network has no stages'
      : `There is no stage ${found}: the network has ${stages === 1 ? 'stage 1 alone' : `the stages 1 to ${stages}`}`,
  'unknown-layer': ({ found, nearest }) =>
    `There is no layer “${found}”${nearest.length === 0 ? '' : `: did you mean ${listed(nearest)}?`}`,
  'unmatched-glob': ({ found, names }) =>
    names.length === 0
      ? 'There is no block that could have a module'
      : `No module would go behind “${found}”: they would go behind ${listed(names)} and the like`,
  'no-modules': ({ foreign }) =>
    foreign === 0
      ? 'There are no modules in this model'
      : 'The modules in this model were part of it from the beginning, and cannot be taken out',
  'several-models': ({ models }) => `These are several models: ${listed(models)}`,
  'out-of-memory': () => 'This browser has not enough memory for that',
  defect: () => 'Something is wrong with this page, not with your model',
};

/** What to do about it, in the place of the library's advice. */
const ADVICE = {
  'already-retrofitted': 'Every block that could have a module holds one. Skip other stages, or choose another place.',
  'bad-option': '',
  'bad-record': 'The model was changed since its modules were put in. Open the file as it was written then.',
  'changed-module': 'The modules were changed since they were put in. Open the file as it was written then.',
  checkpoint:
    'Drop the checkpoint together with the architecture of the model: what model.to_json() gives, as a .json file.',
  defect: ({ sentence }) => `Please report it with the architecture of the model, and these words: ${sentence}`,
  'graph-model': 'Start from the Keras model that it was made from, and convert that one here.',
  gzip: 'Unpack it first.',
  'input-changed': 'Wait until whatever writes it is done, then choose it again.',
  'no-architecture':
    'Drop the weights together with the architecture of the model: what model.to_json() gives, as a .json file.',
  'no-modules': '',
  'no-record': 'Keras left out what is needed when it saved the model again. Open the file as it was before that.',
  'no-weights': 'Drop the weights together with it: a .h5 file, a list of shards, or a checkpoint.',
  'not-a-model':
    'Drop a .keras or .h5 file, or a model.json or saved_model.pb together with the files that belong to it.',
  'nothing-chosen': 'Choose other options.',
  'nothing-found': 'Modules go into convolutional networks. This one can still be converted.',
  'out-of-memory': 'Close other pages, or use a browser with 64 bits.',
  overflow: 'A weight is so large that it cannot be doubled. Skip the stage it is in.',
  'saved-model': 'Save the model in Keras with model.save("model.keras") and drop that file.',
  'several-models': 'Drop the files of one model only.',
  'unknown-format': 'Start from the Keras model that it was made from, and convert that one here.',
  'unknown-layer': '',
  'unknown-stage': '',
  'unmatched-glob': '',
  // Only a link's names a flag, and no browser gives one out.
  'unsafe-path': ({ hint }) => hint,
  'weights-missing': 'Drop the model together with all the files of its weights: its whole folder, if it has one.',
  'weights-mismatch':
    'Drop the files that were saved together; or the .keras file they were made from, and convert that.',
  zip: 'Unpack it, and drop what is inside.',
};

const WARNINGS = {
  'layout-too-new': 'Versions of Keras before the one this file is for may not load it; for those choose an .h5 file',
  'layout-too-old': 'The new file is for the version of Keras that saved the model; for today’s, convert it to Keras 3',
  'not-exact': 'The new model computes something else until it is trained',
};

/** The codes that are said here in other words than the library's: what, and what to do. */
export const OWN_SENTENCES = new Set([...Object.keys(SENTENCES), ...Object.keys(WARNINGS)]);
export const OWN_ADVICE = new Set(Object.keys(ADVICE));

/** An error as this page says it: what happened, where, and what to do. */
export function errorWords(error) {
  const { code, sentence, where, facts, hint } = error;
  const what = SENTENCES[code]?.(facts) ?? sentence;
  const own = ADVICE[code];
  const advice = (typeof own === 'function' ? own(error) : own) ?? hint ?? '';
  const place = [where.file, where.layer === undefined ? undefined : `layer “${where.layer}”`];
  return {
    what: asSentence(what),
    place: place.filter((name) => name !== undefined).join(', '),
    advice: asSentence(advice),
  };
}

export const warningWords = ({ code, message, where }) =>
  `${where === null ? '' : `${where}: `}${asSentence(WARNINGS[code] ?? message)}`;

export const asSentence = (text) =>
  text === '' ? '' : `${text[0].toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
