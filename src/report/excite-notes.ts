import { plural } from '../plural.js';
import type { ExciteRun } from './excite-run.js';
import { prose, section } from './html.js';
import { byteSize, share } from './printable.js';

/** Explains the terms and numbers of the page, and what they were computed from. */
export function notesSection({ recommendation: { rule }, input, imagesPath, ...run }: ExciteRun): string {
  const terms: readonly (readonly [string, string])[] = [
    [
      'Gate',
      'The number from 0 to 1 by which a module multiplies a channel, anew for each image: sigmoid(W2 relu(W1 z)), where z holds the means of the channels. Where a module doubles it, it runs from 0 to 2, and shares of its range are of 2.',
    ],
    [
      'Class-specific',
      'The share of the variance of the gates that the class explains: omega squared, the variance between the classes over the whole, less what chance explains with so many images. Channels count by how much they vary.',
    ],
    ['Movement', 'The root mean square deviation of a gate from image to image, as a share of its range.'],
    ['Saturated', 'The share of all gates that lie in the outer tenth of their range, at either end.'],
    [
      'Rule',
      `The modules of a stage may be left out where the means of the classes differ by less than ${share(rule.classSpreadBelow)} of the range; where the gates move by less than ${share(rule.spreadBelow)}, or are saturated (${share(rule.saturationFrom)} or more) and move by less than ${share(rule.saturatedSpreadBelow)}; and where they hold ${share(rule.paramsShareFrom)} or more of the parameters of all modules; and where, with the mean gates in their place, ${share(rule.changedAtMost)} of the answers change at the most, if the model names classes. After section 7.2 of Hu et al., Squeeze-and-Excitation Networks (arXiv 1709.01507): the last stage of SE-ResNet-50 could do without for less than 0.1 % of top-5 error.`,
    ],
    [
      'This run',
      `${fileName(input.path)} (${byteSize(input.bytes)}), ${plural(run.excitation.images, 'image')} from ${fileName(imagesPath)}, pixels preprocessed as "${run.preprocess}", computed with TensorFlow.js on ${run.backend}.`,
    ],
  ];
  return section(
    'notes',
    'How to read this',
    '',
    `<dl>${terms.map(([term, text]) => `<dt>${term}</dt><dd>${prose(text)}</dd>`).join('\n')}</dl>`,
  );
}

/** The last part of a path: a page is shown to others. */
export const fileName = (path: string): string =>
  path
    .replace(/[/\\]+$/, '')
    .split(/[/\\]/)
    .at(-1)!;
