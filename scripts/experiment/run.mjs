// npm run experiment: is it worth it? See docs/EXPERIMENT.md. Some hours on two cores; every run is kept as it ends, and
// `npm run experiment -- --minutes 30` begins none after so long, so that it can be made over several sittings.

import { transfer } from './transfer.mjs';

console.warn = () => {}; // TensorFlow.js advertises its native package
const at = process.argv.indexOf('--minutes');
const end = at < 0 ? Number.POSITIVE_INFINITY : performance.now() + Number(process.argv[at + 1]) * 60_000;
const isLate = () => performance.now() > end;

const transferred = await transfer(isLate);
if (transferred === undefined) console.error('not done yet: run it again, and it goes on from here');
else console.log(JSON.stringify(transferred, undefined, 1));
