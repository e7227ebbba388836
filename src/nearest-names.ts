import { distance } from 'fastest-levenshtein';
import { usageError } from './errors.js';

/** Names further away than this share of their letters are other names, not misspellings. */
const FARTHEST_SHARE = 0.5;
const MOST = 3;

/** The names that were probably meant by one that there is not, the nearest first; at most three. */
export function nearestNames(name: string, names: Iterable<string>): readonly string[] {
  const asked = plain(name);
  return [...new Set(names)]
    .map((known) => ({ known, far: distance(asked, plain(known)) }))
    .filter(({ known, far }) => far <= FARTHEST_SHARE * Math.min(asked.length, known.length))
    .sort((left, right) => left.far - right.far)
    .slice(0, MOST)
    .map(({ known }) => known);
}

/** Returns the name that was probably meant: the nearest, or one that begins like it. */
export const meantName = (name: string, names: readonly string[]): string | undefined =>
  nearestNames(name, names)[0] ?? names.find((known) => name !== '' && plain(known).startsWith(plain(name)));

/** Suggests a known name for an unknown one. @param what kind of thing the names are of, in the plural */
export function unknownNameHint(what: string, names: readonly string[], name: string): string {
  const meant = meantName(name, names);
  return meant === undefined ? `the ${what} are ${names.join(', ')}` : `did you mean ${JSON.stringify(meant)}?`;
}

/**
 * Refuses options of the library that there are not, so that none is misspelt in silence.
 * @throws RetrofitError `bad-option`
 */
export function refuseUnknownOptions(given: object, known: object): void {
  const names = Object.keys(known);
  const unknown = Object.entries(given).find(([name, value]) => value !== undefined && !names.includes(name))?.[0];
  if (unknown === undefined) return;
  throw usageError('bad-option', `${unknown}: there is no such option`, {
    where: { field: unknown },
    hint: unknownNameHint('options', names, unknown),
  });
}

/** `skip-stage`, `skip_stage` and `skipStage` are one. */
const plain = (name: string): string => name.toLowerCase().replace(/[-_]/g, '');
