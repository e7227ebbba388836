import type { Command, Option } from 'commander';
import { OPTION_CHOICES } from '../plan/options.js';
import { inQuotes } from '../shell-word.js';
import { namesOf } from './command-words.js';
import type { Shell } from './program.js';

// Written out once: nothing of se-retrofit runs while somebody types, and nothing that was typed is run.

/** Returns a script for a shell that completes the commands, options and choices of a program, and names of files. */
export function completionScript(program: Command, shell: Shell): string {
  const named = program.commands.flatMap((command) =>
    namesOf(command).map((name) => ({
      name,
      about: command.description(),
      choices: command.registeredArguments[0]?.argChoices ?? [],
      options: [...command.options.filter(({ hidden }) => !hidden).map(describe), HELP],
    })),
  );
  const help = {
    name: 'help',
    about: 'show how a command is used',
    choices: named.map(({ name }) => name),
    options: [],
  };
  const commands = [...named, help];
  return { bash: bashScript, zsh: zshScript, fish: fishScript }[shell](program.name(), commands);
}

interface Described {
  /** `-o` and `--output`, as far as there are such. */
  readonly words: readonly string[];
  readonly about: string;
  /** The name of its value in the help; undefined for a switch. */
  readonly value: string | undefined;
  readonly choices: readonly string[];
}

interface DescribedCommand {
  readonly name: string;
  readonly about: string;
  /** Of its first argument. */
  readonly choices: readonly string[];
  readonly options: readonly Described[];
}

/** The parser has it for every command, and does not list it. */
const HELP: Described = { words: ['-h', '--help'], about: 'show how it is used', value: undefined, choices: [] };

/** Values that are names of files. */
const FILES = ['file', 'folder', 'dir', 'path'];

const describe = (option: Option): Described => ({
  words: [option.short, option.long].filter((word) => word !== undefined && word !== null),
  about: option.description,
  value: /<(.+)>/.exec(option.flags)?.[1],
  choices: option.argChoices ?? OPTION_CHOICES[option.attributeName() as keyof typeof OPTION_CHOICES] ?? [],
});

function bashScript(program: string, commands: readonly DescribedCommand[]): string {
  const names = commands.map(({ name }) => name);
  const reply = (words: readonly string[]) => `COMPREPLY=($(compgen -W ${inQuotes(words.join(' '))} -- "$cur"))`;
  const first = commands.flatMap(({ name, choices }) =>
    choices.length === 0 ? [] : [`    ${name}:${name}) if [[ $cur != -* ]]; then ${reply(choices)}; return; fi ;;`],
  );
  const values = commands.flatMap(({ name, options }) =>
    options.flatMap(({ words, value, choices }) => {
      if (value === undefined) return [];
      const cases = words.map((word) => `${name}:${word}`).join('|');
      return [`    ${cases}) ${choices.length > 0 ? `${reply(choices)}; ` : ''}return ;;`];
    }),
  );
  return `# bash completion of ${program}: source it, for example in ~/.bashrc
_se_retrofit() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command=add
  COMPREPLY=()
  if [[ $cur == = ]]; then cur=; elif [[ $prev == = ]]; then prev=\${COMP_WORDS[COMP_CWORD-2]}; fi
  case \${COMP_WORDS[1]} in ${names.join('|')}) command=\${COMP_WORDS[1]} ;; esac
  case $command:$prev in
${[...first, ...values].join('\n')}
  esac
  if [[ $cur == -* ]]; then
    case $command in
${commands.map(({ name, options }) => `      ${name}) ${reply(options.flatMap(({ words }) => words))} ;;`).join('\n')}
    esac
  elif ((COMP_CWORD == 1)); then
    ${reply(names)}
    local IFS=$'\\n'
    COMPREPLY+=($(compgen -f -- "$cur"))
    compopt -o filenames
  fi
}
complete -o default -F _se_retrofit ${program}
`;
}

function zshScript(program: string, commands: readonly DescribedCommand[]): string {
  const plain = (text: string) => text.replace(/[\\[\]:]/g, '\\$&');
  const action = ({ value, choices }: Described) => {
    if (value === undefined) return '';
    const found = choices.length > 0 ? `(${choices.join(' ')})` : FILES.includes(value) ? '_files' : ' ';
    return `:${plain(value)}:${found}`;
  };
  const specs = ({ options }: DescribedCommand) =>
    options.flatMap((option) =>
      option.words.map((word) => {
        // Behind the name of a long one its value may follow an equals sign.
        const name = option.value !== undefined && word.startsWith('--') ? `${word}=` : word;
        return inQuotes(`*${name}[${plain(option.about)}]${action(option)}`);
      }),
    );
  const operand = ({ choices }: DescribedCommand) =>
    inQuotes(choices.length > 0 ? `2:choice:(${choices.join(' ')})` : '*:file:_files');
  return `#compdef ${program}
# zsh completion of ${program}: a file called _${program} in a folder of $fpath, or sourced after compinit
_se_retrofit() {
  local command=add
  local -a commands=(${commands.map(({ name, about }) => inQuotes(`${name}:${about}`)).join(' ')})
  if ((CURRENT == 2)) && [[ $words[2] != -* ]]; then
    _describe -t commands command commands
    _files
    return
  fi
  case $words[2] in ${commands.map(({ name }) => name).join('|')}) command=$words[2] ;; esac
  case $command in
${commands.map((command) => `    ${command.name}) _arguments ${[...specs(command), operand(command)].join(' ')} ;;`).join('\n')}
  esac
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _se_retrofit "$@"; else compdef _se_retrofit ${program}; fi
`;
}

function fishScript(program: string, commands: readonly DescribedCommand[]): string {
  const others = (name: string) => commands.flatMap((command) => (command.name === name ? [] : [command.name]));
  // A model without a command is one of add.
  const when = (name: string) =>
    inQuotes(
      name === 'add'
        ? `not __fish_seen_subcommand_from ${others(name).join(' ')}`
        : `__fish_seen_subcommand_from ${name}`,
    );
  const option = (name: string, { words, about, value, choices }: Described) => {
    const flags = words.map((word) => (word.startsWith('--') ? `-l ${word.slice(2)}` : `-s ${word.slice(1)}`));
    const takes =
      value === undefined
        ? []
        : choices.length > 0
          ? ['-x', '-a', inQuotes(choices.join(' '))]
          : [FILES.includes(value) ? '-r' : '-x'];
    return ['complete -c', program, '-n', when(name), ...flags, '-d', inQuotes(about), ...takes].join(' ');
  };
  return `# fish completion of ${program}: a file called ${program}.fish in ~/.config/fish/completions
${commands.map(({ name, about }) => `complete -c ${program} -n __fish_use_subcommand -a ${name} -d ${inQuotes(about)}`).join('\n')}
${commands
  .flatMap(({ name, choices, options }) => [
    ...(choices.length > 0 ? [`complete -c ${program} -n ${when(name)} -f -a ${inQuotes(choices.join(' '))}`] : []),
    ...options.map((each) => option(name, each)),
  ])
  .join('\n')}
`;
}
