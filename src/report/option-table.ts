import { flagOf } from '../flag-of.js';
import { printable } from './printable.js';
import type { Table } from './table.js';

/** The options of a run, as the user gave them. */
export const optionTable = (options: Readonly<Record<string, unknown>>): Table => ({
  head: ['option', 'value'],
  rightAligned: new Set<number>(),
  rows: Object.entries(options).map(([name, value]) => [flagOf(name), valueWords(value)]),
});

function valueWords(value: unknown): string {
  if (value === undefined || value === null || (Array.isArray(value) && value.length === 0)) return '–';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return printable([value].flat().join(', '));
}
