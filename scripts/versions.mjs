// npm run versions: what the tool writes, loaded by the versions of Keras that people have. Sets up old Pythons, TensorFlows and
// Kerases in .cache/versions (10 GB; a version that is not to be had is a row that says so), lets each save small models in every
// container it knows, runs `add` and `convert` on them, and asks the same version, today's Keras and TensorFlow.js what
// they make of it. Writes docs/versions.json and docs/VERSIONS.md. What is set up and saved is kept for the next run.
//   npm run versions -- --only 2.4.4,3.0.5     the rows of these alone
//   npm run versions -- --page                 the page again, from docs/versions.json

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify, stripVTControlCharacters } from 'node:util';
import { askProgram } from './versions/ask-program.mjs';
import { CONTAINERS, LOADERS } from './versions/columns.mjs';
import { prepareEnvironment } from './versions/environments.mjs';
import { VERSIONS } from './versions/known-versions.mjs';
import { cellText, reasonsOf, versionsPage } from './versions/page.mjs';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const TOOL = at('versions/run-tool.mjs');
const CACHE = at('../.cache/versions');
const MODELS = at('versions/small_models.py');
const JUDGE = at('versions/judge.py');
const DATA = at('../docs/versions.json');
const PAGE = at('../docs/VERSIONS.md');
const CONVERTED = 1e-6;
/** The warnings that a loader of the kind does not load what is written. */
const TOLD = { same: 'layout-too-new', today: 'layout-too-old' };
/** So many versions; a Python each, of one thread. */
const AT_ONCE = 2;

const run = promisify(execFile);
const say = (line) => console.error(`${new Date().toISOString().slice(11, 19)} ${line}`);
const { values: flags } = parseArgs({ options: { only: { type: 'string' }, page: { type: 'boolean' } } });

if (flags.page) writePage();
else await tryVersions(flags.only?.split(',') ?? VERSIONS.map(({ name }) => name));

