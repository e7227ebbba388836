// docs/VERSIONS.md out of docs/versions.json.

import { CONTAINERS, LOADERS } from './columns.mjs';

const WORDS = {
  exact: 'exact',
  converted: 'converted',
  refused: 'refused',
  differs: '**differs**',
  fails: '**does not load**',
  cannot: 'original neither',
};

/** What came of all models, in a word or two: `exact`, or `5 exact, 1 refused`. */
export function cellText(models) {
  const counts = new Map();
  // A conversion that gives the very same numbers is a conversion.
  const outcomes = Object.values(models).map(({ outcome }) => outcome);
  const isConversion = outcomes.includes('converted');
  for (const outcome of outcomes) {
    const word = WORDS[isConversion && outcome === 'exact' ? 'converted' : outcome];
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  if (counts.size === 1) return [...counts.keys()][0];
  return [...counts].map(([word, count]) => `${count} ${word}`).join(', ');
}

export function versionsPage({ date, node, versions }) {
  const notes = [];
  const tables = CONTAINERS.map((container) => containerSection(container, versions, notes));
  return `${['# Versions', INTRODUCTION, `${date}, Node ${node}.`, ...tables, notesSection(notes)].join('\n\n')}\n`;
}

const INTRODUCTION = 'TODO';
function containerSection() {
  return '';
}
function notesSection() {
  return '';
}
