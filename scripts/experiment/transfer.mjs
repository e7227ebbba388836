// Another task for a trained network: what is each way of fine-tuning worth?

import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { median } from '../../dist/src/runtime/median.js';
import { unpackNsfwjs } from '../unpack-nsfwjs.mjs';
import { claimsOf, withCounts } from './claims.mjs';
import { drawGates } from './draw-gates.mjs';
import { labelledPictures } from './fashion-mnist.mjs';
import { holdStages } from './hold-stages.mjs';
import { fileOf, judgeRuns } from './judge.mjs';
import { overSeeds } from './over-seeds.mjs';
import { CACHE } from './places.mjs';
import { kept, runTool } from './run-tool.mjs';

/** Half of the pixels that the network was trained with: three seeds are done in some hours. */
export const SIDE = 96;
export const SEEDS = [1, 2, 3];
export const LABELLED = [100, 1000];

/** What is trained, from which model, and the learning rates that are tried first, four a row. */
export const ARMS = [
  { name: 'head', title: 'a new last layer', ratio: undefined, train: 'head', rates: [1e-3, 3e-3, 1e-2, 3e-2] },
  {
    name: 'modules-16',
    title: '+ modules, ratio 16',
    ratio: 16,
    train: 'modules,head',
    rates: [3e-4, 1e-3, 3e-3, 1e-2],
  },
  { name: 'modules-4', title: '+ modules, ratio 4', ratio: 4, train: 'modules,head', rates: [3e-4, 1e-3, 3e-3, 1e-2] },
  {
    name: 'norms',
    title: '+ gamma and beta of the norms',
    ratio: undefined,
    train: 'head,norms',
    rates: [3e-4, 1e-3, 3e-3, 1e-2],
  },
  {
    name: 'modules-4-norms',
    title: '+ modules, ratio 4, and the norms',
    ratio: 4,
    train: 'modules,head,norms',
    rates: [3e-4, 1e-3, 3e-3, 1e-2],
  },
  { name: 'all', title: 'everything, no modules', ratio: undefined, train: 'all', rates: [3e-5, 1e-4, 3e-4, 1e-3] },
];

/** What is claimed of one way against another that somebody might take instead. */
const CLAIMS = [
  ['modules-4', 'head'],
  ['modules-16', 'head'],
  ['norms', 'head'],
  ['modules-4', 'modules-16'],
  ['modules-4', 'norms'],
  ['modules-4-norms', 'norms'],
  ['modules-4', 'all'],
  ['modules-4-norms', 'all'],
  ['norms', 'all'],
];

/** Ways of which is looked at what the moving of the gates is worth. */
const HELD = ['modules-4', 'modules-4-norms'];

const FOLDER = join(CACHE, 'transfer');
const INPUT = { side: SIDE, channels: 3 };

/**
 * Trains each way with so many labelled pictures: with the first seed at each learning rate, with the others at the one that
 * was best by the pictures held back. Tested once, on what nothing was chosen by.
 * @param known ways that are done
 * @param onArm is given all that are done, whenever one more is, and the figure of its gates where there is one
 * @throws Late
 */
export async function transfer(count, known, onArm) {
  const bases = await makeBases();
  const arms = [...known];
  for (const arm of ARMS.filter(({ name }) => known.every((other) => other.name !== name))) {
    const done = await trainArm(bases, arm, count);
    arms.push(done.results);
    onArm(arms, done.gates);
  }
  return judged(count, arms);
}

/** What the page says of so many pictures: the ways that are done, and what can be claimed of them. */
export const judged = (count, arms) => ({ count, arms: arms.map(withCounts), claims: claimsOf(arms, CLAIMS) });

/** One row of the table, and the figure of its gates. */
async function trainArm(bases, arm, count) {
  const { rates, runs } = await overSeeds(SEEDS, arm.rates, (seed, rate) => train(bases, arm, count, seed, rate));
  const otherwiseInKeras = await judgeRuns(runs, INPUT);
  const [first] = runs;
  const results = {
    name: arm.name,
    title: arm.title,
    rates,
    runs,
    shipped: await shippedBytes(runs),
    otherwiseInKeras,
  };
  if (!HELD.includes(arm.name)) return { results };
  const pictures = await labelledPictures(count, first.seed);
  const held = await holdStages(first, pictures, INPUT);
  const gates = await kept(`${first.place}.gates.json`, () => drawGates(fileOf(first), pictures));
  return { results: { ...results, held }, gates };
}

