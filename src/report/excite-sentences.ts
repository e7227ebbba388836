import { factsOfContainer, writtenContainer } from '../containers.js';
import type { Warning } from '../model/model.js';
import { count, plural } from '../plural.js';
import type { Recommendation, StageGates } from '../runtime/recommend-stages.js';
import { shellWord } from '../shell-word.js';
import type { ExciteRun } from './excite-run.js';
import { printable, quotedNames, share, visible } from './printable.js';
import type { Table } from './table.js';

/** Fewer images of a class than these give rough numbers. */
const FEW_IMAGES = 10;

/** One row a module. */
export const moduleTable = ({ excitation }: ExciteRun): Table => ({
  head: ['module', 'stage', 'channels', 'params', 'mean gate', 'moves', 'class-specific', 'saturated'],
  rightAligned: new Set([1, 2, 3, 4, 5, 6, 7]),
  rows: excitation.modules.map(
    ({ name, stage, channels, params, mean, range, variances, specificity, saturation, isUntrained }) => [
      printable(name),
      String(stage),
      count(channels),
      count(params),
      `${(mean.reduce((sum, value) => sum + value, 0) / channels).toFixed(3)}${range === 2 ? ' of 2' : ''}`,
      isUntrained ? 'untrained or dead' : share(Math.sqrt(variances.total)),
      share(specificity),
      share(saturation),
    ],
  ),
});

/** Names the modules, images and classes of a run, in one line. */
export const subjectLine = ({ excitation: { modules, images, classes } }: ExciteRun): string =>
  `${plural(modules.length, 'SE module')} over ${plural(images, 'image')} of ${plural(classes.length, 'class', 'classes')}`;

/** Recommends what to do about the modules, with the numbers behind it. */
export function recommendationSentence(recommendation: Recommendation): string {
  const { stages, rule } = recommendation;
  const untrained = stages.filter(({ isUntrained }) => isUntrained);
  const aside =
    recommendation.code === 'untrained' || untrained.length === 0
      ? ''
      : ` Of ${stageList(untrained)} nothing is said: modules there are untrained or dead, every gate is at exactly half its range.`;
  return SENTENCES[recommendation.code](recommendation, rule) + aside + idleSentence(recommendation.idleModules);
}

/** A module that is dead is not hidden by the others of its stage. */
function idleSentence(names: readonly string[]): string {
  if (names.length === 0) return '';
  const [are, them] = names.length === 1 ? ['is', 'it'] : ['are', 'them'];
  return ` ${names.map(printable).join(', ')} ${are} untrained or dead, every gate at exactly half its range: to fold ${them} into the weights changes nothing.`;
}

const SENTENCES: Readonly<
  Record<Recommendation['code'], (recommendation: Recommendation, rule: Recommendation['rule']) => string>
> = {
  'says-little': ({ stages, savesParams, changed }) => {
    const skipped = stages.filter(({ isSkipped }) => isSkipped);
    const isOne = skipped.length === 1;
    const numbers = skipped.map((stage) => `${isOne ? '' : `stage ${stage.stage}: `}${stageNumbers(stage)}`).join('; ');
    const held = share(skipped.reduce((sum, { paramsShare }) => sum + paramsShare, 0));
    return (
      `Leave out ${stageList(skipped)}: the gates there are nearly the same for every class and hardly move (${numbers}), ` +
      `but the modules hold ${held} of the parameters of all modules. ` +
      `That saves ${plural(savesParams, 'parameter')}${changed === null ? ' and should cost little accuracy' : `; ${answersChange(changed)}`}.`
    );
  },
  untrained: () =>
    'Nothing can be recommended: every gate of every image is at exactly half its range, so the modules are untrained, or dead after too high a learning rate. Train them, then look again.',
  'unknown-classes': () =>
    'Nothing is recommended: what the gates say of classes can only be known from two classes at the least, with several images of each.',
  'all-say-little': ({ stages, changed }) =>
    'No stage stands out: in all of them the gates are nearly the same for every class and hardly move ' +
    `(from image to image by ${largestMove(stages)} of their range at the most${changed === null ? '' : `; ${answersChange(changed)}`}). ` +
    'Train the modules longer, or fold their gates into the weights.',
  'answers-change': ({ stages, changed }, { changedAtMost }) =>
    `${keepStages(stages)}: gates that hardly move decide too. With the means in the place of those that say least ` +
    `${share(changed!)} of the answers change, and ${share(changedAtMost)} is the most that is recommended.`,
  'all-needed': ({ stages }, { paramsShareFrom, classSpreadBelow, spreadBelow }) =>
    `${keepStages(stages)}: wherever modules hold ${share(paramsShareFrom)} of the parameters or more, the gates of one at the least differ ` +
    `between classes (by ${share(classSpreadBelow)} of their range or more) or move from image to image (by ${share(spreadBelow)} or more).`,
};

const keepStages = (stages: readonly StageGates[]): string =>
  stages.some(({ isUntrained }) => isUntrained) ? 'Keep every stage that is trained' : 'Keep every stage';

const largestMove = (stages: readonly StageGates[]): string =>
  share(Math.max(...stages.map(({ largestSpread }) => largestSpread)));

const answersChange = (changed: number): string =>
  changed === 0
    ? 'with the mean gates in their place no answer changes'
    : `with the mean gates in their place ${share(changed)} of the answers change`;

