// Another task for a trained network: what is each way of fine-tuning worth?

import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { unpackNsfwjs } from '../unpack-nsfwjs.mjs';
import { CLASSES, writeLabelled } from './fashion-mnist.mjs';
import { wrongPictures } from './judge.mjs';
import { CACHE } from './places.mjs';
import { kept, runTool } from './run-tool.mjs';

/** Half of the pixels that the network was trained with: three seeds are done in some hours. */
const SIDE = 96;
export const SEEDS = [1, 2, 3];
export const LABELLED = [100, 1000];

/** What is trained, from which model, and the learning rates that are tried for it, three a row. */
export const ARMS = [
  { name: 'head', title: 'a new last layer', ratio: undefined, train: 'head', rates: [1e-3, 3e-3, 1e-2] },
  { name: 'modules-16', title: '+ modules, ratio 16', ratio: 16, train: 'modules,head', rates: [3e-4, 1e-3, 3e-3] },
  { name: 'modules-4', title: '+ modules, ratio 4', ratio: 4, train: 'modules,head', rates: [3e-4, 1e-3, 3e-3] },
  {
    name: 'norms',
    title: '+ gamma and beta of the norms',
    ratio: undefined,
    train: 'head,norms',
    rates: [3e-4, 1e-3, 3e-3],
  },
  {
    name: 'modules-4-norms',
    title: '+ modules, ratio 4, and the norms',
    ratio: 4,
    train: 'modules,head,norms',
    rates: [3e-4, 1e-3, 3e-3],
  },
  { name: 'all', title: 'everything, no modules', ratio: undefined, train: 'all', rates: [1e-4, 3e-4, 1e-3] },
];

const FOLDER = join(CACHE, 'transfer');

/**
 * Trains each way with each number of labelled pictures: with the first seed at each learning rate, with the others at the
 * one that was best by the pictures held back. Tested once, on what nothing was chosen by.
 * @param isLate whether no new run may begin
 */
export async function transfer(isLate) {
  const bases = await makeBases();
  const results = [];
  for (const count of LABELLED) {
    for (const arm of ARMS) {
      const runs = [];
      let rate;
      for (const seed of SEEDS) {
        const tried = [];
        for (const learningRate of rate === undefined ? arm.rates : [rate]) {
          if (isLate()) return undefined;
          tried.push(await train(bases, arm, count, seed, learningRate));
        }
        runs.push(tried.reduce((best, run) => (run.loss < best.loss ? run : best)));
        rate = runs.at(-1).learningRate;
      }
      results.push({ count, arm: arm.name, title: arm.title, learningRate: rate, runs });
    }
  }
  for (const { runs } of results)
    for (const run of runs) {
      if (isLate()) return undefined;
      run.wrong = await kept(`${run.place}.wrong.json`, () =>
        wrongPictures(join(run.place, 'model.json'), { side: SIDE, channels: 3 }),
      );
    }
  return results;
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

/** A model.json whose network takes smaller pictures; the pooling in front of the classifier takes in all that is left. */
function atSide(model) {
  const last = SIDE / 32;
  const text = JSON.stringify(model)
    .replace('[null,224,224,3]', `[null,${SIDE},${SIDE},3]`)
    .replaceAll('"pool_size":[7,7]', `"pool_size":[${last},${last}]`)
    .replaceAll('"strides":[7,7]', `"strides":[${last},${last}]`);
  return JSON.parse(text);
}

async function train(bases, { name, ratio, train }, count, seed, learningRate) {
  const pictures = join(CACHE, 'pictures', `${count}-${seed}`);
  await writeLabelled(pictures, count, seed);
  const place = join(FOLDER, String(count), `${name}-${seed}-${learningRate}`);
  const { after, best, trained, epochs, milliseconds, backend } = await kept(`${place}.json`, () => {
    console.error(
      `${count} pictures of ${CLASSES.length} classes, ${name}, seed ${seed}, learning rate ${learningRate}`,
    );
    return runTool(
      'tune',
      bases[ratio],
      pictures,
      '-o',
      place,
      '--force',
      '--head',
      'new',
      '--train',
      train,
      '--learning-rate',
      learningRate,
      '--seed',
      seed,
    );
  });
  return {
    seed,
    learningRate,
    place,
    loss: after.loss,
    validation: after.accuracy,
    best,
    epochs: epochs.length,
    parameters: trained.parameters,
    secondsAnEpoch: milliseconds / 1000 / epochs.length,
    backend,
  };
}
