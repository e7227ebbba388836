// The paper's claim: does a network that is trained to its plateau get better by modules, or by as much more training?

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { writeDigitNetwork } from '../digit-network.mjs';
import { claimsOf, withCounts } from './claims.mjs';
import { writeLabelled } from './fashion-mnist.mjs';
import { wrongPictures } from './judge.mjs';
import { CACHE } from './places.mjs';
import { kept, runTool } from './run-tool.mjs';

const FOLDER = join(CACHE, 'claim');
const SIDE = 28;
/** Of the stem and of three stages of one residual unit each. */
const CHANNELS = [16, 16, 32, 64];
const RATIO = 4;
const PICTURES = 60_000;
/** A tenth of the pictures is held back; the others are moved and turned round. */
const ALIKE = ['--batch', 64, '--shift', 2, '--flip'];
const PLATEAU = { epochs: 20, learningRate: 0.003 };
const BUDGET = 6;
const ARMS = [
  { name: 'plateau', title: 'at the plateau' },
  { name: 'modules', title: 'modules trained, the rest frozen', from: 'retrofitted', train: 'modules' },
  { name: 'original', title: 'as many epochs more, no modules', from: 'plateau', train: 'all' },
  { name: 'everything', title: 'modules and all the rest trained', from: 'retrofitted', train: 'all' },
  { name: 'from-the-start', title: 'modules from the start, all epochs', from: 'untrained-modules', train: 'all' },
];
const CLAIMS = [
  ['modules', 'plateau'],
  ['original', 'plateau'],
  ['everything', 'plateau'],
  ['everything', 'original'],
  ['from-the-start', 'original'],
];
const RATES = [3e-4, 1e-3, 3e-3];

/**
 * @returns the arms with their runs, one a seed
 * @throws Late
 */
export async function claim(seeds) {
  const pictures = join(CACHE, 'pictures', 'all');
  await writeLabelled(pictures, PICTURES, 1);
  const rates = {};
  const runs = Object.fromEntries(ARMS.map(({ name }) => [name, []]));
  let parameters;
  for (const seed of seeds) {
    const at = (name) => join(FOLDER, `${name}-${seed}`);
    const tune = (from, name, { epochs, learningRate, train }) => {
      const to = at(name);
      return kept(`${to}.json`, () => {
        console.error(`${name}, seed ${seed}: ${epochs} epochs`);
        const numbers = ['--epochs', epochs, '--learning-rate', learningRate, '--seed', seed, ...ALIKE];
        const safe = ['--force', '--checkpoints', `${to}-checkpoints`, '--resume'];
        return runTool('tune', at(from), pictures, '-o', to, '--train', train, ...numbers, ...safe);
      });
    };
    if (!existsSync(at('untrained'))) await writeDigitNetwork(at('untrained'), seed, CHANNELS);
    await kept(`${at('untrained-modules')}.json`, () => addModules(at('untrained'), at('untrained-modules'), seed));
    await tune('untrained', 'plateau', { ...PLATEAU, train: 'all' });
    parameters = (await kept(`${at('retrofitted')}.json`, () => addModules(at('plateau'), at('retrofitted'), seed)))
      .params;
    runs.plateau.push({ seed, place: at('plateau') });
    for (const { name, from, train } of ARMS.slice(1)) {
      const isStart = name === 'from-the-start';
      const epochs = isStart ? PLATEAU.epochs + BUDGET : BUDGET;
      // Of the first seed every learning rate; the others take the one that was the best there.
      const candidates = isStart ? [PLATEAU.learningRate] : (rates[name]?.slice(0, 1) ?? RATES);
      const tried = [];
      for (const learningRate of candidates) {
        const { after } = await tune(from, `${name}-${learningRate}`, { epochs, learningRate, train });
        tried.push({ seed, learningRate, loss: after.loss, place: at(`${name}-${learningRate}`) });
      }
      tried.sort((left, right) => left.loss - right.loss);
      rates[name] ??= tried.map(({ learningRate }) => learningRate);
      runs[name].push(tried[0]);
    }
  }
  for (const run of Object.values(runs).flat())
    run.wrong = await kept(`${run.place}.wrong.json`, () =>
      wrongPictures(join(run.place, 'model.json'), { side: SIDE, channels: 1 }),
    );
  const arms = ARMS.map(({ name, title }) => ({ name, title, runs: runs[name] }));
  const facts = { channels: CHANNELS, ratio: RATIO, parameters, plateau: PLATEAU, budget: BUDGET };
  return { ...facts, arms: arms.map(withCounts), claims: claimsOf(arms, CLAIMS) };
}

const addModules = (from, to, seed) => runTool('add', from, '-o', to, '--force', '--ratio', RATIO, '--seed', seed);
