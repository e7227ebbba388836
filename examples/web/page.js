// A page without a server behind it: reads the model that is dropped, shows what it would get, and hands back the files.
// All text that comes out of a file goes into the page as text, never as HTML.

import {
  errorLine,
  inspect,
  planWithWeights,
  RetrofitError,
  readModel,
  retrofit,
  skippedLines,
  stageTable,
  totalsLine,
  warningLine,
  writeModel,
  zipFiles,
} from 'se-retrofit/web';

const part = (id) => document.getElementById(id);

/** What the page is about: the model that was read, and the plan that is shown. */
let model;
let plan;
/** Counts what the user asked for: whoever took longer than the user has nothing to show any more. */
let request = 0;

part('files').addEventListener('change', ({ target }) => open(chosen(target)));
part('folder').addEventListener('change', ({ target }) => open(chosen(target)));
part('options').addEventListener('input', () => answering(showPlan));
part('options').addEventListener('submit', (event) => event.preventDefault());
part('make').addEventListener('click', () => answering(make));
for (const type of ['dragenter', 'dragover', 'dragleave', 'drop']) {
  document.addEventListener(type, (event) => {
    event.preventDefault();
    part('drop').classList.toggle('over', type === 'dragenter' || type === 'dragover');
    if (type === 'drop') open(dropped(event.dataTransfer));
  });
}

/** Shows another model. */
function open(files) {
  answering(async (isCurrent) => {
    model = undefined;
    const read = await readModel(await files);
    if (!isCurrent()) return;
    model = read;
    await showPlan(isCurrent);
  });
}

/** Does what was asked for; an error becomes one line on the page. */
async function answering(work) {
  const own = ++request;
  const isCurrent = () => own === request;
  for (const id of ['error', 'result']) part(id).hidden = true;
  part('make').disabled = true;
  try {
    await work(isCurrent);
    if (isCurrent()) part('make').disabled = false;
  } catch (error) {
    if (!isCurrent()) return;
    part('plan').hidden = true;
    part('error').textContent =
      error instanceof RetrofitError ? errorLine(error) : `a defect of ours: ${error.message}`;
    part('error').hidden = false;
  }
}

/** The files of an input, by their paths. */
const chosen = (input) => [...input.files].map((file) => [file.webkitRelativePath || file.name, file]);

/** What was dropped, by its paths: files, and folders with all that is in them. */
async function dropped({ items }) {
  // The list is empty as soon as the event is over.
  const entries = [...items].filter(({ kind }) => kind === 'file').map((item) => item.webkitGetAsEntry());
  return (await Promise.all(entries.filter((entry) => entry !== null).map(filesIn))).flat();
}

async function filesIn(entry) {
  if (entry.isFile) return [[entry.fullPath, await new Promise((resolve, reject) => entry.file(resolve, reject))]];
  const reader = entry.createReader();
  const files = [];
  for (;;) {
    // Some at a time, until there are none left.
    const entries = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (entries.length === 0) return files;
    files.push(...(await Promise.all(entries.map(filesIn))).flat());
  }
}

function chosenOptions() {
  const stages = part('skip-stages')
    .value.split(',')
    .map((stage) => stage.trim());
  return {
    ratio: part('ratio').valueAsNumber,
    skipStages: stages.filter((stage) => stage !== '').map((stage) => (stage === 'last' ? stage : Number(stage))),
  };
}

async function showPlan(isCurrent) {
  if (model === undefined) return;
  const planned = await planWithWeights(model, chosenOptions());
  if (!isCurrent()) return;
  plan = planned;
  const { blockedBy } = inspect(model).loads.find(({ loader }) => loader === 'tfjs');
  part('model-name').textContent = model.path;
  part('facts').textContent = `${megabytes(model.bytes)}, ${model.files.length} files`;
  showTable(part('stages'), stageTable(plan));
  part('totals').textContent = totalsLine(plan);
  const lines = [
    ...(blockedBy === null ? [] : [`TensorFlow.js does not load it: "${blockedBy.layer}", ${blockedBy.reason}`]),
    ...[...model.warnings, ...plan.warnings].map(warningLine),
    ...skippedLines(plan),
  ];
  part('warnings').replaceChildren(...lines.map((line) => element('li', line)));
  part('sites-title').textContent = `The modules, one by one (${plan.sites.length})`;
  showTable(part('sites'), {
    head: ['module', 'behind', 'channels', 'units', 'parameters'],
    rightAligned: new Set([2, 3, 4]),
    rows: plan.sites.map(({ name, after, channels, units, params }) => [name, after, channels, units, params]),
  });
  part('plan').hidden = false;
}

async function make(isCurrent) {
  const files = await writeModel(retrofit(model, plan), { to: 'tfjs' });
  const folder = `${folderName(model.path)}-se`;
  const zip = await zipFiles([...files].map(([name, content]) => [`${folder}/${name}`, content]));
  if (!isCurrent()) return;
  for (const old of document.querySelectorAll('a[href^="blob:"]')) URL.revokeObjectURL(old.href);
  part('zip').replaceChildren(link(`${folder}.zip`, zip, `Download ${folder}.zip (${megabytes(zip.size)})`, 'button'));
  const single = [...files].map(([name, content]) => {
    const blob = new Blob([content]);
    const item = element('li');
    item.append(link(name.split('/').at(-1), blob, name), ` ${megabytes(blob.size)}`);
    return item;
  });
  part('single-files').replaceChildren(...single);
  part('result').hidden = false;
}

const folderName = (path) =>
  path.split('/').at(-2) ??
  path
    .split('/')
    .at(-1)
    .replace(/\.json$/, '');

function link(name, blob, text, className) {
  const made = element('a', text, className);
  made.href = URL.createObjectURL(blob);
  made.download = name;
  return made;
}

function showTable(table, { head, rightAligned, rows }) {
  const row = (kind) => (cells) => {
    const line = element('tr');
    line.append(...cells.map((cell, column) => element(kind, cell, rightAligned.has(column) ? 'number' : '')));
    return line;
  };
  table.replaceChildren(row('th')(head), ...rows.map(row('td')));
}

function element(tag, text = '', className = '') {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = className;
  return made;
}

const megabytes = (bytes) => (bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);
