import { existsSync } from 'node:fs';
import type { Command, CommanderError } from 'commander';
import { type RetrofitError, usageError } from '../errors.js';
import { meantName } from '../nearest-names.js';
import { commandOf, findCommand, listOperands } from './command-words.js';

/** Words what the parser of the command line refuses. */
export function commandError(error: CommanderError, program: Command, words: readonly string[]): RetrofitError {
  const { commands } = program;
  const name = commandOf(program, words);
  // What the parser itself suggests stands on a line of its own.
  const message = error.message
    .replace(/^error: /, '')
    .replace(/\n.*/s, '')
    .replace(/^required option .* not specified$/, (said) => missingArgument(program, words) ?? said)
    .replace(/^command-argument value '(.*)' is invalid for argument '(.*)'/, '"$1" is no $2 that is known');
  const [, file] = /^unknown option '([^']+)/.exec(message) ?? [];
  if (file !== undefined && existsSync(file))
    return usageError('bad-flags', message, { hint: `the file of this name is ./${file}` });
  const unknown = /^unknown option '(--?[^'=]+)/.exec(message)?.[1];
  const command = findCommand(commands, name);
  const help = `see se-retrofit ${name} --help`;
  if (unknown === undefined || command === undefined) return usageError('bad-flags', message, { hint: help });
  const others = commands.filter((each) => flagsOf(each).includes(unknown)).map((each) => each.name());
  const flags = flagsOf(command);
  // One letter is near to every other.
  const meant =
    flags.find((flag) => flag === OTHER_WORDS[unknown]) ??
    (unknown.startsWith('--') ? meantName(unknown, flags) : undefined);
  const hint =
    others.length > 0
      ? `it is an option of ${others.join(', ')}; ${help}`
      : meant === undefined
        ? help
        : `did you mean ${meant}? ${help}`;
  return usageError('bad-flags', message, { hint });
}

/** The parser looks for options first, and who gives nothing misses the model first. */
function missingArgument(program: Command, words: readonly string[]): string | undefined {
  const command = findCommand(program.commands, words[0]);
  const missing = command?.registeredArguments[listOperands(program, words).length - 1];
  return missing?.required ? `missing required argument '${missing.name()}'` : undefined;
}

/** Options as other programs call them. */
const OTHER_WORDS: Readonly<Record<string, string>> = { '--format': '--to', '-q': '--quiet', '-f': '--force' };

const flagsOf = ({ options }: Command): readonly string[] => options.flatMap(({ long }) => long ?? []);
