// The words and the plot around the numbers of bench/compute.mjs.
import { LIGHT } from '../dist/src/report/figures/palette.js';
import { NAMES } from './benchmarks-page.mjs';
import { dotPlot } from './dot-plot.mjs';
import { markdownTable } from './markdown-table.mjs';

/** What Keras does for a work of ours: it predicts once a pass, or trains. */
export const KERAS_WORK = {
  verify: { kind: 'look', work: 'predict', passes: 2 },
  excite: { kind: 'look', work: 'predict', passes: 1 },
  bake: { kind: 'look', work: 'predict', passes: 2 },
  modules: { kind: 'train', work: 'modules', passes: 1 },
  all: { kind: 'train', work: 'all', passes: 1 },
};
const TITLES = {
  verify: '`verify`, both models',
  excite: '`excite`',
  bake: '`bake`, with the accuracy before and after',
  modules: '`tune --train modules`, one epoch',
  all: '`tune --train all`, one epoch',
};
/** What was promised: once warm, native against Keras, and wasm against native. */
const GOALS = { look: { keras: 1, wasm: 3, process: 0.5 }, train: { keras: 1.2, wasm: 4, process: 1 } };
const goalOf = (work) => GOALS[KERAS_WORK[work].kind];

const ratio = (number) => `${number < 9.95 ? number.toFixed(2) : number.toFixed(0)}×`;
const judged = (number, goal) => `${ratio(number)}${number <= goal ? '' : ` (**goal ${goal}×**)`}`;

/** For each network and work: the least whole process of the larger count, milliseconds an image once warm, peak memory. */
function rows({ networks, works, counts, rounds, results }) {
  return networks.flatMap((network) =>
    works.map((work) => {
      const [few, many] = counts[network];
      const of = (name, runner) => {
        const all = Array.from({ length: rounds[KERAS_WORK[work].kind] }, (_, round) =>
          counts[network].map((count) => results[[network, name, runner, count, round].join('/')]),
        );
        const least = [0, 1].map((index) => Math.min(...all.map((pair) => pair[index].milliseconds)));
        const measured = all.map((pair) => pair[1].image).filter((image) => image !== undefined);
        return {
          process: least[1],
          image: measured.length > 0 ? Math.min(...measured) : Math.max(0, least[1] - least[0]) / (many - few),
          megabytes: Math.max(...all.flat().map(({ megabytes }) => megabytes)),
        };
      };
      const { work: kerasWork, passes } = KERAS_WORK[work];
      const keras = of(kerasWork, 'keras');
      return {
        network,
        work,
        native: of(work, 'native'),
        wasm: of(work, 'wasm'),
        keras: {
          ...keras,
          image: keras.image * passes,
          process: keras.process + (passes - 1) * keras.image * many,
        },
      };
    }),
  );
}

/** docs/COMPUTE.md */
export function computePage(page) {
  const { machine, batch, counts, networks, rounds } = page;
  const found = rows(page);
  const named = ({ network, work }) => [NAMES[network], TITLES[work]];
  const ratios = found.map((row) => {
    const goal = goalOf(row.work);
    return [
      ...named(row),
      judged(row.native.image / row.keras.image, goal.keras),
      judged(row.native.process / row.keras.process, goal.process),
      judged(row.wasm.image / row.native.image, goal.wasm),
    ];
  });
  const milliseconds = found.map((row) => [
    ...named(row),
    ...['native', 'wasm', 'keras'].map((runner) => row[runner].image.toFixed(0)),
    ...['native', 'wasm', 'keras'].map((runner) => (row[runner].process / 1000).toFixed(1)),
    ...['native', 'wasm', 'keras'].map((runner) => row[runner].megabytes.toFixed(0)),
  ]);
  const list = networks.map((network) => `${NAMES[network]}: ${counts[network].join(' and ')}`).join('; ');
  return `# How fast it looks and trains

Written by \`npm run bench:compute\` (bench/compute.mjs), as it came out; every process is in [compute.json](compute.json).
Whole processes in turn with Keras on the same images and the same TensorFlow, batches of ${batch}: to look, the
least of ${rounds.look} rounds; to train, ${rounds.train === 1 ? 'one' : `the least of ${rounds.train}`}.
An image once warm is the slope between two numbers of images (${list}), so that starting, loading and
writing fall out of it; of Keras' prediction, whose start varies more, it is that of a second one in the same process.
Keras predicts once for each pass of ours over the images, and trains and judges as \`tune\` does.
${machine.cores} cores of ${machine.cpu}, ${(machine.memoryBytes / 2 ** 30).toFixed(0)} GB of memory, ${machine.system}, Node ${machine.node.slice(1)}, ${machine.date}.

![Milliseconds an image](compute.svg)

## Ratios

Goals for native against Keras once warm: ${GOALS.look.keras}× to look, ${GOALS.train.keras}× to train; for the whole process ${GOALS.look.process}× and ${GOALS.train.process}×; for wasm
against native ${GOALS.look.wasm}× and ${GOALS.train.wasm}×. A goal stands where it is missed.

${markdownTable([['network', 'work', 'native / Keras, an image', 'native / Keras, whole process', 'wasm / native, an image'], ...ratios], 2)}

## Milliseconds an image, seconds a process of the more images, peak memory in MB

${markdownTable([['network', 'work', 'native', 'wasm', 'Keras', 'native, s', 'wasm, s', 'Keras, s', 'native, MB', 'wasm, MB', 'Keras, MB'], ...milliseconds], 2)}

## Where goals are missed

- wasm computes on one core and four numbers at a time, where native TensorFlow has both cores and twice as many with a
  multiplication and an addition in one: \`se-retrofit backends\` shows what is left of that in a product of matrices. In a profile
  of \`excite\` 95 % of ResNet-50's computing is inside its kernels of convolutions. Its build with threads is not to be had in Node:
  TensorFlow.js switches it off there ([issue 3830](https://github.com/tensorflow/tfjs/issues/3830)) and hands its workers their
  program as blob: URLs, which Node's workers do not take.
- To look, Keras runs a network as one compiled graph. We ask TensorFlow for the same operations one by one, a convolution with
  its norm and activation as one, so that convolutions decide; what is left is Node's decoding beside it, on the same two cores.
- The whole process of ResNet-50: of \`verify\` and \`bake\` the passes over the images are the most by far, so it comes near to
  the ratio an image.
- To train, an image of Keras' is the difference of two processes of which each starts and compiles for half a minute and more,
  once each: a second there is 10 ms an image of MobileNet v2 and 31 of ResNet-50. So its ratios an image scatter from one
  measurement to the next, from 0.4× to 1.8×; those of whole processes do not.
`;
}

const MARKS = [
  { key: 'native', name: 'native', fill: LIGHT.accent },
  { key: 'wasm', name: 'wasm', fill: LIGHT.muted },
  { key: 'keras', name: 'Keras', fill: LIGHT.classes[1] },
];

/** docs/compute.svg */
export function computeFigure(page) {
  const lines = rows(page).map((row) => ({
    name: `${NAMES[row.network]}, ${row.work}`,
    marks: MARKS.map((mark) => ({ ...mark, at: Math.max(0.1, row[mark.key].image) })),
  }));
  return dotPlot({ title: 'Milliseconds an image', marks: MARKS, rows: lines, left: 260, digits: 1 });
}
