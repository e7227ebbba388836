// The paper's claim: does a network that is trained to its plateau get better by modules, or by as much more training?

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { writeDigitNetwork } from '../digit-network.mjs';
import { claimsOf, withCounts } from './claims.mjs';
import { labelledPictures } from './fashion-mnist.mjs';
import { holdStages } from './hold-stages.mjs';
import { judgeRuns } from './judge.mjs';
import { overSeeds } from './over-seeds.mjs';
import { CACHE } from './places.mjs';
import { kept, runTool } from './run-tool.mjs';

const FOLDER = join(CACHE, 'claim');
const INPUT = { side: 28, channels: 1 };
/** Of the stem and of three stages of one residual unit each: 14, 7, 4 and 2 pixels wide. */
const CHANNELS = [16, 16, 32, 64];
const STRIDES = [2, 2, 2, 2];
const RATIO = 4;
const PICTURES = 60_000;
/** Pictures that the gates are looked at with. */
const LOOKED_AT = 1000;
/** A tenth of the pictures is held back; the others are moved and turned round. */
const ALIKE = ['--batch', 128, '--shift', 2, '--flip'];
const PLATEAU = { epochs: 12, learningRate: 0.003 };
const BUDGET = 4;
const ARMS = [
  { name: 'plateau', title: 'at the plateau' },
  { name: 'modules', title: 'modules trained, the rest frozen', from: 'retrofitted', train: 'modules' },
  { name: 'original', title: 'as many epochs more, no modules', from: 'plateau', train: 'all' },
  { name: 'everything', title: 'modules and all the rest trained', from: 'retrofitted', train: 'all' },
  {
    name: 'from-the-start',
    title: 'modules from the start, all epochs',
    from: 'untrained-modules',
    train: 'all',
    epochs: PLATEAU.epochs + BUDGET,
    rates: [PLATEAU.learningRate],
  },
];
const CLAIMS = [
  ['modules', 'plateau'],
  ['original', 'plateau'],
  ['everything', 'plateau'],
  ['everything', 'original'],
  ['from-the-start', 'original'],
];
/** Ways whose networks have modules: what the moving of their gates is worth is looked at. */
const HELD = ['modules', 'everything', 'from-the-start'];
const RATES = [3e-4, 1e-3, 3e-3];

/**
 * @returns the arms with their runs, one a seed
 * @throws Late
 */
export async function claim(seeds) {
  const [pictures, looked] = [await labelledPictures(PICTURES, 1), await labelledPictures(LOOKED_AT, 1)];
  const plateaus = [];
  let parameters;
  for (const seed of seeds) {
    const at = (name) => join(FOLDER, `${name}-${seed}`);
    if (!existsSync(at('untrained'))) await writeDigitNetwork(at('untrained'), seed, CHANNELS, STRIDES);
    await addModules(at('untrained'), at('untrained-modules'), seed);
    plateaus.push(await train(pictures, 'untrained', 'plateau', seed, { ...PLATEAU, train: 'all' }));
    parameters = (await addModules(at('plateau'), at('retrofitted'), seed)).params;
  }
  const arms = [];
  for (const { name, title, from, train: parts, epochs = BUDGET, rates = RATES } of ARMS) {
    const run = (seed, learningRate) =>
      train(pictures, from, `${name}-${learningRate}`, seed, { epochs, learningRate, train: parts });
    const { runs } = from === undefined ? { runs: plateaus } : await overSeeds(seeds, rates, run);
    const otherwiseInKeras = await judgeRuns(runs, INPUT);
    const held = HELD.includes(name) ? await holdStages(runs[0], looked, INPUT) : undefined;
    arms.push({ name, title, runs, otherwiseInKeras, held });
  }
  const facts = { channels: CHANNELS, ratio: RATIO, parameters, plateau: PLATEAU, budget: BUDGET };
  return { ...facts, arms: arms.map(withCounts), claims: claimsOf(arms, CLAIMS) };
}

async function train(pictures, from, name, seed, { epochs, learningRate, train: parts }) {
  const place = join(FOLDER, `${name}-${seed}`);
  const { after } = await kept(`${place}.json`, () => {
    console.error(`${name}, seed ${seed}: ${epochs} epochs`);
    const numbers = ['--epochs', epochs, '--learning-rate', learningRate, '--seed', seed, ...ALIKE];
    const safe = ['--force', '--checkpoints', `${place}-checkpoints`, '--resume'];
    const words = [join(FOLDER, `${from}-${seed}`), pictures, '-o', place, '--train', parts];
    return runTool('tune', ...words, ...numbers, ...safe);
  });
  return { seed, learningRate, loss: after.loss, place };
}

const addModules = (from, to, seed) =>
  kept(`${to}.json`, () => runTool('add', from, '-o', to, '--force', '--ratio', RATIO, '--seed', seed));
