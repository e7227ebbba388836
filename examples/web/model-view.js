// What was opened: its name, its numbers, and who loads it.
import { element, magnitude, part, plural, showLines, size } from './elements.js';
import { asSentence, errorWords, listed, warningWords } from './words.js';

const CONTAINERS = {
  tfjs: 'TensorFlow.js',
  'keras-h5': 'HDF5 file',
  'keras-json': 'architecture and weights',
  'keras-zip': '.keras file',
  'saved-model': 'SavedModel',
};
const DIALECTS = { keras2: 'Keras 2', keras3: 'Keras 3' };
const LOADERS = { tfjs: 'TensorFlow.js', keras2: 'Keras 2', keras3: 'Keras 3' };

export function showModel(model) {
  const { title, others, format, tensorflow, layers, params, macs, bytes, fileCount, loads, warnings } = model;
  part('model-name').textContent = title;
  part('about').textContent = [
    CONTAINERS[format.container],
    ...(format.container === 'tfjs' ? [] : [DIALECTS[format.dialect]]),
    ...(tensorflow === undefined ? [] : [`TensorFlow ${tensorflow}`]),
    plural(layers, 'layer'),
    plural(params, 'parameter'),
    ...(macs === null ? [] : [`${magnitude(macs)} MACs (multiply-adds)`]),
    `${size(bytes)} in ${plural(fileCount, 'file')}`,
  ].join(' · ');
  part('others').hidden = others.length === 0;
  part('others').textContent =
    `This is one of several models that you gave. ${others.length === 1 ? 'The other one is' : 'The others are'} ${listed(others)}: to open ${others.length === 1 ? 'it' : 'one of them'}, give it alone.`;
  part('loaders').replaceChildren(...loads.map((verdict) => loaderItem(verdict, model)));
  showTargets(model);
  const ownLoader = format.container === 'tfjs' ? 'tfjs' : format.dialect;
  const blocked = loads.filter(({ loader, ok }) => !ok && loader === ownLoader);
  const lines = [...blocked.map(blockedWords), ...warnings.map(warningWords)];
  const notes = part('notes');
  notes.hidden = lines.length === 0;
  notes.querySelector('summary').textContent = plural(lines.length, 'thing to know', 'things to know');
  showLines(notes.querySelector('ul'), lines);
  showStrip(model);
}

const blockedWords = ({ loader, blockedBy: { layer, field, reason } }) =>
  asSentence(`${LOADERS[loader]} does not load it: in “${layer}”, ${field} ${reason}`);

/** Whether a loader takes the file as it is, or what it is converted to. */
function loaderItem({ loader, ok }, { ownLoaders, refused }) {
  const [state, words] =
    ok && ownLoaders.includes(loader)
      ? ['ok', 'loads it']
      : loader in refused
        ? ['blocked', 'cannot hold it']
        : ['converted', 'when converted'];
  const item = element('li', LOADERS[loader], state);
  item.append(' ', element('span', words, 'words'));
  return item;
}

/** What it can be converted to; why not, where it cannot. */
function showTargets({ refused }) {
  const targets = [...document.querySelectorAll('[name=target]')];
  for (const input of targets) {
    const error = refused[input.value];
    input.disabled = error !== undefined;
    const words = input.nextElementSibling;
    words.querySelector('.reason')?.remove();
    if (error === undefined) continue;
    const { what, place } = errorWords(error);
    words.append(element('small', `${what} (${place})`, 'reason'));
  }
  const first = targets.find(({ disabled }) => !disabled);
  if (first !== undefined && targets.every(({ checked, disabled }) => !checked || disabled)) first.checked = true;
}

function showStrip({ modules }) {
  const own = modules.filter(({ kind }) => kind === 'se-retrofit');
  part('strip-words').textContent =
    own.length > 0
      ? `${plural(own.length, 'module was', 'modules were')} put in. Without them the model is what it was before; what they learned goes with them.`
      : modules.length > 0
        ? `The ${plural(modules.length, 'module', 'modules')} in this model were part of it from the beginning. Only modules that were put in here, or with the same tool, can be taken out.`
        : 'There are no modules in this model.';
  showLines(
    part('strip-modules'),
    own.map(({ name }) => name),
  );
}
