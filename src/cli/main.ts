import { existsSync } from 'node:fs';
import { type Command, CommanderError } from 'commander';
import { RetrofitError, usageError } from '../errors.js';
import { shellWord } from '../shell-word.js';
import { commandFirst, commandOf, findCommand, findSingleDash, listOperands, namesOf } from './command-words.js';
import { EXIT_CODES, EXIT_DEFECT, EXIT_DONE } from './exit-codes.js';
import { CONFIGURED, makeProgram } from './program.js';
import { isEnding, noteReported } from './signals.js';

/**
 * Runs the command line, in a process that handles signals and closed pipes already.
 * @param given the arguments, without node and the script
 * @returns the exit code
 */
export async function runWords(given: readonly string[]): Promise<number> {
  const program = makeProgram();
  const inOrder = commandFirst(program, given);
  // Of itself commander's own help knows nothing.
  const words = inOrder[0] === 'help' && inOrder[1] === 'help' ? ['help'] : inOrder;
  if (words.length === 0) {
    // A first look at the program; in a pipeline whose variable is empty it is a mistake.
    program.outputHelp();
    return EXIT_CODES.usage;
  }
  try {
    const slip = findSingleDash(program, words);
    if (slip !== undefined)
      throw usageError('bad-flags', `unknown option '${slip}'`, { hint: `did you mean -${slip}?` });
    await refuseUnknownCommand(program, words);
    await program.parseAsync([...(await configured(program, words))], { from: 'user' });
    return EXIT_DONE;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT_DONE;
    // What an interruption breaks is no news; its own exit code is on the way.
    if (isEnding()) return EXIT_DEFECT;
    return reportFailure(error, words, program);
  }
}

async function reportFailure(thrown: unknown, words: readonly string[], program: Command): Promise<number> {
  const command = commandOf(program, words);
  const error =
    thrown instanceof CommanderError
      ? (await import('./command-errors.js')).commandError(thrown, program, words)
      : thrown;
  const known = error instanceof RetrofitError;
  if (words.includes('--json') && !(known && error.isReported)) {
    const { errorReport, reportLine } = await import('../report/json-report.js');
    const described = known
      ? error
      : {
          code: 'defect',
          message: String(error),
          where: {},
          hint: 'this is a defect of se-retrofit: please report it',
        };
    console.log(reportLine(errorReport(command, described)));
    noteReported();
  }
  if (!known) {
    console.error(error);
    console.error('se-retrofit: this is a defect of ours; please report it with the lines above');
    return EXIT_DEFECT;
  }
  const { errorLine } = await import('../report/error-line.js');
  console.error(errorLine(error));
  if (words.includes('--debug')) console.error(error.stack);
  return EXIT_CODES[error.kind];
}

/** `add` and `inspect` read their config for themselves: it has a schema. */
async function configured({ commands }: Command, words: readonly string[]): Promise<readonly string[]> {
  const command = findCommand(commands, words[0]);
  if (
    command === undefined ||
    !CONFIGURED.includes(command.name()) ||
    !words.some((word) => word.startsWith('--config'))
  )
    return words;
  return (await import('./config-words.js')).withConfigWords(command, commands, words);
}

/**
 * A command behind its model, and `help` behind a command, would be taken for files.
 * @throws RetrofitError `bad-flags`
 */
function refuseOtherOrder({ commands }: Command, first: string, second: string): void {
  const [before, behind] = [first, second].map((word) => findCommand(commands, word));
  if (existsSync(second)) return;
  if (before !== undefined && second === 'help')
    throw usageError('bad-flags', 'there is no file called "help"', { hint: `se-retrofit help ${first}` });
  if (before === undefined && behind !== undefined && existsSync(first))
    throw usageError('bad-flags', `the command comes first, and "${second}" stands behind the model`, {
      hint: `se-retrofit ${second} ${shellWord(first)}`,
    });
}

/** Fewer letters may be the beginning of anything. */
const LEAST_LETTERS = 3;

/**
 * A first word that is no command is the model of `add`, unless no file is called so and one of the commands nearly is, or
 * begins so.
 * @throws RetrofitError `unknown-command`, `bad-flags` for more words than help takes
 */
async function refuseUnknownCommand(program: Command, words: readonly string[]): Promise<void> {
  const isHelp = words[0] === 'help';
  const extra = words.find((word, index) => isHelp && (index > 1 || /^-(?!h$|-help$)/.test(word)));
  if (extra)
    throw usageError('bad-flags', `help takes the name of one command, and no "${extra}"`, { hint: 'leave it out' });
  const names = [...program.commands.flatMap(namesOf), 'help'];
  const [first, second] = listOperands(program, words).map((at) => words[at]!);
  const word = isHelp ? words[1] : first;
  if (!isHelp && first !== undefined && second !== undefined) refuseOtherOrder(program, first, second);
  if (word === undefined || names.includes(word) || word.startsWith('-')) return;
  if (!isHelp && existsSync(word)) return;
  const { meantName, nearestNames } = await import('../nearest-names.js');
  const meant = word.length < LEAST_LETTERS ? nearestNames(word, names)[0] : meantName(word, names);
  if (!isHelp && meant === undefined) return;
  throw usageError('unknown-command', `there is no command${isHelp ? '' : ' and no file'} called "${word}"`, {
    hint: meant === undefined ? `the commands are ${names.join(', ')}` : `did you mean ${meant}?`,
  });
}
