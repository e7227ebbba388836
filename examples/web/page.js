// The page: what is dropped is opened by a worker, shown, changed as the form says, and handed back as files.
import { chosenFiles, droppedFiles } from './dropped-files.js';
import { element, part, plural } from './elements.js';
import { showModel } from './model-view.js';
import { readOptions, showProblems } from './options.js';
import { columnsOf, showDrawing, showPlan, showSkipped } from './plan-view.js';
import { forgetResult, showResult } from './result-view.js';
import { sampleFiles } from './sample.js';
import { errorWords } from './words.js';
import { Cancelled, startClient } from './worker-client.js';

const form = part('work');
const client = startClient(({ done, total }) => {
  part('progress').max = total;
  part('progress').value = done;
});

/** What is open, the same while other files are tried in its place, and the plan that stands on the page. */
let model;
let lastModel;
let planned;
/** Whether the plan on the page is that of the form. */
let isPlanned = false;
let columns = 1;
/** Counts what was asked for: an answer that took longer than the user has nothing to say any more. */
let request = 0;

part('files').addEventListener('change', ({ target }) => open(chosenFiles(target), target));
part('folder').addEventListener('change', ({ target }) => open(chosenFiles(target), target));
part('sample').addEventListener('click', () => open(sampleFiles()));
for (const type of ['dragenter', 'dragover', 'dragleave', 'drop']) {
  document.addEventListener(type, (event) => {
    event.preventDefault();
    part('drop').classList.toggle('over', type === 'dragenter' || type === 'dragover');
    if (type === 'drop') open(droppedFiles(event.dataTransfer));
  });
}
form.addEventListener('input', change);
// Fields have their new values when the event is over.
form.addEventListener('reset', () => setTimeout(change));
form.addEventListener('submit', (event) => {
  event.preventDefault();
  if (!part('make').disabled) make();
});
part('cancel').addEventListener('click', () => client.cancel());
document.addEventListener('keydown', ({ key }) => {
  if (key === 'Escape' && !part('busy').hidden) client.cancel();
});
new ResizeObserver(([{ contentRect }]) => {
  if (columnsOf(contentRect.width) === columns) return;
  columns = columnsOf(contentRect.width);
  if (model !== undefined) redraw();
}).observe(part('network'));

const action = () => form.elements.action.value;

/** Opens another model in the place of the one that is shown, which stays if that fails. */
async function open(files, input) {
  model = undefined;
  part('model').hidden = true;
  await answering('Reading the model', part('error'), async (isCurrent) => {
    try {
      const opened = await client.open(await files);
      if (!isCurrent()) return;
      model = opened;
    } catch (error) {
      if (lastModel !== undefined && isCurrent()) {
        model = lastModel;
        part('model').hidden = false;
        // Its plan may have been cut off.
        await show(isCurrent);
      }
      throw error;
    }
    lastModel = model;
    planned = undefined;
    showModel(model);
    part('model').hidden = false;
    document.body.classList.add('opened');
    part('drop-title').textContent = 'Drop another model anywhere';
    columns = columnsOf(part('network').clientWidth);
    part('model-name').focus();
    tell(`${model.title}: ${plural(model.layers, 'layer')}, ${plural(model.blocks, 'block')}.`);
    await show(isCurrent);
  });
  // So that the same files can be chosen once more.
  if (input !== undefined) input.value = '';
}

/** Whatever was chosen in the form: the page follows. */
function change() {
  if (model === undefined) return;
  const name = action();
  for (const panel of form.querySelectorAll('.panel')) panel.hidden = panel.id !== name;
  part('make').textContent = { add: 'Put the modules in', convert: 'Convert', strip: 'Take the modules out' }[name];
  part('reset').hidden = name !== 'add';
  part('storing').hidden = form.elements.target.value !== 'tfjs';
  isPlanned = false;
  answering('', part('action-error'), show);
}

/** Shows the network as the action has it: with the modules to come, or as it is. */
async function show(isCurrent) {
  part('plan').hidden = action() !== 'add';
  if (action() === 'add') return showAdd(isCurrent);
  const drawn = await client.ask('draw', { columns });
  if (isCurrent()) showDrawing(drawn);
}

