// npm run experiment: is it worth it? Writes docs/EXPERIMENT.md, docs/experiment.json and docs/images/experiment.svg. Some hours
// on two cores; every run is kept as it ends, and `npm run experiment -- --minutes 30` begins none after so long, so that it
// can be made over several sittings.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { claim } from './claim.mjs';
import { accuracyFigure } from './figure.mjs';
import { experimentPage } from './page.mjs';
import { DOCS } from './places.mjs';
import { endAfter, Late } from './run-tool.mjs';
import { LABELLED, SEEDS, SIDE, timeArms, transfer } from './transfer.mjs';

console.warn = () => {}; // TensorFlow.js advertises its native package
const TEST = 10_000;
const NETWORK = 'The MobileNet v2 of the npm package `nsfwjs`, trained on photographs,';

const at = process.argv.indexOf('--minutes');
if (at >= 0) endAfter(Number(process.argv[at + 1]) * 60_000);

const counts = [];
let gates;
let milliseconds;
let claimed;
try {
  for (const count of LABELLED) {
    const done = await transfer(count);
    counts.push(done.results);
    gates = done.gates;
  }
  milliseconds = await timeArms();
  claimed = await claim(SEEDS);
} catch (error) {
  if (!(error instanceof Late)) throw error;
  console.error('not all is done yet: run it again, and it goes on from here');
}
if (counts.length > 0) {
  // The README's picture is of the last: it has the most labelled pictures, and all that helps is trained.
  writeFileSync(join(DOCS, 'images', 'gates.svg'), gates);
  const results = {
    network: NETWORK,
    side: SIDE,
    test: TEST,
    seeds: SEEDS.length,
    counts,
    milliseconds,
    claim: claimed,
  };
  const lines = counts.map(({ count, arms }) => ({ count, points: arms.map(toPoint) }));
  writeFileSync(join(DOCS, 'images', 'experiment.svg'), accuracyFigure(lines));
  writeFileSync(join(DOCS, 'experiment.json'), `${JSON.stringify(results, undefined, 1)}\n`);
  writeFileSync(join(DOCS, 'EXPERIMENT.md'), experimentPage(results));
}

function toPoint({ title, runs }) {
  return { title, parameters: runs[0].parameters, accuracies: runs.map(({ wrong }) => 1 - wrong / TEST) };
}
