// The words around the numbers of bench/benchmarks.mjs.
import { markdownTable } from './markdown-table.mjs';
import { median } from './measure.mjs';

/** The most memory that a retrofit may take. */
const MEGABYTES = { tfjs: 120, 'keras-h5': 200, 'keras-zip': 200 };
/** Starts of a bare Node that a retrofit may take beside the copy of the bytes: of a small model, and of a large one. */
const STARTS = { small: 4, large: 5 };
const LARGE_BYTES = 250e6;
const KERAS_GOALS = { 'keras-h5': 20, 'keras-zip': 8 };
const HELP_GOAL = 1.5;
const DEEP_GOAL_MILLISECONDS = 1000;

export const NAMES = {
  'mobilenet-v2': 'MobileNet v2',
  resnet50: 'ResNet-50',
  resnet152: 'ResNet-152',
  'two-gigabytes': '2 GB network',
};

/** Milliseconds that a retrofit may take, by what a copy that reaches the disk and Node alone took in the same turns. */
export const allowed = ({ bytes, milliseconds: { copySynced, start } }) =>
  median(copySynced) + (bytes > LARGE_BYTES ? STARTS.large : STARTS.small) * median(start);

const whole = (number) => number.toFixed(0);
const times = (number) => `${number < 9.95 ? number.toFixed(2) : number.toFixed(0)}×`;
const met = (isMet) => (isMet ? 'met' : '**missed**');
/** docs/BENCHMARKS.md */
export function benchmarksPage(results) {
  const { machine, rounds, starts } = results;
  const [bare, help] = [starts.node, starts.help].map(median);
  return `# How fast, and how large

Written by \`npm run bench\` (bench/benchmarks.mjs), as it came out; every single time is in [benchmarks.json](benchmarks.json).
Whole processes from start to exit, in turn with what they are compared with, medians of ${rounds}; the inputs have
random weights and lie in the page cache.
${machine.cores} cores of ${machine.cpu}, ${(machine.memoryBytes / 2 ** 30).toFixed(0)} GB of memory, ${machine.fileSystem}, ${machine.system}, Node ${machine.node.slice(1)}, ${machine.date}.

![How long a retrofit takes](benchmarks.svg)

## A retrofit against \`cp -r\` of the same bytes

A retrofit waits until all of it is on the disk before the output gets its name; \`cp\` does not wait, so a copy followed by
\`sync\` stands beside it. Allowed is what that one takes, and ${STARTS.small} starts of a bare Node in the same turns, above
${LARGE_BYTES / 1e6} MB ${STARTS.large}.

${markdownTable(copyRows(results), 2)}

${nodesSection(results)}## Memory

At its peak, resident, with Node itself (a bare one has about 40 MB).

${markdownTable(memoryRows(results), 2)}

## Against Keras

Load, rebuild with modules by \`clone_model(call_function=...)\` behind the same layers, copy the weights by name, save
([bench/keras-recipe.py](../bench/keras-recipe.py)), with Keras 3 on the CPU version of TensorFlow. Not measured with the 2 GB network.

${kerasSection(results)}

## Starting, reading, very deep networks

- \`--help\`: ${times(help / bare)} a bare \`node -e 0\` (${whole(help)} ms and ${whole(bare)} ms; at most ${HELP_GOAL}×: ${met(help <= HELP_GOAL * bare)}).
${results.inspections.map((row) => `- \`inspect\` of the ${NAMES[row.network]} as ${row.container}: ${whole(median(row.milliseconds.inspect))} ms, ${whole(row.peakMegabytes.inspect)} MB.`).join('\n')}

${markdownTable(depthRows(results), 1)}

${growthSentence(results)}

## Where the time goes

ResNet-50 in starts of a bare Node, which took 137 ms on the day of these numbers (and 50 on a better one, with much the same
ratios): \`--help\` 1.5; \`--dry-run\`, where the model is read and all is planned, 4.8 as \`.h5\`, 5.3 as \`.keras\` and 4.5 as
TensorFlow.js; the whole retrofit 8.0, 7.8 and 7.4. So the 4 starts that are allowed beside the copy are spent before anything is
written, in a process that has just begun: a tenth of that is garbage collection, a tenth loading the program, and the rest is
spread so thin that no function takes 5 %. Of what follows, the kernel's copy of 100 MB takes half a start and the disk two, while
the modules are written; what is left is the new architecture, and reading back what was written before it gets its name. In a
\`.keras\` the weights pass through the process, once, their checksum with them: Node has the kernel copy whole files only.
Later Nodes do all of it faster, by a quarter with Node 24.

- What a disk takes to hold the bytes is the difference between the two copies above; it is most of the 2 GB network.
- Very deep networks: 10,000 layers become 22,500. A fifth of the time is reading back what was written and holding it against
  what was meant, a fifth garbage collection, a sixth parsing and reading, a tenth each planning, writing the graph and writing
  its JSON; no part grows faster than the rest. \`inspect\` tries every conversion, which is three quarters of its time.
- ResNet-152 as TensorFlow.js: for three tenths of its time the process does nothing but wait for the copies and for the disk,
  without which nothing is sure to be there. Making the architecture while the kernel copies was tried and won nothing
  (12 rounds in turn, medians 1.84 and 1.89 s before, 1.83 and 1.86 s with it).
- Memory: most of what ResNet-152 takes is what Node's young generation may, 48 MB. What grows with the weights is nothing, as
  the 2 GB network shows.
`;
}

