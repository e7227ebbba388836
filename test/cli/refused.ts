import { join } from 'node:path';
import { expect, test } from 'vitest';
import { errorReportSchema } from '../../src/index.js';
import { expectFailure, namesIn, run } from '../support/cli.js';
import { runHere } from '../support/cli-here.js';
import { type BuiltModel, buildModel, groupOf, writeBuilt } from '../support/model-builder.js';

/** How a run has to fail. The place is compared as a whole: what is not given here must not be named there. */
export interface Refusal {
  readonly code: string;
  /** 4 unless given. */
  readonly exit?: number;
  /** Relative to the folder of the model; its model.json unless given. */
  readonly file?: string;
  readonly layer?: string;
  readonly field?: string;
  /** What the message must hold. */
  readonly words?: readonly (string | RegExp)[];
  /** What the hint must hold. */
  readonly hint?: string;
}

/** The folder of the models that are built here, inside the folder of a test. */
export const NET = 'net';

/** Builds a valid model, breaks it, and writes it into `net`, inside the folder; gives the path of its model.json. */
export function writeBroken(folder: string, spoil: (model: BuiltModel, folder: string) => void): string {
  const model = buildModel();
  spoil(model, folder);
  return writeBuilt(join(folder, NET), model);
}

/** The same, broken as a text. */
export function writeText(folder: string, spoil: (text: string) => string): string {
  const model = buildModel();
  return writeBuilt(join(folder, NET), model, spoil(JSON.stringify(model.json)));
}

/** The codes that were seen without --json, as a process: the two ways differ in stdout alone, and a process takes its time. */
const shownToPeople = new Set<string>();

/**
 * Runs the tool on a model that it must refuse, for programs and, once for each code, for people: the exit code, nothing
 * on stdout or one JSON object, one line on stderr with place, message and hint, no raw control character, nothing
 * written anywhere.
 */
export async function expectRefused(
  folder: string,
  words: readonly string[],
  { code, exit = 4, file = 'model.json', layer, field, words: said = [], hint }: Refusal,
): Promise<void> {
  const before = namesIn(folder);
  const json = await runHere([...words, '--json'], { cwd: folder });
  expect(json.stdout).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}](?!$)/u);
  const { command, error } = errorReportSchema.parse(JSON.parse(json.stdout));
  const path = file === '.' ? join(folder, NET) : join(folder, NET, file);
  expect({ code: error.code, where: error.where }).toEqual({
    code,
    where: { file: path, layer: layer ?? null, field: field ?? null },
  });
  expect(command).toBe(words[0] === 'inspect' ? 'inspect' : 'add');
  for (const word of said) expect(error.message).toMatch(word);
  expect(error.hint).toMatch(hint ?? /\w{3,}/);
  const places = [path, layer === undefined ? '' : `layer "${layer}"`, field ?? ''].filter((part) => part !== '');
  const shown = places.map((place) => cut(escaped(place))).join(', ');
  const line = `se-retrofit: ${shown}: ${escaped(`${error.message} (${error.hint})`)}\n`;
  expect(json).toMatchObject({ code: exit, stderr: line });
  if (!shownToPeople.has(code)) {
    shownToPeople.add(code);
    const plain = await run(words, { cwd: folder });
    expectFailure(plain, exit);
    expect(plain.stderr).toBe(line);
  }
  expect(namesIn(folder)).toEqual(before);
}

/** As messages show control characters: none may break the line or reach the terminal. */
const escaped = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (found) => `\\u${found.codePointAt(0)!.toString(16).padStart(4, '0')}`);

const cut = (text: string): string => (text.length > 120 ? `${text.slice(0, 117)}...` : text);

export type Row = readonly [name: string, spoil: (model: BuiltModel, folder: string) => void, refusal: Refusal];

/** One test a row: the model, broken like this, is refused like that. */
export const refuses = (newFolder: () => string, rows: readonly Row[]) =>
  test.each(rows)('%s', async (_, spoil, refusal) => {
    const folder = newFolder();
    await expectRefused(folder, [writeBroken(folder, spoil)], refusal);
  });

/** Makes the last weight file so much longer, with zeros, or shorter. */
export function resize(model: BuiltModel, by: number): void {
  const [path, bytes] = [...model.files].at(-1)!;
  const resized = new Uint8Array(bytes.byteLength + by);
  resized.set(bytes.subarray(0, resized.byteLength));
  model.files.set(path, resized);
}

/** A float32 weight more, with its bytes. */
export function addWeight(model: BuiltModel, name: string, shape: readonly number[]): void {
  groupOf(model).weights.push({ name, shape: [...shape], dtype: 'float32' });
  resize(model, 4 * shape.reduce((product, size) => product * size, 1));
}
