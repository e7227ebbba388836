import type { Command, Option } from 'commander';
import { RetrofitError, usageError } from '../errors.js';
import type { Plain } from '../json/json-value.js';
import { unknownNameHint } from '../nearest-names.js';
import { readConfig } from './config-file.js';
import { collect } from './flags.js';

/** Flags for one run only, which have no place in a file. */
const NOT_IN_FILES: readonly string[] = ['config', 'help', 'json', 'debug'];

/**
 * Returns the words of a command, those of its `--config` file in front of its own. The file holds options under the
 * names that a report gives them: `learningRate` is `--learning-rate`; null stands for absent options, and flags win.
 * @throws RetrofitError `bad-config`, naming the key
 */
export async function withConfigWords(
  command: Command,
  commands: readonly Command[],
  words: readonly string[],
): Promise<readonly string[]> {
  const file = configOf(words);
  if (file === undefined) return words;
  const config = await readConfig(file);
  if (typeof config !== 'object' || config === null || Array.isArray(config))
    throw usageError('bad-config', 'the config is no object', { where: { file }, hint: 'give {"epochs": 3}' });
  const options = command.options.filter((option) => !NOT_IN_FILES.includes(option.attributeName()));
  const given = Object.entries(config).flatMap(([key, value]) => {
    const option = options.find((each) => each.attributeName() === key);
    if (option === undefined && key !== '$schema') throw unknownKey(file, key, options, commands);
    return option === undefined || isGiven(option, words) ? [] : wordsOf(option, value ?? null, file);
  });
  return [words[0]!, ...given, ...words.slice(1)];
}

function configOf(words: readonly string[]): string | undefined {
  const at = words.findIndex((word) => word === '--config' || word.startsWith('--config='));
  if (at < 0) return undefined;
  return words[at] === '--config' ? words[at + 1] : words[at]!.slice('--config='.length);
}

const isGiven = ({ long, short }: Option, words: readonly string[]): boolean =>
  words.some(
    (word) =>
      word === long ||
      word.startsWith(`${long}=`) ||
      (short !== undefined && !word.startsWith('--') && word.startsWith(short)),
  );

function wordsOf(option: Option, value: Plain, file: string): readonly string[] {
  const key = option.attributeName();
  const name = option.long!;
  const misfit = (hint: string) =>
    usageError('bad-config', `${JSON.stringify(value)} does not fit`, { where: { file, field: key }, hint });
  if (value === null) return [];
  if (option.isBoolean()) {
    if (typeof value !== 'boolean') throw misfit('give true or false');
    return value ? [name] : [];
  }
  const values = Array.isArray(value) ? value : [value];
  if (!values.every((each) => typeof each === 'string' || typeof each === 'number'))
    throw misfit(`give what stands behind ${name} on the command line`);
  if (values.length > 1 && option.parseArg !== collect) throw misfit(`give one value, as behind ${name}`);
  for (const each of values) checkValue(option, each, misfit);
  // In one word: a value may begin with a dash.
  return values.map((each) => `${name}=${each}`);
}

/** Refuses what the flag would refuse, as nobody wrote a flag, and a number in quotes. */
function checkValue(option: Option, value: string | number, misfit: (hint: string) => RetrofitError): void {
  if (option.argChoices !== undefined) {
    if (!option.argChoices.includes(String(value))) throw misfit(`give one of ${option.argChoices.join(', ')}`);
    return;
  }
  let parsed: unknown;
  try {
    parsed = option.parseArg?.(String(value), undefined as never);
  } catch (error) {
    if (!(error instanceof RetrofitError)) throw error;
    throw misfit(error.hint ?? error.message.replace(/^--[\w-]+:? /, ''));
  }
  if (typeof value === 'string' && parsed === Number(value)) throw misfit('give it as a number, without quotes');
}

function unknownKey(file: string, key: string, options: readonly Option[], commands: readonly Command[]) {
  const others = NOT_IN_FILES.includes(key)
    ? []
    : commands.filter((other) => other.options.some((option) => option.attributeName() === key));
  const keys = options.map((option) => option.attributeName());
  return usageError('bad-config', 'there is no such key', {
    where: { file, field: key },
    hint:
      others.length > 0
        ? `it is an option of ${others.map((other) => other.name()).join(', ')}`
        : unknownNameHint('keys', keys, key),
  });
}