async function tryVersions(names) {
  const chosen = names.map((name) => {
    const version = VERSIONS.find((one) => one.name === name);
    if (version !== undefined) return version;
    throw new Error(`no version is called ${name}; there are ${VERSIONS.map((one) => one.name).join(', ')}`);
  });
  mkdirSync(CACHE, { recursive: true });
  const judges = await prepareTodaysJudges();
  // One after the other: some stand on the same one.
  const environments = [];
  for (const version of chosen) environments.push(await prepareEnvironment(version, CACHE, say));
  let next = 0;
  const worker = async () => {
    while (next < chosen.length) {
      const index = next++;
      const version = chosen[index];
      const found = await tryVersion(version, environments[index], judges);
      const row = { name: version.name, title: version.title, date: new Date().toISOString().slice(0, 10), ...found };
      printRow(row);
      keepRow(row);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

function readRows() {
  return existsSync(DATA) ? JSON.parse(readFileSync(DATA, 'utf8')).versions : [];
}

/** In the place of what an earlier run found. */
function keepRow(row) {
  const others = readRows().filter(({ name }) => name !== row.name);
  const versions = VERSIONS.flatMap(({ name }) => [...others, row].filter((one) => one.name === name));
  writeFileSync(DATA, `${JSON.stringify({ versions }, undefined, 1)}\n`);
  writePage();
}

function writePage() {
  writeFileSync(PAGE, versionsPage(readRows()));
}

async function prepareTodaysJudges() {
  const tfjs = { command: process.execPath, args: [at('versions/judge-tfjs.mjs')] };
  const judges = { tfjs };
  for (const version of VERSIONS.filter(({ isToday }) => isToday)) {
    const environment = await prepareEnvironment(version, CACHE, say);
    if (environment.missing !== undefined) throw new Error(`real Keras is needed: ${environment.missing}`);
    judges[version.kind] = judgeOf(version, environment);
  }
  return judges;
}

function judgeOf({ module }, { python, env }) {
  return { command: python, args: [JUDGE, module], env };
}

/** @returns `missing`, or of each container what each loader made of each model */
async function tryVersion(version, environment, judges) {
  const { title, kind } = version;
  if (environment.missing !== undefined) return { missing: environment.missing };
  const folder = join(CACHE, 'models', title.toLowerCase().replaceAll(' ', '-'));
  let saved;
  try {
    saved = await saveModels(version, environment, folder);
  } catch (error) {
    return {
      missing: `it saves no models: ${String(error.stderr || error.message)
        .trim()
        .split('\n')
        .at(-1)}`,
    };
  }
  say(`${title}: the tool runs`);
  const made = Object.entries(saved.models).filter(([, { failed }]) => failed === undefined);
  const cases = await runTool(
    made.flatMap(([model, { errors }]) =>
      CONTAINERS.filter(({ id }) => errors[id] === undefined).map((container) =>
        layOut(version, folder, saved, model, container),
      ),
    ),
  );
  const loaders = LOADERS.filter(({ only }) => only === undefined || !version.isToday);
  const found = {};
  for (const loader of loaders) {
    say(`${title}: ${loader.heading}`);
    const judge = loader.id === 'same' ? judgeOf(version, environment) : judges[loader.judge ?? kind];
    await judgeCases(judge, loader, cases, found);
  }
  return { unsaved: unsavedOf(saved, Object.keys(found)), containers: found };
}

/** By container, the models that this version cannot make or save in it, though it saves others. */
function unsavedOf(saved, containers) {
  const models = Object.entries(saved.models);
  const reasons = (id) =>
    models.flatMap(([model, { failed, errors }]) => {
      const why = failed ?? errors[id];
      return why === undefined ? [] : [[model, clean(why)]];
    });
  return Object.fromEntries(containers.map((id) => [id, Object.fromEntries(reasons(id))]));
}

async function saveModels(version, { python, env }, folder) {
  const stamp = join(folder, 'made-by');
  const made = createHash('sha256').update(readFileSync(MODELS)).digest('hex');
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== made) {
    say(`${version.title}: saving models`);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    await run(python, [MODELS, version.module, folder], { env: { ...process.env, ...env }, maxBuffer: 2 ** 26 });
    writeFileSync(stamp, made);
  }
  return JSON.parse(readFileSync(join(folder, 'saved.json'), 'utf8'));
}

/** A saved model laid out for the tool, and what it is to be asked, in every way. */
function layOut(version, folder, saved, model, container) {
  const from = join(folder, model);
  const work = join(CACHE, 'runs', version.name, container.id, model);
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  container.files.forEach((file, index) => {
    cpSync(join(from, file), join(work, container.names[index]), { recursive: true });
  });
  const [path, weights] = [container.names[0], container.weights ?? container.names[1]].map(
    (name) => name && join(work, name),
  );
  const words = weights === undefined ? [path] : [path, '-w', weights];
  const tensors = (name) =>
    saved.models[model][`${name}s`].map((shape, index) => [join(from, `${name}${index}.bin`), shape]);
  return {
    model,
    container,
    before: { path, weights },
    inputs: tensors('input'),
    outputs: tensors('output'),
    runs: {
      retrofitted: ['add', ...words],
      tfjs: ['convert', ...words, '-o', join(work, 'web')],
      keras3: ['convert', ...words, '-o', join(work, 'keras3.keras'), '--dialect', 'keras3'],
      keras2: ['convert', ...words, '-o', join(work, 'keras2.h5'), '--dialect', 'keras2'],
    },
  };
}

/** Runs the tool: each case with the model that came of each run, or why there is none. */
async function runTool(cases) {
  const jobs = cases.flatMap(({ runs }) => Object.values(runs).map((words) => ({ words })));
  const answers = await askProgram({ command: process.execPath, args: [TOOL] }, jobs);
  return cases.map((one, index) => {
    const ways = Object.keys(one.runs);
    return {
      ...one,
      written: Object.fromEntries(ways.map((way, at) => [way, writtenOf(answers[index * ways.length + at])])),
    };
  });
}

function writtenOf({ report, error }) {
  if (error !== undefined) return { refused: `crashed: ${error}` };
  if (report.error !== undefined) return { refused: `${report.error.code}: ${report.error.message}` };
  const { path, files, format } = report.output;
  const told = Object.fromEntries(report.warnings.map(({ code, message }) => [code, message]));
  const [main, weights] = files.map((file) => join(dirname(path), file));
  return { path: main, weights: format.container === 'keras-json' ? weights : undefined, told };
}

/** Adds to `found`, by container and loader, what came of every model. */
async function judgeCases(judge, loader, cases, found) {
  const written = cases.filter((one) => one.written[loader.of].refused === undefined);
  const jobs = written.map(({ before, inputs, outputs, ...one }) => ({
    after: one.written[loader.of],
    inputs,
    ...(loader.of === 'retrofitted' ? { before } : { outputs }),
  }));
  const answers = new Map((await askProgram(judge, jobs)).map((answer, index) => [written[index], answer]));
  for (const one of cases) {
    found[one.container.id] ??= {};
    found[one.container.id][loader.id] ??= {};
    found[one.container.id][loader.id][one.model] = outcomeOf(one.written[loader.of], answers.get(one), loader);
  }
}

/** A reason as one line for a page: no folders of this machine, no colours. */
function clean(text) {
  return stripVTControlCharacters(text).replaceAll(`${CACHE}/`, '').replaceAll(/\s+/g, ' ').trim();
}

/** What is made of one model: page.mjs has the words. `cannot`: the loader does not take the original either. */
function outcomeOf(written, answer, loader) {
  if (written.refused !== undefined) return { outcome: 'refused', why: clean(written.refused) };
  if (answer.original) return { outcome: 'cannot', why: clean(answer.error) };
  const told = written.told[TOLD[loader.id]];
  if (answer.error !== undefined && told !== undefined) return { outcome: 'told', why: clean(told) };
  if (answer.error !== undefined) return { outcome: 'fails', why: clean(answer.error) };
  if (answer.difference === 0) return { outcome: 'exact' };
  if (loader.of !== 'retrofitted' && answer.difference <= CONVERTED) return { outcome: 'converted' };
  return { outcome: 'differs', why: `by ${answer.difference.toExponential(1)} of the largest output` };
}

function printRow({ title, missing, unsaved, containers }) {
  if (missing !== undefined) {
    console.log(`${title}: not to be had: ${missing}`);
    return;
  }
  for (const [container, loaders] of Object.entries(containers)) {
    for (const [model, why] of Object.entries(unsaved[container])) {
      console.log(`${title} | ${container} | does not save ${model}: ${why}`);
    }
    for (const [loader, models] of Object.entries(loaders)) {
      console.log(`${title} | ${container} | ${loader} | ${cellText(models)}`);
      for (const { text, names } of reasonsOf(models)) console.log(`    ${names.join(', ')} ${text}`);
    }
  }
}
