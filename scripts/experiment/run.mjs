// npm run experiment: is it worth it? Writes docs/EXPERIMENT.md, docs/experiment.json and docs/images/experiment.svg. Some hours
// on two cores; every run is kept as it ends, and `npm run experiment -- --minutes 30` begins none after so long, so that it
// can be made over several sittings. `-- --anew` makes all of it again, what is published too.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { claim } from './claim.mjs';
import { packed, unpacked } from './claims.mjs';
import { accuracyFigure } from './figure.mjs';
import { experimentPage } from './page.mjs';
import { DOCS } from './places.mjs';
import { endAfter, Late } from './run-tool.mjs';
import { judged, LABELLED, SEEDS, SIDE, timeArms, transfer } from './transfer.mjs';

console.warn = () => {}; // TensorFlow.js advertises its native package
const TEST = 10_000;
const NETWORK = 'The MobileNet v2 of the npm package `nsfwjs`, trained on photographs,';

const RESULTS = join(DOCS, 'experiment.json');

const { values: options } = parseArgs({ options: { minutes: { type: 'string' }, anew: { type: 'boolean' } } });
if (options.minutes !== undefined) endAfter(Number(options.minutes) * 60_000);

// What was published is not worked out again.
const published = options.anew || !existsSync(RESULTS) ? { counts: [] } : JSON.parse(readFileSync(RESULTS, 'utf8'));
let { milliseconds, claim: claimed } = published;
const counts = new Map(published.counts.map((results) => [results.count, results]));
for (const count of LABELLED) {
  const known = counts.get(count);
  if (known !== undefined && isWhole(known)) continue;
  await asFarAsTimeAllows(async () => {
    const results = await transfer(count, (known?.arms ?? []).map(unpacked), (arms, gates) => {
      counts.set(count, { count, arms: arms.map(packed) });
      // The README's picture is of the last: it has the most labelled pictures, and all that helps is trained.
      if (gates !== undefined) writeFileSync(join(DOCS, 'images', 'gates.svg'), gates);
      publish();
    });
    counts.set(count, results);
  });
}
await asFarAsTimeAllows(async () => {
  claimed ??= await claim(SEEDS);
});
await asFarAsTimeAllows(async () => {
  milliseconds ??= await timeArms();
});
publish();

/** Whether all ways are done and compared: until then the numbers of the wrong pictures are kept for it. */
function isWhole({ claims }) {
  return claims !== undefined;
}

async function asFarAsTimeAllows(work) {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Late)) throw error;
    console.error('not all is done yet: run it again, and it goes on from here');
  }
}

/** Writes what there is. */
function publish() {
  const facts = { network: NETWORK, side: SIDE, test: TEST, seeds: SEEDS.length };
  const results = { ...facts, counts: [...counts.values()], milliseconds, claim: claimed };
  writeFileSync(RESULTS, `${JSON.stringify(results, undefined, 1)}\n`);
  const shown = results.counts.map((each) => (isWhole(each) ? each : judged(each.count, each.arms.map(unpacked))));
  const lines = shown.map(({ count, arms }) => ({ count, points: arms.map(toPoint) }));
  writeFileSync(join(DOCS, 'images', 'experiment.svg'), accuracyFigure(lines));
  writeFileSync(join(DOCS, 'EXPERIMENT.md'), experimentPage({ ...results, counts: shown }));
}

function toPoint({ title, runs }) {
  return { title, parameters: runs[0].parameters, accuracies: runs.map(({ wrong }) => 1 - wrong / TEST) };
}
