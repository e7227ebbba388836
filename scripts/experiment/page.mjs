// The words around the numbers: docs/EXPERIMENT.md.

import { markdownTable } from '../../bench/markdown-table.mjs';
import { STAGE_RULE } from '../../dist/src/runtime/recommend-stages.js';
import { CONCLUSIONS } from './conclusions.mjs';
import { mean } from './statistics.mjs';

const number = (value) => value.toLocaleString('en-US');
const percent = (share) => `${(100 * share).toFixed(1)} %`;
const table = (rows) => markdownTable(rows, 1);
const bytes = (count) => (count < 1e6 ? `${Math.round(count / 1e3)} kB` : `${(count / 1e6).toFixed(1)} MB`);

/**
 * @param transfer `{ network, side, test, counts: [{ count, arms }], milliseconds }`; an arm has its `runs`, each with the
 *   `wrong` pictures of the test
 */
export function experimentPage({ network, side, test, seeds, counts, milliseconds, claim }) {
  const accuracy = ({ wrong }) => 1 - wrong / test;
  const row = (arm) => {
    const all = arm.runs.map(accuracy);
    return [
      arm.title,
      number(arm.runs[0].parameters),
      `**${percent(mean(all))}**`,
      `${percent(Math.min(...all))} to ${percent(Math.max(...all))}`,
      arm.runs[0].learningRate,
      bytes(arm.shipped),
      ...(milliseconds === undefined ? [] : [(milliseconds[arm.name] / 1000).toFixed(1)]),
    ];
  };
  const inKeras = [...counts.flatMap(({ arms }) => arms), ...(claim?.arms ?? [])].map((arm) => arm.otherwiseInKeras);
  return `# Is it worth it? An experiment

Written by \`npm run experiment\` (scripts/experiment), as it came out; the numbers are in
[experiment.json](experiment.json).

You have a trained network and a few labelled pictures of other things. What do you train?

${network} is given ten classes that it never saw: the clothes of
Fashion-MNIST, at ${side} x ${side} pixels. Everything is frozen but what the table names; with the first of ${seeds} seeds, which choose
the pictures too, each way is tried with four learning rates, and with larger or smaller ones where the best was at the end of
them; the one with the lowest loss on the tenth of the pictures that is held back is taken for the others. Each way is stopped early
by the same rule. ${number(test)} other pictures, which nothing was chosen by, are looked at once, at the end.

Two ways are compared by the pictures that only one of them tells right. "By chance" is how likely so uneven a split is if
neither is better (McNemar, exact, over the seeds together, which share their test pictures: take it for a rough measure). What is
under 1 %, and the same way round with every seed, stands below each table in words.

![Accuracy against the number of parameters that are trained](images/experiment.svg)

${inShort(counts, accuracy)}

${CONCLUSIONS}

${counts
  .map(
    ({ count, arms, claims }) => `## ${number(count)} labelled pictures

${table([
  [
    'trained',
    'parameters',
    'accuracy',
    'worst and best seed',
    'learning rate',
    'to ship',
    ...(milliseconds === undefined ? [] : ['seconds an epoch']),
  ],
  ...arms.map(row),
])}

${sayClaims(claims, seeds * test)}`,
  )
  .join('\n\n')}

"To ship" is what two models of one base do not share: of TensorFlow.js files the weights of the modules and of the new layer,
of the norms where these are trained, while the base's file is the same, byte for byte, as long as not everything is trained.${
    milliseconds === undefined
      ? ''
      : ` "Seconds
an epoch" are those of 100 pictures, on one core and the native backend, behind the first: what training does not change is
kept there.`
  }

${claim === undefined ? '' : claimSection({ ...claim, accuracy, answers: seeds * test })}${heldSection(counts, claim)}## Judged again by Keras

One model of each row was converted with \`se-retrofit convert\` and asked by real Keras 3. Of ${number(inKeras.length * test)} answers ${inKeras.reduce((sum, count) => sum + count, 0) || 'none'} is
right in the one and wrong in the other.

## Learning rates tried, with the loss on the pictures held back

${counts
  .map(
    ({ count, arms }) => `${number(count)} labelled pictures, the first seed:

${markdownTable(
  [
    ['trained', 'learning rate: loss'],
    ...arms.map(({ title, rates }) => [
      title,
      rates.map(({ learningRate, loss }) => `${learningRate}: ${loss.toFixed(3)}`).join('; '),
    ]),
  ],
  2,
)}`,
  )
  .join('\n\n')}
`;
}