const stageNumbers = ({ classSpread, largestSpread, saturation }: StageGates): string =>
  `class means differ by ${share(classSpread ?? 0)} of the range, a gate moves by ${share(largestSpread)} at the most ` +
  `from image to image, ${share(saturation)} of the gates are saturated`;

/** `stage 5`, `stages 4 and 5`. */
export function stageList(stages: readonly StageGates[]): string {
  const numbers = stages.map(({ stage }) => String(stage));
  const last = numbers.pop()!;
  return numbers.length === 0 ? `stage ${last}` : `stages ${numbers.join(', ')} and ${last}`;
}

/** Suggests the next command, ready to paste, with a note on it; undefined where there is nothing to do. */
export function nextStep({
  recommendation,
  excitation,
  input,
  imagesPath,
  given = {},
  tunedHead = 'keep',
}: ExciteRun): { readonly command: string; readonly note: string } | undefined {
  const { code, skipStages, idleModules } = recommendation;
  const { weights, allowLinks = false, preprocess, labels, imageSize } = given;
  const model = `${quoted(input.path)}${flag('-w', weights)}${allowLinks ? ' --allow-links' : ''}`;
  const compute = (command: string, suffix: string, more = '') =>
    `se-retrofit ${command} ${model} ${quoted(imagesPath)}${flag('--preprocess', preprocess)}${flag('--labels', labels)}${flag('--image-size', imageSize)} ` +
    `-o ${quoted(besideModel(input, suffix))}${more}`;
  const idle = recommendation.stages.filter(({ isUntrained }) => isUntrained);
  const untrained = idle.length === 0 ? '' : `, those of ${stageList(idle)} too: first train what is to stay`;
  const isOurs = excitation.modules.every(({ kind }) => kind === 'se-retrofit');
  if (code === 'says-little' && isOurs) {
    const plain = quoted(besideModel(input, '-plain', '.h5'));
    return {
      command: `se-retrofit strip ${model} -o ${plain} && se-retrofit ${plain} --skip-stage ${skipStages.join(',')}`,
      note:
        'The modules are taken out, and new ones put in without these, to be trained again: add the options that they were ' +
        'put in with, such as --ratio. Who still has the original model gives it to the second command alone.',
    };
  }
  if (code === 'untrained') {
    // One class is nothing to train for.
    if (tunedHead === 'none' || excitation.classes.length < 2) return undefined;
    const isNew = tunedHead === 'new';
    return {
      command: compute('tune', '-tuned', isNew ? ' --head new' : ''),
      note: `${isNew ? 'The folders are other classes than the model tells apart: it gets a new last layer for them. ' : ''}The pictures to train with are others than those to judge by.`,
    };
  }
  // Only modules of ours can be baked or left out.
  if (!isOurs) return undefined;
  if (code === 'all-needed' && idleModules.length > 0) {
    return {
      command: compute('bake', '-baked', ' --below 0.001'),
      note: `Only gates that do not move are folded into the weights${untrained}.`,
    };
  }
  if (code !== 'says-little' && code !== 'all-say-little') return undefined;
  return {
    command: compute('bake', '-baked'),
    note: `The gates are replaced by their means and folded into the weights${untrained}.`,
  };
}

const flag = (name: string, value: string | number | undefined): string =>
  value === undefined ? '' : ` ${name} ${quoted(String(value))}`;

/**
 * Names a model made from another, in its format: `net.keras` gives `net-tuned.keras`, `net/model.json` `net/model-tuned`;
 * of a SavedModel folder, as by default, an `.h5`.
 * @param single the ending instead of `.json`, which would be two files
 */
function besideModel({ path, format }: ExciteRun['input'], suffix: string, single = '.json'): string {
  const [, stem, ending = ''] = /^(.*?)[/\\]*(\.(?:keras|h5|hdf5|json|pb))?$/i.exec(path)!;
  const { endings, weightsEnding } = factsOfContainer(writtenContainer(format.container));
  if (weightsEnding !== undefined) return `${stem}${suffix}${single}`;
  return `${stem}${suffix}${endings.includes(ending.toLowerCase()) ? ending : (endings[0] ?? '')}`;
}

/** A word of a command that is shown: a shell takes it, and nothing in it moves a cursor. */
const quoted = (text: string): string => shellWord(visible(text));

/** Lists warnings about the numbers, the model's own first. */
export function exciteWarnings({ warnings, skipped, excitation: { classes } }: ExciteRun): readonly Warning[] {
  const few = classes.filter(({ images }) => images < FEW_IMAGES);
  return [
    ...warnings,
    ...skipped.map(({ path, reason }) => ({
      code: 'skipped-image',
      message: `left out, it cannot be decoded: ${reason}`,
      where: path,
    })),
    ...(classes.length === 1
      ? [warning('one-class', 'there is one class only: how class-specific the gates are cannot be known')]
      : []),
    ...(classes.length > 1 && few.length > 0
      ? [
          warning(
            'few-images',
            few.every(({ images }) => images === 1)
              ? `with one image a class it cannot be known how class-specific the gates are`
              : `fewer than ${FEW_IMAGES} images of ${plural(few.length, 'class', 'classes')} (${quotedNames(few.map(({ name }) => name))}): the numbers are rough`,
          ),
        ]
      : []),
  ];
}

const warning = (code: string, message: string): Warning => ({ code, message, where: null });