/** What two models of one base do not share: the files that differ between two runs. */
async function shippedBytes([one, other]) {
  const names = readdirSync(one.place).filter((name) => name !== 'model.json');
  const own = names.filter(
    (name) => !readFileSync(join(one.place, name)).equals(readFileSync(join(other.place, name))),
  );
  return own.reduce((sum, name) => sum + statSync(join(one.place, name)).size, 0);
}

/** Milliseconds an epoch of each arm behind the first, of 90 pictures and 10 held back, all in turn: the median of three. */
export async function timeArms() {
  const bases = await makeBases();
  const pictures = await labelledPictures(100, 1);
  const run = ({ ratio, train }, epochs) => {
    const words = ['-o', join(FOLDER, 'timed'), '--force', '--head', 'new', '--train', train, '--epochs', epochs];
    return runTool('tune', bases[ratio], pictures, ...words).milliseconds;
  };
  return kept(join(FOLDER, 'times.json'), () => {
    const rounds = [1, 2, 3].map(() => ARMS.map((arm) => (run(arm, 5) - run(arm, 1)) / 4));
    return Object.fromEntries(ARMS.map(({ name }, index) => [name, median(rounds.map((round) => round[index]))]));
  });
}

/** The network of photographs at another size, as it is and with modules of each ratio. */
async function makeBases() {
  const folder = join(FOLDER, 'base');
  if (!existsSync(folder)) {
    const hidden = `${folder}.new`;
    rmSync(hidden, { recursive: true, force: true });
    mkdirSync(hidden, { recursive: true });
    const from = (await unpackNsfwjs()).mobilenet_v2;
    for (const name of readdirSync(from, { withFileTypes: true }))
      if (name.isFile()) cpSync(join(from, name.name), join(hidden, name.name));
    const file = join(hidden, 'model.json');
    writeFileSync(file, JSON.stringify(atSide(JSON.parse(readFileSync(file, 'utf8')))));
    renameSync(hidden, folder);
  }
  const bases = { undefined: join(folder, 'model.json') };
  for (const ratio of [4, 16]) {
    bases[ratio] = join(FOLDER, `base-${ratio}`, 'model.json');
    if (!existsSync(bases[ratio]))
      runTool('add', bases[undefined], '-o', join(FOLDER, `base-${ratio}`), '--ratio', ratio);
  }
  return bases;
}

/**
 * A model.json whose network takes smaller pictures; the pooling in front of the classifier takes in all that is left. The
 * file has its first ten blocks frozen, which is undone: everything is everything.
 */
function atSide(model) {
  const last = SIDE / 32;
  const text = JSON.stringify(model)
    .replace('[null,224,224,3]', `[null,${SIDE},${SIDE},3]`)
    .replaceAll('"trainable":false', '"trainable":true')
    .replaceAll('"pool_size":[7,7]', `"pool_size":[${last},${last}]`)
    .replaceAll('"strides":[7,7]', `"strides":[${last},${last}]`);
  return JSON.parse(text);
}

async function train(bases, { name, ratio, train }, count, seed, learningRate) {
  const pictures = await labelledPictures(count, seed);
  const place = join(FOLDER, String(count), `${name}-${seed}-${learningRate}`);
  const { after, trained, epochs, best } = await kept(`${place}.json`, () => {
    console.error(`${count} pictures, ${name}, seed ${seed}, learning rate ${learningRate}`);
    const options = ['--learning-rate', learningRate, '--seed', seed];
    return runTool(
      ...['tune', bases[ratio], pictures, '-o', place, '--force', '--head', 'new', '--train', train],
      ...options,
    );
  });
  return { seed, learningRate, place, loss: after.loss, parameters: trained.parameters, epochs: epochs.length, best };
}