/** What each way is worth against a new last layer alone. */
const inShort = (counts, accuracy) =>
  table([
    ['points over a new last layer', ...counts.map(({ count }) => `${number(count)} labelled pictures`)],
    ...counts[0].arms.slice(1).map(({ name, title }) => [
      title,
      ...counts.map(({ arms }) => {
        const [own, head] = [name, 'head'].map((each) => arms.find((arm) => arm.name === each)?.runs.map(accuracy));
        return own === undefined ? 'not run yet' : `+${(100 * (mean(own) - mean(head))).toFixed(1)}`;
      }),
    ]),
  ]);

/** Gates that move a little, and what that is worth. */
function heldSection(counts, claim) {
  const named = [
    ...counts.flatMap(({ count, arms }) => arms.map((arm) => ({ ...arm, title: `${number(count)}, ${arm.title}` }))),
    ...(claim?.arms ?? []).map((arm) => ({ ...arm, title: `60,000, ${arm.title}` })),
  ].filter(({ held }) => held !== undefined);
  if (named.length === 0) return '';
  const rows = named.flatMap(({ title, held }) =>
    held.stages.map(({ stage, modules, spread, changed, lost }) => [
      `${title}, stage ${stage}`,
      modules,
      percent(spread),
      percent(changed),
      (100 * lost).toFixed(2),
    ]),
  );
  const told = named.filter(({ held }) => held.recommend.skipStages.length > 0);
  return `## Gates that move a little

Trained beside a frozen network, the gates move by a few hundredths of their range from picture to picture, or by up to a quarter
of it where the pictures are more. Each stage's are held at their means over the labelled pictures, as \`bake\` folds them, and the test pictures are asked again:

${table([['labelled pictures, trained', 'modules', 'gates move by', 'answers that change', 'points lost'], ...rows])}

Even little movement may decide, and \`excite\` recommends to leave modules out only where it has seen that at most
${percent(STAGE_RULE.changedAtMost)} of the answers change. Of these ${named.length} models it ${told.length === 0 ? 'recommends it of no stage' : `recommends it of ${told.length}: ${told.map(recommended).join('; ')}`}.

`;
}

const recommended = ({ title, held: { recommend } }) =>
  `${title}, stage ${recommend.skipStages.join(', ')}, for ${(100 * recommend.lost).toFixed(2)} points`;

/** A network of its own, on the task that it was trained for. */
const claimSection = ({
  channels,
  ratio,
  parameters,
  plateau,
  budget,
  arms,
  claims,
  accuracy,
  answers,
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

${sayClaims(claims, answers)}

`;

/** Who was right where the other was wrong, over all seeds, and what can be said for sure of it. */
function sayClaims(all, answers) {
  const said = ({ one, other, onlyFirst, onlySecond }) =>
    `- **${one}** ${onlyFirst > onlySecond ? 'is better' : 'is worse'} than ${other}, by ${percent(Math.abs(onlyFirst - onlySecond) / answers).replace(' %', '')} points.`;
  const sure = all.filter(({ chance, isOfEverySeed }) => chance < 0.01 && isOfEverySeed);
  return `${table([
    ['the first against the second', 'only the first right', 'only the second right', 'by chance'],
    ...all.map(({ one, other, onlyFirst, onlySecond, chance }) => [
      `${one} / ${other}`,
      number(onlyFirst),
      number(onlySecond),
      chance < 0.001 ? '< 0.001' : chance.toPrecision(2),
    ]),
  ])}

${sure.length === 0 ? 'None of it is sure.' : 'Sure of it:'}

${sure.map(said).join('\n')}`;
}