/** The same drawing for another width. */
async function redraw() {
  const [own, shown] = [request, model];
  const isWithPlan = action() === 'add' && planned !== undefined;
  // The drawing that is there will do where the worker is stopped meanwhile.
  const drawn = await client.ask('draw', { columns, isPlanned: isWithPlan }).catch(() => undefined);
  if (drawn !== undefined && own === request && shown === model) showDrawing(drawn);
}

const FRUITLESS = ['already-retrofitted', 'nothing-chosen', 'nothing-found'];

async function showAdd(isCurrent) {
  const { options, problems } = readOptions(form);
  isPlanned = false;
  sayProblems(problems);
  if (Object.keys(problems).length > 0) return showLast(isCurrent);
  try {
    const made = await client.ask('plan', { options, columns });
    if (!isCurrent()) return;
    planned = made;
    isPlanned = true;
    showPlan(planned);
    markStale();
  } catch (error) {
    if (error instanceof Cancelled || error.kind === undefined || !isCurrent()) throw error;
    // What is typed in full, and leads to nothing, has no plan: only that of half a word stays.
    if (FRUITLESS.includes(error.code)) planned = undefined;
    const { field } = error.where;
    const { what, advice } = errorWords(error);
    const text = [what, advice].filter((words) => words !== '').join(' ');
    if (document.getElementById(`${field}-problem`) !== null) sayProblems({ [field]: text });
    else sayProblems({}, text);
    await showLast(isCurrent);
  }
}

/** The last plan stays while the form has none; without one the network is shown as it is. */
async function showLast(isCurrent) {
  markStale();
  if (planned !== undefined) return;
  const drawn = await client.ask('draw', { columns });
  if (!isCurrent()) return;
  showDrawing(drawn);
  part('plan').hidden = true;
  showSkipped([]);
}

function sayProblems(problems, other = '') {
  showProblems(form, problems);
  part('add-problem').textContent = other;
  part('add-problem').hidden = other === '';
}

function markStale() {
  part('costs').hidden = planned === undefined;
  for (const id of ['add', 'network']) part(id).classList.toggle('stale', !isPlanned && planned !== undefined);
}

function make() {
  const { options } = readOptions(form);
  const { target, quantize } = form.elements;
  answering('Writing the new model', part('action-error'), async (isCurrent) => {
    const wanted = { action: action(), options, target: target.value, quantize: quantize.value };
    const result = await client.ask('make', wanted);
    if (!isCurrent()) return;
    showResult(result);
    tell(`Ready: ${result.download[0]}.`);
  });
}

/** Does what was asked for; while it lasts the page says what, and what goes wrong is said in `place`. */
async function answering(words, place, work) {
  const own = ++request;
  const isCurrent = () => own === request;
  for (const id of ['error', 'action-error']) part(id).hidden = true;
  forgetResult();
  busy(words);
  try {
    await work(isCurrent);
    if (isCurrent()) busy('');
  } catch (error) {
    if (!isCurrent()) return;
    busy('');
    // The button that was pressed could not keep the focus while it was of no use.
    if (words !== '' && model !== undefined) part('make').focus();
    if (error instanceof Cancelled) tell('Cancelled.');
    else showError(place, error);
  }
}

function busy(words) {
  part('busy').hidden = words === '';
  part('busy-words').textContent = words;
  part('progress').removeAttribute('value');
  part('make').disabled = words !== '' || !isReady();
  if (words !== '') tell(`${words} …`);
}

/** Whether what the form says can be done. */
function isReady() {
  if (model === undefined) return false;
  if (action() === 'add') return isPlanned;
  if (action() === 'convert')
    return form.elements.target.value !== '' && !(form.elements.target.value in model.refused);
  return model.modules.some(({ kind }) => kind === 'se-retrofit');
}

function showError(place, error) {
  tell('');
  const known = error.code === undefined ? { code: 'defect', where: {}, facts: {} } : error;
  const { what, place: where, advice } = errorWords(known);
  const line = element('p');
  line.append(element('strong', what), ...(where === '' ? [] : [' ', element('span', where, 'place')]));
  place.replaceChildren(line, ...(advice === '' ? [] : [element('p', advice)]));
  place.hidden = false;
}

const tell = (words) => {
  part('status').textContent = words;
};
