import { type Command, Option } from 'commander';
import { BEST_CHOICES, HEAD_CHOICES, TUNE_DEFAULTS } from '../tune/tune-options.js';
import type { BakeFlags } from './commands/bake.js';
import type { ExciteFlags } from './commands/excite.js';
import type { VerifyFlags } from './commands/verify.js';
import {
  addComputeOptions,
  addImageOptions,
  addPreprocessOption,
  amountOf,
  shareOf,
  wholeNumber,
} from './compute-options.js';
import { MODEL } from './descriptions.js';
import { collect, numberOf } from './flags.js';
import { parseLearningRate, parseTrain, parseValidation, type TuneFlags } from './tune-flags.js';

const IMAGES = 'a folder that holds one folder of images for each class';

/** The commands that compute with TensorFlow.js. Importing them must stay cheap: --help needs it. */
export const addComputeCommands = (program: Command) => ({
  verify: verifyCommand(program),
  excite: exciteCommand(program),
  tune: tuneCommand(program),
  bake: bakeCommand(program),
  backends: backendsCommand(program),
});

function verifyCommand(program: Command): Command {
  const command = program
    .command('verify')
    .description('compare what two models compute, and whether the weights of the first are in the second')
    .argument('<before>', MODEL)
    .argument('<after>', 'what was made of it')
    .option('--images <dir>', 'compute these images, instead of random inputs')
    .addOption(
      new Option('--samples <number>', 'random inputs to compute')
        .argParser(wholeNumber('samples', 1))
        .default(4)
        .conflicts('images'),
    )
    .option(
      '--tolerance <number>',
      'largest difference of an output that is taken as equal; above 0 the weights need not be those of the first',
      amountOf('tolerance'),
      0,
    )
    .option('--time', 'measure how long both take')
    .option('--before-weights <file>', 'the weights of the first model, where it is an architecture JSON')
    .option('--after-weights <file>', 'the weights of the second')
    .action(async (before: string, after: string, flags: VerifyFlags) =>
      (await import('./commands/verify.js')).verify(before, after, flags),
    );
  addComputeOptions(command);
  addPreprocessOption(command);
  return command;
}

function exciteCommand(program: Command): Command {
  const command = program
    .command('excite')
    .alias('gates')
    .description("look at the gates of a model's SE modules: the paper's figure, as a page, and which stages to skip")
    .argument('<model>', MODEL)
    .argument('<images>', IMAGES)
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
  addComputeOptions(command);
  addImageOptions(command);
  return command;
}

function tuneCommand(program: Command): Command {
  const command = program
    .command('tune')
    .description('train the SE modules of a model, for its own classes or for new ones')
    .argument('<model>', MODEL)
    .argument('<images>', IMAGES)
    .requiredOption('-o, --output <path>', 'where the trained model goes')
    .option(
      '-r, --ratio <number>',
      'put modules in first, as add --ratio does (default: none are put in)',
      numberOf('ratio'),
    )
    .option(
      '--epochs <number>',
      'how often each image is seen (default: 5; with a new head 20, or up to 60 where there are few images)',
      wholeNumber('epochs', 1),
    )
    .option(
      '--learning-rate <number>',
      'of Adam, at first; it falls to 0 along half a cosine (default: 0.001; for other classes 0.01 without modules, 0.003 for them and the norms, 0.0001 for all of it)',
      parseLearningRate,
    )
    .addOption(
      new Option('--head <what>', "the model's own last layer, or a new one with one unit a class folder")
        .choices(HEAD_CHOICES)
        .default(TUNE_DEFAULTS.head),
    )
    .option(
      '--train <parts>',
      'modules, head (the last layer), norms (their gamma and beta), several with commas between, or all that the model does not freeze (default: modules; with a new head modules,head)',
      parseTrain,
    )
    .option(
      '--validation <what>',
      'the share of the images that is kept to judge by, or a folder of others',
      parseValidation,
      TUNE_DEFAULTS.validation,
    )
    .addOption(
      new Option('--best <number>', "which of the validation's numbers tells the best epoch")
        .choices(BEST_CHOICES)
        .default(TUNE_DEFAULTS.best),
    )
    .option(
      '--patience <epochs>',
      'stop after so many epochs without a better one (default: with a new head 10, else never)',
      wholeNumber('patience', 1),
    )
    .option('--flip', 'mirror half of the images, left to right')
    .option('--shift <pixels>', 'move images by up to so much', wholeNumber('shift', 0), TUNE_DEFAULTS.shift)
    .option('--checkpoints <folder>', 'keep there what --resume needs, after each epoch')
    .option('--resume', 'go on from the checkpoint that an earlier run left, with the same options (--patience apart)')
    .option('--html <file>', 'write a page with the curves')
    .option(
      '--force',
      'replace an existing output; start anew where a checkpoint is; with --resume: admit another learning rate',
    )
    .option('--quiet', 'print nothing but errors')
    .action(async (model: string, images: string, flags: TuneFlags) =>
      (await import('./commands/tune.js')).tune(model, images, flags),
    );
  addComputeOptions(command);
  addImageOptions(command);
  return command;
}

function bakeCommand(program: Command): Command {
  const command = program
    .command('bake')
    .description('replace gates by their means over images, folded into the weights beside the modules')
    .argument('<model>', MODEL)
    .argument('<images>', 'a folder of images, in one folder for each class if accuracy is to be told')
    .requiredOption('-o, --output <path>', 'where the new model goes')
    .option('--below <share>', 'only modules whose gates move by less, as a share of their range', shareOf('below'))
    .option('--force', 'replace an existing output')
    .option('--quiet', 'print nothing but errors')
    .action(async (model: string, images: string, flags: BakeFlags) =>
      (await import('./commands/bake.js')).bake(model, images, flags),
    );
  addComputeOptions(command);
  addImageOptions(command);
  return command;
}

function backendsCommand(program: Command): Command {
  return program
    .command('backends')
    .description('show which TensorFlow.js backends run here, how fast, and how to get the others')
    .action(async (flags: object) => (await import('./commands/backends.js')).backends(flags));
}
