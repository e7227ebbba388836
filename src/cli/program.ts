import { Argument, Command, Option } from 'commander';
import { WRITTEN_CONTAINERS } from '../containers.js';
import { DIALECTS } from '../format-names.js';
import { OPTION_CHOICES, RETROFIT_DEFAULTS } from '../plan/options.js';
import { TOOL } from '../tool.js';
import { addComputeCommands } from './compute-program.js';
import { DENY_CODE, MODEL, WEIGHTS } from './descriptions.js';
import { collect, collectStages, numberOf } from './flags.js';
import { checkOutputFlags } from './output-flags.js';

// Importing this must stay cheap: it is all that --help needs. Commands are imported when they run.

/** Commands whose options may stand in a file, besides `add` and `inspect`. */
export const CONFIGURED: readonly string[] = ['excite', 'tune', 'bake'];

const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** The command line: its commands and their flags. */
export function makeProgram(): Command {
  const program = new Command('se-retrofit')
    .description(
      'Puts Squeeze-and-Excitation modules into trained networks, exactly: until they are trained the new model computes what the old one did.',
    )
    .version(TOOL.split(' ')[1]!, '-v, --version')
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .showHelpAfterError(false)
    .hook('preAction', (_, command) => checkOutputFlags(command));

  const add = addCommand(program);
  const convert = convertCommand(program);
  const strip = stripCommand(program);
  const inspect = inspectCommand(program);
  const computing = addComputeCommands(program);
  for (const command of [add, convert, strip, computing.tune, computing.bake]) addFormatOptions(command);
  for (const command of [add, inspect]) addPlanOptions(command);
  for (const command of [add, convert, strip, inspect, computing.excite, computing.tune, computing.bake])
    addWeightsOption(command);
  for (const command of program.commands) {
    if (CONFIGURED.includes(command.name())) command.option(...CONFIG_OPTION);
    if (command !== computing.backends) command.option('--allow-links', 'admit weight files that are links');
    addCommonOptions(command);
  }
  completionCommand(program);

  program.addHelpText('after', () => {
    const helper = program.createHelp();
    const options = helper.visibleOptions(add).filter((option) => option.long !== '--help');
    const width = Math.max(...options.map((option) => helper.optionTerm(option).length));
    const lines = options.map(
      (option) => `  ${helper.optionTerm(option).padEnd(width)}  ${helper.optionDescription(option)}`,
    );
    return `\nOptions of add:\n${lines.join('\n')}\n\nExample:\n  se-retrofit model.json --ratio 16 --skip-stage 5`;
  });
  return program;
}

function addCommand(program: Command): Command {
  return program
    .command('add', { isDefault: true })
    .description('put SE modules into a model (the default command)')
    .argument('<model...>', MODEL)
    .option('-o, --output <path>', 'where the new model goes (default: <stem>-se beside the input)')
    .option('--output-dir <folder>', 'the folder for the new models, of which there may be several')
    .addOption(new Option('--max-added-params <budget>', 'refuse to add more parameters: 5%, 200k, 1.5M'))
    .option('--deny-code', DENY_CODE)
    .option('--verify', 'compute with both models, and write the new one only if it does not differ')
    .option('--dry-run', 'plan and report, write nothing')
    .option('--markdown <file>', 'write the report as Markdown too')
    .option('--html <file>', 'write a page with a drawing of the network and every module')
    .option('--force', 'replace an existing output or page')
    .option('--quiet', 'print nothing but errors')
    .action(async (models: readonly string[], flags: object) => (await import('./commands/add.js')).add(models, flags));
}

function convertCommand(program: Command): Command {
  return program
    .command('convert')
    .description('write the same model in another format')
    .argument('<model>', MODEL)
    .requiredOption(
      '-o, --output <path>',
      'the new model: NAME (TensorFlow.js), NAME.keras, NAME.h5 or NAME.weights.h5',
    )
    .option('--quantize <how>', 'store weights as float16, uint8 or uint16; uint8:GLOB for some; repeatable', collect)
    .option('--shard-size <size>', 'size of the weight files of a TensorFlow.js model (default: 4MiB)')
    .option('--deny-code', DENY_CODE)
    .option('--force', 'replace an existing output')
    .option('--quiet', 'print nothing but errors')
    .action(async (model: string, flags: object) => (await import('./commands/convert.js')).convert(model, flags));
}

