import type { Command } from 'commander';

/** Moves a command to the front that stands behind options: `--json inspect net.keras`. */
export function commandFirst(program: Command, words: readonly string[]): readonly string[] {
  const at = findOperand(program, words);
  const word = words[at];
  const isCommand = word === 'help' || findCommand(program.commands, word) !== undefined;
  if (at === 0 || !isCommand) return words;
  return [word!, ...words.toSpliced(at, 1)];
}

/** Returns the place of the first word that is no option, nor the value of one: the end where all are. */
export const findOperand = (program: Command, words: readonly string[]): number =>
  listOperands(program, words)[0] ?? words.length;

/** Returns the places of the words that are no options, nor the values of one. */
export function listOperands({ commands }: Command, words: readonly string[]): readonly number[] {
  const taking = commands.flatMap(({ options }) => options.filter(({ required }) => required));
  const takesValue = (word: string) => taking.some(({ long, short }) => word === long || word === short);
  const places: number[] = [];
  for (let at = 0; at < words.length; at++) {
    if (!words[at]!.startsWith('-')) places.push(at);
    else if (takesValue(words[at]!)) at++;
  }
  return places;
}

/** Finds an option that lacks a dash: `-ratio` would be `-r`, with `atio` for its value. */
export const findSingleDash = ({ commands }: Command, words: readonly string[]): string | undefined =>
  words.find((word) => commands.some(({ options }) => options.some(({ long }) => long === `-${word.split('=')[0]}`)));

/** Returns the name of the command; a word that is none is the model of the default command. */
export const commandOf = ({ commands }: Command, [word]: readonly string[]): string =>
  findCommand(commands, word)?.name() ?? 'add';

/** Finds a command by its name or its other name. */
export const findCommand = (commands: readonly Command[], word: string | undefined): Command | undefined =>
  commands.find((command) => word !== undefined && namesOf(command).includes(word));

export const namesOf = (command: Command): readonly string[] => [command.name(), ...command.aliases()];
