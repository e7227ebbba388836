// docs/VERSIONS.md out of docs/versions.json.

import { CONTAINERS, LOADERS } from './columns.mjs';

const WORDS = {
  exact: 'exact',
  converted: 'converted',
  refused: 'refused',
  differs: '**differs**',
  fails: '**does not load**',
  told: 'warned',
  cannot: 'nor the original',
};
/** Longer ones are configs, which say no more at their end. */
const REASON_CHARACTERS = 180;

/** What came of all models, in a word or two: `exact`, or `5 exact, 1 refused`. */
export function cellText(models) {
  const outcomes = Object.values(models).map(({ outcome }) => outcome);
  // A conversion that gives the very same numbers is one like the others.
  const isConversion = outcomes.includes('converted');
  const words = outcomes.map((outcome) => WORDS[isConversion && outcome === 'exact' ? 'converted' : outcome]);
  const kinds = [...new Set(words)];
  if (kinds.length === 1) return kinds[0];
  return kinds.map((kind) => `${words.filter((word) => word === kind).length} ${kind}`).join(', ');
}

/** Why not all models came out, each reason once, with the names of its models. */
export function reasonsOf(models) {
  const reasons = new Map();
  for (const [name, { outcome, why }] of Object.entries(models)) {
    if (why === undefined) continue;
    const text = `${WORDS[outcome]}: ${why}`;
    reasons.set(text, [...(reasons.get(text) ?? []), name]);
  }
  return [...reasons].map(([text, names]) => ({ text, names }));
}

export function versionsPage(versions) {
  const dates = versions.map(({ date }) => date).sort();
  const period = [...new Set([dates[0], dates.at(-1)])].join(' to ');
  const notes = new Map();
  return `${[
    '# Versions',
    ...INTRODUCTION,
    `As it came out, ${period}.`,
    ...CONTAINERS.flatMap((container) => [
      `## ${container.title}`,
      ...(container.remark === undefined ? [] : [container.remark]),
      tableOf(container, versions, notes),
    ]),
    '## Notes',
    [...notes].map(([note, number]) => `${number}. ${note}`).join('\n'),
    ...absencesOf(versions),
  ].join('\n\n')}\n`;
}

const INTRODUCTION = [
  `Which versions of Keras can load what se-retrofit writes of the models that they saved. Written by \`npm run versions\`
(scripts/versions.mjs), as it came out; every outcome is in [versions.json](versions.json). It needs the real Keras that \`npm test\`
sets up, and Pythons 3.7, 3.8 and 3.11, on the path or pyenv's; what it installs (10 GB) and saves stays in
\`.cache/versions\`, and the next run takes it from there. \`npm run versions -- --only 2.4.4,3.0.5\` tries these
alone and puts their rows in the place of what was there.`,
  `Each version saves seven small models with random weights and batch norm statistics, in every container that it knows: a
VGG (Sequential), a ResNet with projections, a functional base in a Sequential with a new head, a frozen MobileNet in a
functional model, a Siamese network with two outputs, a network a frame of a video with a Bidirectional LSTM behind it, and a
Sequential in a Sequential. Of each:`,
  `- **retrofitted, the same version**: \`se-retrofit <model>\` with nothing else, its output loaded by the version that saved
  the model, beside the original. _exact_: called eagerly, the difference is 0.
- **retrofitted, today's**: the same file in today's tf-keras or Keras, whichever's words it is in. _nor the original_: it does
  not load what the old version saved either.
- **to TensorFlow.js**, **to Keras 3** (\`.keras\`), **to Keras 2** (\`.h5\`): \`se-retrofit convert\`, loaded by real TensorFlow.js
  4.22, today's Keras and today's tf-keras. _converted_: the same outputs within 1e-6 of the largest; _exact_: the very same.
- _refused_: the tool wrote nothing and said why. _warned_: it does not load there, which is what the tool said. **differs** and **does not load** would be defects.`,
];

function tableOf(container, versions, notes) {
  const rows = versions
    .filter(({ containers }) => containers?.[container.id] !== undefined)
    .map(({ title, unsaved, containers }) => {
      const loaders = containers[container.id];
      const cells = LOADERS.map(({ id }) => (loaders[id] === undefined ? '' : cellOf(loaders[id], notes)));
      const marks = Object.entries(unsaved[container.id]).map(([model, why]) =>
        mark(`\`${model}\` is not saved by this version: ${shown(why)}`, notes),
      );
      return [`${title}${marks.join('')}`, ...cells];
    });
  const head = ['saved by', ...LOADERS.map(({ heading }) => heading)];
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

const cellOf = (models, notes) =>
  cellText(models) +
  reasonsOf(models)
    .map(({ names, text }) => mark(`${names.map((name) => `\`${name}\``).join(', ')} ${shown(text)}`, notes))
    .join('');

/** The number of a note, which is new or there. */
function mark(note, notes) {
  if (!notes.has(note)) notes.set(note, notes.size + 1);
  return ` <sup>${notes.get(note)}</sup>`;
}

function shown(text) {
  const short = text.length > REASON_CHARACTERS ? `${text.slice(0, REASON_CHARACTERS)}...` : text;
  const [, outcome, why] = /^(\S[^:]*): (.*)$/s.exec(short) ?? [];
  return Object.values(WORDS).includes(outcome) ? `${outcome}: ${inCode(why)}` : inCode(short);
}

const inCode = (text) => `\`${text.replaceAll('`', "'")}\``;

function absencesOf(versions) {
  const absent = versions.filter(({ missing }) => missing !== undefined);
  if (absent.length === 0) return [];
  return ['## Not to be had', absent.map(({ title, missing }) => `- ${title}: ${inCode(missing)}`).join('\n')];
}