function stripCommand(program: Command): Command {
  return program
    .command('strip')
    .description('take the modules out again that se-retrofit put in')
    .argument('<model>', MODEL)
    .option('-o, --output <path>', 'where the model goes (default: <stem>-plain beside the input)')
    .option('--deny-code', DENY_CODE)
    .option('--force', 'replace an existing output')
    .option('--quiet', 'print nothing but errors')
    .action(async (model: string, flags: object) => (await import('./commands/strip.js')).strip(model, flags));
}

function inspectCommand(program: Command): Command {
  return program
    .command('inspect')
    .description(
      'show stages, blocks, sites, cost, modules already there, where the model loads and what computes with it',
    )
    .argument('<model>', MODEL)
    .option('--markdown <file>', 'write the report as Markdown too')
    .option('--layers', 'list every layer: its name, class, shape and stage')
    .option('--svg <file>', 'draw the network, its blocks and the modules there and to add')
    .option('--force', 'replace an existing drawing')
    .action(async (model: string, flags: object) =>
      (await import('./commands/inspect.js')).inspectCommand(model, flags),
    );
}

function completionCommand(program: Command): void {
  program
    .command('completion')
    .description('print a script by which a shell completes commands, options and files')
    .addArgument(new Argument('<shell>', 'your shell').choices(SHELLS))
    .action(async (shell: Shell) => {
      process.stdout.write((await import('./completion.js')).completionScript(program, shell));
    })
    .configureOutput({ writeErr: () => {} })
    .exitOverride();
}

function addPlanOptions(command: Command): void {
  const choice = (flags: string, description: string, key: keyof typeof OPTION_CHOICES) =>
    command.addOption(
      new Option(flags, `${description}: ${OPTION_CHOICES[key].join(', ')} (default: ${RETROFIT_DEFAULTS[key]})`),
    );
  command
    .option(
      '-r, --ratio <number>',
      `channels over hidden units (default: ${RETROFIT_DEFAULTS.ratio})`,
      numberOf('ratio'),
    )
    .option('--stage <stages>', 'only these stages: 5, or 4,5, or last; repeatable', collectStages('stage'))
    .option('--skip-stage <stages>', 'not these stages; repeatable', collectStages('skip-stage'))
    .option('--include <glob>', 'only behind layers of these names; repeatable', collect)
    .option('--exclude <glob>', 'not behind layers of these names; repeatable', collect)
    .option('--at <layer>', 'behind this layer, instead of at the blocks; repeatable', collect);
  choice('--placement <where>', 'where in the block', 'placement');
  choice('--granularity <unit>', 'one module a', 'granularity');
  choice('--form <form>', 'projections as', 'form');
  choice('--squeeze <pooling>', 'global pooling', 'squeeze');
  command
    .option('--bias', 'give the projections biases')
    .option(
      '--min-units <number>',
      `least hidden units of a module (default: ${RETROFIT_DEFAULTS.minUnits})`,
      numberOf('minUnits'),
    );
  choice('--init <init>', 'initial weights', 'init');
  command
    .option('--seed <number>', `seed of the initial weights (default: ${RETROFIT_DEFAULTS.seed})`, numberOf('seed'))
    .option(...CONFIG_OPTION);
}

const CONFIG_OPTION = ['--config <file>', 'a JSON file with these options, flags win'] as const;

/** Adds the options for the output's format, where its name does not say it. */
function addFormatOptions(command: Command): void {
  command
    .addOption(new Option('--to <container>', 'what to write').choices(WRITTEN_CONTAINERS))
    .addOption(new Option('--dialect <dialect>', 'which Keras to write it for').choices(DIALECTS));
}

function addWeightsOption(command: Command): void {
  command.option('-w, --weights <file>', WEIGHTS);
}

function addCommonOptions(command: Command): void {
  command
    .option('--json', 'print one JSON object')
    .option('--debug', 'show where an error comes from')
    .configureOutput({ writeErr: () => {} })
    .exitOverride();
}
