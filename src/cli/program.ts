import { Command, Option } from 'commander';
import { OPTION_CHOICES, RETROFIT_DEFAULTS } from '../plan/options.js';
import { TOOL } from '../tool.js';
import type { ExciteFlags } from './commands/excite.js';
import type { VerifyFlags } from './commands/verify.js';
import { addComputeOptions, addImageOptions, addPreprocessOption, amountOf, wholeNumber } from './compute-options.js';
import { collect, collectStages, numberOf } from './flags.js';

const MODEL = 'model.json or its folder (TensorFlow.js), .keras, .h5, or an architecture JSON with its weights (Keras)';
const DENY_CODE = 'refuse models with layers that run code or read files when they are loaded';

// Importing this must stay cheap: it is all that --help needs. Commands are imported when they run.

/** The command line: its commands and their flags. */
export function makeProgram(): Command {
  const program = new Command('se-retrofit')
    .description(
      'Puts Squeeze-and-Excitation modules into trained networks, exactly: until they are trained the new model computes what the old one did.',
    )
    .version(TOOL.split(' ')[1]!)
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .showHelpAfterError(false);

  const add = program
    .command('add', { isDefault: true })
    .description('put SE modules into a model (the default command)')
    .argument('<model>', MODEL)
    .option('-o, --output <path>', 'where the new model goes (default: <stem>-se beside the input)')
    .addOption(new Option('--max-added-params <budget>', 'refuse to add more parameters: 5%, 200k, 1.5M'))
    .option('--deny-code', DENY_CODE)
    .option('--verify', 'compute with both models, and take the new one away if it differs')
    .option('--dry-run', 'plan and report, write nothing')
    .option('--markdown <file>', 'write the report as Markdown too')
    .option('--force', 'replace an existing output')
    .option('--quiet', 'print nothing but errors')
    .action(async (model: string, flags: object) => (await import('./commands/add.js')).add(model, flags));
  const convert = program
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
  const strip = program
    .command('strip')
    .description('take the modules out again that se-retrofit put in')
    .argument('<model>', MODEL)
    .option('-o, --output <path>', 'where the model goes (default: <stem>-plain beside the input)')
    .option('--deny-code', DENY_CODE)
    .option('--force', 'replace an existing output')
    .option('--quiet', 'print nothing but errors')
    .action(async (model: string, flags: object) => (await import('./commands/strip.js')).strip(model, flags));
  const inspect = program
    .command('inspect')
    .description('show stages, blocks, sites, cost, modules already there, and where the model loads')
    .argument('<model>', MODEL)
    .option('--markdown <file>', 'write the report as Markdown too')
    .action(async (model: string, flags: object) =>
      (await import('./commands/inspect.js')).inspectCommand(model, flags),
    );
  const excite = program
    .command('excite')
    .description("look at the gates of a model's SE modules: the paper's figure, as a page, and which stages to skip")
    .argument('<model>', MODEL)
    .argument('<images>', 'a folder that holds one folder of images for each class')
    .option('-o, --output <folder>', 'the report, a new folder (default: <stem>-excite beside the model)')
    .option(
      '--classes <names>',
      'classes with a line of their own: cat,dog; repeatable (default: the most different)',
      collect,
    )
    .option('--per-class <number>', 'images of each class', wholeNumber('per-class', 1), 50)
    .option('--csv <file>', 'write the mean gates of every class as CSV too')
    .option('--force', 'replace an existing report')
    .option('--quiet', 'print nothing but errors')
    .action(async (model: string, images: string, flags: ExciteFlags) =>
      (await import('./commands/excite.js')).excite(model, images, flags),
    );
  addComputeOptions(excite);
  addImageOptions(excite);
  const verify = program
    .command('verify')
    .description('compare what two models compute, and whether the weights of the first are in the second')
    .argument('<before>', MODEL)
    .argument('<after>', 'what was made of it')
    .option('--images <dir>', 'compute these images, instead of random inputs')
    .option('--samples <number>', 'random inputs to compute', wholeNumber('samples', 1), 4)
    .option('--tolerance <number>', 'largest difference of an output that is taken as equal', amountOf('tolerance'), 0)
    .option('--time', 'measure how long both take')
    .option('--before-weights <file>', 'the weights of the first model, where it is an architecture JSON')
    .option('--after-weights <file>', 'the weights of the second')
    .action(async (before: string, after: string, flags: VerifyFlags) =>
      (await import('./commands/verify.js')).verify(before, after, flags),
    );
  const backends = program
    .command('backends')
    .description('show which TensorFlow.js backends run here, how fast, and how to get the others')
    .action(async (flags: object) => (await import('./commands/backends.js')).backends(flags));
  addComputeOptions(verify);
  addPreprocessOption(verify);
  const withOneModel = [add, convert, strip, inspect, excite];
  for (const command of [add, convert, strip]) addFormatOptions(command);
  for (const command of [add, inspect]) addPlanOptions(command);
  for (const command of withOneModel) addWeightsOption(command);
  for (const command of [...withOneModel, verify]) addLinkOption(command);
  for (const command of [...withOneModel, verify, backends]) addCommonOptions(command);

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
    .option('--config <file>', 'a JSON file with these options, flags win');
}

/** What the output is written as, where its name does not say it. */
function addFormatOptions(command: Command): void {
  command
    .addOption(new Option('--to <container>', 'what to write').choices(['tfjs', 'keras-h5', 'keras-json', 'keras-zip']))
    .addOption(new Option('--dialect <dialect>', 'whose words to write it in').choices(['keras2', 'keras3']));
}

function addWeightsOption(command: Command): void {
  command.option('-w, --weights <file>', 'the weights, for the architecture JSON of a Keras model');
}

function addLinkOption(command: Command): void {
  command.option('--allow-links', 'admit weight files that are links');
}

function addCommonOptions(command: Command): void {
  command
    .option('--json', 'print one JSON object')
    .option('--debug', 'show where an error comes from')
    .configureOutput({ writeErr: () => {} })
    .exitOverride();
}