function copyRows({ retrofits }) {
  const rows = retrofits.map((row) => {
    const { network, container, bytes, milliseconds } = row;
    const [copy, synced, retrofit] = [milliseconds.copy, milliseconds.copySynced, milliseconds.retrofit].map(median);
    const most = allowed(row);
    return [
      NAMES[network],
      container,
      times(retrofit / copy),
      times(retrofit / synced),
      met(retrofit <= most),
      whole(retrofit),
      whole(most),
      whole(copy),
      whole(synced),
      whole(bytes / 1e6),
    ];
  });
  const head = [
    'network',
    'container',
    'of `cp`',
    'of `cp` + `sync`',
    'goal',
    'retrofit ms',
    'allowed ms',
    '`cp` ms',
    '`cp` + `sync` ms',
    'MB',
  ];
  return [head, ...rows];
}

/** The same with other Nodes, if some were given. */
function nodesSection({ machine, otherNodes, retrofits, depths }) {
  if (otherNodes.length === 0) return '';
  const names = ['retrofit', ...otherNodes];
  const against = (milliseconds, most) =>
    names.map((name) => median(milliseconds[name])).map((spent) => `${whole(spent)}${spent > most ? ' **>**' : ''}`);
  const rows = retrofits.map((row) => {
    const most = allowed(row);
    return [NAMES[row.network], row.container, whole(most), ...against(row.milliseconds, most)];
  });
  const deep = depths.map(({ layers, milliseconds }) => {
    const most = layers === 10_000 ? DEEP_GOAL_MILLISECONDS : undefined;
    return [`${layers} layers`, 'tfjs', most === undefined ? '' : whole(most), ...against(milliseconds, most)];
  });
  const versions = [machine.node.slice(1), ...otherNodes.map((name) => name.replace('node', ''))];
  return `Milliseconds of the same retrofits, in the same turns, by the version of Node; **>** is more than allowed.

${markdownTable([['network', 'container', 'allowed', ...versions.map((each) => `Node ${each}`)], ...rows, ...deep], 2)}

`;
}

function memoryRows({ retrofits }) {
  const rows = retrofits.map(({ network, container, peakMegabytes: { retrofit, keras } }) => [
    NAMES[network],
    container,
    met(retrofit <= MEGABYTES[container]),
    whole(retrofit),
    whole(MEGABYTES[container]),
    keras === undefined ? '' : whole(keras),
  ]);
  return [['network', 'container', 'goal', 'retrofit MB', 'allowed MB', 'Keras MB'], ...rows];
}

function kerasSection({ retrofits, conversions }) {
  const compared = retrofits.filter(({ milliseconds }) => milliseconds.keras !== undefined);
  if (compared.length === 0) return 'Not measured: no Keras was there.';
  const rows = compared.map(({ network, container, milliseconds }) => {
    const [retrofit, keras] = [milliseconds.retrofit, milliseconds.keras].map(median);
    const least = network === 'resnet50' ? KERAS_GOALS[container] : 1;
    return [
      NAMES[network],
      container,
      times(keras / retrofit),
      `${met(keras >= least * retrofit)} (${least}×)`,
      whole(retrofit),
      whole(keras),
    ];
  });
  const converted = conversions.map(({ network, milliseconds }) => {
    const [convert, converter] = [milliseconds.convert, milliseconds.converter].map(median);
    return [NAMES[network], times(converter / convert), whole(convert), whole(converter)];
  });
  return `${markdownTable([['network', 'container', 'times as fast', 'goal', 'retrofit ms', 'Keras ms'], ...rows], 2)}

\`convert\` from \`.h5\` to TensorFlow.js against \`tensorflowjs_converter\` 4.22.0. That one cannot be imported beside a TensorFlow
of today; it runs with what it does not need here replaced ([bench/tensorflowjs-convert.py](../bench/tensorflowjs-convert.py)).

${markdownTable([['network', 'times as fast', 'convert ms', 'converter ms'], ...converted], 1)}`;
}

function depthRows({ depths }) {
  const rows = depths.map(({ layers, jsonBytes, milliseconds, peakMegabytes }) => {
    const [inspect, retrofit] = [milliseconds.inspect, milliseconds.retrofit].map(median);
    const goal = layers === 10_000 ? met(retrofit <= DEEP_GOAL_MILLISECONDS) : '';
    return [
      layers,
      goal,
      ...[retrofit, inspect, (1000 * retrofit) / layers, jsonBytes / 1e6, peakMegabytes.retrofit].map(whole),
    ];
  });
  return [
    ['layers', 'goal (1 s)', 'retrofit ms', 'inspect ms', 'retrofit µs a layer', 'model.json MB', 'peak MB'],
    ...rows,
  ];
}

function growthSentence({ depths }) {
  const [first, last] = [depths[0], depths.at(-1)];
  if (first === last) return '';
  const growth = median(last.milliseconds.retrofit) / median(first.milliseconds.retrofit);
  return `${times(last.layers / first.layers)} the layers take ${times(growth)} the time.`;
}
