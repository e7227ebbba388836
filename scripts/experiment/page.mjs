// The words around the numbers: docs/EXPERIMENT.md.

import { chance } from './chance.mjs';

const number = (value) => value.toLocaleString('en-US');
const percent = (share) => `${(100 * share).toFixed(1)} %`;
const mean = (numbers) => numbers.reduce((sum, each) => sum + each, 0) / numbers.length;
const bytes = (count) => (count < 1e6 ? `${Math.round(count / 1e3)} kB` : `${(count / 1e6).toFixed(1)} MB`);

/** Rows of cells as a Markdown table. */
const table = ([head, ...rows]) =>
  [head, head.map((_, index) => (index === 0 ? '---' : '---:')), ...rows]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n');

/** The ways that claims are made about, each against what somebody would do instead. */
const CLAIMS = [
  ['modules-4', 'head'],
  ['modules-16', 'head'],
  ['norms', 'head'],
  ['modules-4', 'modules-16'],
  ['modules-4', 'norms'],
  ['modules-4-norms', 'norms'],
  ['modules-4', 'all'],
  ['modules-4-norms', 'all'],
];

const CLAIMED = [
  ['modules', 'plateau'],
  ['original', 'plateau'],
  ['everything', 'plateau'],
  ['everything', 'original'],
  ['from-the-start', 'original'],
];

/**
 * @param transfer `{ network, side, test, counts: [{ count, arms }], milliseconds }`; an arm has its `runs`, each with the
 *   `wrong` pictures of the test
 */
export function experimentPage({ network, side, test, seeds, counts, milliseconds, claim }) {
  const accuracy = ({ wrong }) => 1 - wrong.length / test;
  const row = (arm) => {
    const all = arm.runs.map(accuracy);
    return [
      arm.title,
      number(arm.runs[0].parameters),
      `**${percent(mean(all))}**`,
      `${percent(Math.min(...all))} to ${percent(Math.max(...all))}`,
      arm.runs[0].learningRate,
      bytes(arm.shipped),
      ...(milliseconds === undefined ? [] : [(milliseconds[arm.name] / milliseconds.head).toFixed(1)]),
    ];
  };
  const compare = (arms, [one, other]) => {
    const [left, right] = [one, other].map((name) => arms.find((arm) => arm.name === name));
    const pairs = left.runs.map((run, index) => [new Set(run.wrong), new Set(right.runs[index].wrong)]);
    const only = (a, b) =>
      pairs.reduce((sum, pair) => sum + [...pair[b]].filter((each) => !pair[a].has(each)).length, 0);
    const [mended, broken] = [only(0, 1), only(1, 0)];
    const share = chance(mended, broken);
    return {
      one: left.title,
      other: right.title,
      cells: [number(mended), number(broken), share < 0.001 ? '< 0.001' : share.toPrecision(2)],
      difference: mean(left.runs.map(accuracy)) - mean(right.runs.map(accuracy)),
      isSure: share < 0.01,
    };
  };
  const inKeras = counts.flatMap(({ arms }) => arms.map((arm) => arm.otherwiseInKeras));
  return `# Is it worth it? An experiment

Written by \`npm run experiment\` (scripts/experiment), as it came out; the numbers are in
[experiment.json](experiment.json).

You have a trained network and a few labelled pictures of other things. What do you train?

${network} is given ten classes that it never saw: the clothes of
Fashion-MNIST, at ${side} x ${side} pixels. Everything is frozen but what the table names; with the first of ${seeds} seeds, which choose
the pictures too, each way is tried with three learning rates, and the one with the lowest loss on the tenth of the pictures
that is held back is taken for the others. Each way is stopped early by the same rule. ${number(test)} other pictures, which nothing was
chosen by, are looked at once, at the end.

![Accuracy against the number of parameters that are trained](images/experiment.svg)

${counts
  .map(
    ({ count, arms }) => `## ${number(count)} labelled pictures

${table([
  [
    'trained',
    'parameters',
    'accuracy',
    'worst and best seed',
    'learning rate',
    'to ship',
    ...(milliseconds === undefined ? [] : ['time an epoch']),
  ],
  ...arms.map(row),
])}

${claims(CLAIMS.map((pair) => compare(arms, pair)))}`,
  )
  .join('\n\n')}

"To ship" is what two models of one base do not share: of TensorFlow.js files the weights of the modules and of the new layer,
while the base's file is the same, byte for byte; where norms or everything is trained, it is not.${
    milliseconds === undefined
      ? ''
      : ` "Time an
epoch" is against the new last layer alone, measured in turn on two cores.`
  }

${claim === undefined ? '' : claimSection({ ...claim, compare, accuracy })}## Judged again by Keras

One model of each row was converted with \`se-retrofit convert\` and asked by real Keras 3: ${
    inKeras.every((count) => count === 0)
      ? `of ${inKeras.length} times ${number(test)} answers it is right and
wrong about the very same pictures.`
      : `it is right or wrong otherwise about ${inKeras.join(', ')} of ${number(test)} pictures.`
  }

## Learning rates tried, with the loss on the pictures held back

${counts
  .map(
    ({ count, arms }) => `${number(count)} labelled pictures, the first seed:

${table([
  ['trained', 'lowest', 'middle', 'highest'],
  ...arms.map(({ title, rates }) => [
    title,
    ...rates.map(({ learningRate, loss }) => `${learningRate}: ${loss.toFixed(3)}`),
  ]),
])}`,
  )
  .join('\n\n')}
`;
}

/** A network of its own, on the task that it was trained for. */
const claimSection = ({
  channels,
  ratio,
  parameters,
  plateau,
  budget,
  arms,
  compare,
  accuracy,
}) => `## Modules in a network that is at its plateau

The paper trains networks with modules from the start. Here a residual network of ${channels.join(', ')} channels and ${number(parameters.before)} parameters
is trained on 54,000 pictures of Fashion-MNIST for ${plateau.epochs} epochs, moved by up to 2 pixels and turned round, until the learning rate
is 0; then \`se-retrofit add --ratio ${ratio}\` puts in ${number(parameters.added)} parameters, and each way gets ${budget} epochs more. "From the
start" trains the network with its modules for all ${plateau.epochs + budget} epochs.

${table([
  ['', 'accuracy', 'worst and best seed'],
  ...arms.map(({ title, runs }) => {
    const all = runs.map(accuracy);
    return [title, `**${percent(mean(all))}**`, `${percent(Math.min(...all))} to ${percent(Math.max(...all))}`];
  }),
])}

${claims(CLAIMED.map((pair) => compare(arms, pair)))}

`;

/** Who was right where the other was wrong, over all seeds, and what can be said for sure of it. */
function claims(all) {
  const said = ({ one, other, difference }) =>
    `- **${one}** ${difference > 0 ? 'is better' : 'is worse'} than ${other}, by ${Math.abs(100 * difference).toFixed(1)} points.`;
  return `${table([
    ['the first against the second', 'only the first right', 'only the second right', 'by chance'],
    ...all.map(({ one, other, cells }) => [`${one} / ${other}`, ...cells]),
  ])}

By chance is how likely so uneven a split is if neither is better (McNemar, exact, over the seeds together, which share their test
pictures: take it for a rough measure). More than chance, at 1 %:

${all
  .filter(({ isSure }) => isSure)
  .map(said)
  .join('\n')}`;
}
