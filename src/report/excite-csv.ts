import type { Excitation, ExcitedModule } from '../runtime/excite-model.js';

const HEAD = 'module,stage,block,channel,class,images,mean,deviation\r\n';

/**
 * Every mean gate as CSV (RFC 4180), a line for each module, channel and class; first those of all images, whose class is
 * empty. In pieces: of a thousand classes it is gigabytes.
 */
export function* exciteCsv({ modules, classes, images }: Excitation): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  yield encoder.encode(HEAD);
  for (const module of modules) {
    yield encoder.encode(linesOf(module, '', images, module.mean, module.deviation));
    for (const [index, { mean, deviation }] of module.classes.entries()) {
      const { name, images: ofClass } = classes[index]!;
      yield encoder.encode(linesOf(module, name, ofClass, mean, deviation));
    }
  }
}

function linesOf(
  { name, stage, block, channels }: ExcitedModule,
  className: string,
  images: number,
  mean: ArrayLike<number>,
  deviation: ArrayLike<number>,
): string {
  const [start, end] = [[cell(name), stage, block ?? ''].join(','), [cell(className), images].join(',')];
  let lines = '';
  for (let channel = 0; channel < channels; channel++) {
    lines += `${start},${channel},${end},${mean[channel]!.toFixed(7)},${deviation[channel]!.toFixed(7)}\r\n`;
  }
  return lines;
}

const cell = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
