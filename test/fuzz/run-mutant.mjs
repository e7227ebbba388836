import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { RETROFIT_DEFAULTS, readModel, retrofit, writeModel } from '../../dist/src/index.js';
import { planWithWeights } from '../../dist/src/plan-with-weights.js';
import { nodeStorage } from '../../dist/src/storage/node/node-storage.js';
import { makeBases } from './bases.mjs';
import { isHuge } from './mutate-bytes.mjs';
import { mutantOf, recipeOf } from './recipes.mjs';

// A thread that makes mutants and asks us to use them. One message in, one answer out.

const { format, folder, limit } = workerData;
const bases = await makeBases(format, join(folder, 'bases'), limit);
parentPort.postMessage({ bases: bases.map(({ name, dialect }) => ({ name, dialect })) });
parentPort.on('message', async ({ seed, index, recipe }) => {
  const answer = await run(recipe ?? recipeOf(format, seed, index)).catch((error) => ({
    outcome: 'broken',
    message: stackOf(error),
  }));
  parentPort.postMessage(answer);
});

const stackOf = (error) => String(error?.stack ?? error);

async function run(recipe) {
  const work = join(folder, 'work');
  const input = join(work, 'in');
  const output = join(work, 'out');
  rmSync(work, { recursive: true, force: true });
  mkdirSync(input, { recursive: true });
  mkdirSync(output);
  const { name, dialect, files: whole } = bases[recipe.base % bases.length];
  const files = await mutantOf(format, whole, recipe.change, editConfig);
  for (const [each, bytes] of files) writeFileSync(join(input, each), bytes);
  const before = join(input, [...files.keys()][0]);
  const told = { base: name, dialect, recipe, before };
  let result;
  try {
    result = await use(before, output, recipe.task, dialect);
  } catch (error) {
    if (error?.name !== 'RetrofitError') return { ...told, outcome: 'defect', message: stackOf(error) };
    const untold = faultOf(error) ?? (left(output).length > 0 ? `left in the output: ${left(output)}` : undefined);
    if (untold !== undefined) return { ...told, outcome: 'defect', message: `${untold}: ${stackOf(error)}` };
    result = { outcome: 'refused', code: error.code };
  }
  const touched = [...files].find(([each, bytes]) => !readFileSync(join(input, each)).equals(bytes));
  const strays = [...left(input), ...left(work)].filter((each) => !files.has(each) && each !== 'in' && each !== 'out');
  if (touched !== undefined || strays.length > 0) {
    return {
      ...told,
      outcome: 'defect',
      message: `the input was changed, or something written beside: ${touched?.[0]} ${strays}`,
    };
  }
  return { ...told, ...result, judged: result.judged && !recipe.change.edits.some(isHuge) };
}

const left = (folder) => readdirSync(folder);

/** What an error of ours lacks: every one says what is wrong in one line, where and what to do. */
function faultOf({ code, message, hint, where, kind }) {
  // HDF5 has an undefined address of its own.
  if (code !== 'bad-hdf5' && /undefined|\[object|NaN of|function \w*\(/.test(message))
    return 'the message shows our insides';
  if (hint === undefined || hint.length < 5) return 'no hint';
  if (kind === 'input' && where.file === undefined && where.layer === undefined) return 'no place';
  return undefined;
}

async function use(path, output, { kind, options, to, dialect }, ownDialect) {
  const model = await readModel(path);
  const target = join(output, OUTPUTS[to ?? model.format.container]);
  if (kind === 'add') {
    const plan = await planWithWeights(model, { ...RETROFIT_DEFAULTS, ...options });
    await writeModel(retrofit(model, plan), target);
    return { outcome: 'written', after: target, judged: true };
  }
  await writeModel(model, target, kind === 'convert' ? {} : { to, dialect });
  const same = kind === 'convert' || (to === model.format.container && (to === 'tfjs' || dialect === ownDialect));
  return { outcome: 'written', after: target, judged: same };
}

const OUTPUTS = { tfjs: 'net', 'keras-h5': 'net.h5', 'keras-zip': 'net.keras', 'keras-json': 'net.json' };

/** Changes the model's JSON inside an HDF5 file. */
async function editConfig(bytes, edit) {
  const scratch = join(folder, 'scratch');
  mkdirSync(scratch, { recursive: true });
  writeFileSync(join(scratch, 'before.h5'), bytes);
  const file = await nodeStorage.findFile(join(scratch, 'before.h5'));
  const text = await nodeStorage.withHdf5(file, async (opened) => opened.readText('/', 'model_config'));
  const pending = await nodeStorage.beginFiles(scratch, ['after.h5'], true);
  await pending.copy(file, 'after.h5');
  await pending.editHdf5('after.h5', async (editor) => editor.writeText('/', 'model_config', edit(text)));
  await pending.commit();
  return readFileSync(join(scratch, 'after.h5'));
}
