import type { Plain } from '../json/json-value.js';
import { OPTION_CHOICES, OPTION_RANGES, rangeOf } from '../plan/options.js';

const STAGES = 'a list of whole numbers from 1, or "last"';
const NAMES = 'a list of names';
const YES_OR_NO = 'true or false';
const TEXT = 'a text that is not empty';

const EXPECTED: Readonly<Record<string, string>> = {
  $schema: TEXT,
  output: TEXT,
  stage: STAGES,
  skipStage: STAGES,
  include: NAMES,
  exclude: NAMES,
  at: NAMES,
  bias: YES_OR_NO,
  denyCode: YES_OR_NO,
  allowLinks: YES_OR_NO,
  verify: YES_OR_NO,
  maxAddedParams: 'a text such as "5%" or "200k"',
  ...Object.fromEntries(
    (Object.keys(OPTION_RANGES) as (keyof typeof OPTION_RANGES)[]).map((key) => [
      key,
      rangeOf(key).replace(/^give /, ''),
    ]),
  ),
  ...Object.fromEntries(Object.entries(OPTION_CHOICES).map(([key, choices]) => [key, `one of ${choices.join(', ')}`])),
};

/** What is wrong with a value in a config: `"16" does not fit (location: ratio, expected: a number from 1 to 4096)`. */
export function misfitSentence(config: unknown, path: readonly PropertyKey[]): string {
  const [key] = path;
  const location = path.length === 0 ? 'the whole file' : path.map(String).join('.');
  const expected = key === undefined ? 'an object' : (EXPECTED[String(key)] ?? 'another value');
  return `${shown(valueAt(config, path))} does not fit (location: ${location}, expected: ${expected})`;
}

/** The same for a key that there is not, with the one that was probably meant. */
export function unknownKeySentence(key: string): string {
  const keys = Object.keys(EXPECTED);
  const meant = keys.find((known) => plain(known) === plain(key)) ?? keys.find((known) => isTypo(known, key));
  const expected = meant === undefined ? `one of ${keys.join(', ')}` : JSON.stringify(meant);
  return `there is no such key (location: ${key}, expected: ${expected})`;
}

const valueAt = (config: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown>)?.[key], config);

const shown = (value: unknown): string => {
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' && value !== null ? 'an object' : JSON.stringify(value as Plain);
};

/** `skip-stages`, `skip_stage` and `skipStages` are all meant for `skipStage`. */
const plain = (key: string): string => key.toLowerCase().replace(/[-_]/g, '').replace(/s$/, '');

/** Whether two words are one letter apart: one more, one less, another, or two in the wrong order. */
function isTypo(left: string, right: string): boolean {
  if (Math.abs(left.length - right.length) > 1) return false;
  let start = 0;
  while (start < left.length && left[start] === right[start]) start++;
  const [behindLeft, behindRight] = [left.slice(start), right.slice(start)];
  const swapped = (behindLeft[1] ?? '') + (behindLeft[0] ?? '') + behindLeft.slice(2);
  return (
    behindLeft.slice(1) === behindRight ||
    behindLeft === behindRight.slice(1) ||
    behindLeft.slice(1) === behindRight.slice(1) ||
    swapped === behindRight
  );
}
