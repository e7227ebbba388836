import { type Container, isTfjs } from '../containers.js';
import { usageError } from '../errors.js';
import { listTensors } from '../formats/tfjs/list-tensors.js';
import { QUANTIZED_DTYPES, type QuantizedDtype } from '../formats/tfjs/quantize.js';
import type { NewTfjsOptions } from '../formats/tfjs/write-new-tfjs.js';
import type { Model } from '../model/model.js';
import { matchGlob } from '../plan/glob.js';

/** Flags of `convert` for storing the weights. */
export interface WeightFlags {
  readonly quantize?: readonly string[];
  readonly shardSize?: string;
}

const UNITS: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
};

/**
 * Converts the flags for weight files to options.
 * @throws RetrofitError `bad-option`, `unmatched-glob`
 */
export function storingOptions(
  model: Model,
  container: Container,
  { quantize = [], shardSize }: WeightFlags,
): NewTfjsOptions {
  if (!isTfjs(container) && (quantize.length > 0 || shardSize !== undefined)) {
    const flag = quantize.length > 0 ? 'quantize' : 'shard-size';
    throw usageError('bad-option', `--${flag} is for TensorFlow.js models: Keras files have no such thing`, {
      where: { field: flag },
      hint: 'leave it out, or write a TensorFlow.js model: -o NAME',
    });
  }
  return {
    ...(quantize.length === 0 ? {} : { quantize: chooseQuantization(model, quantize) }),
    ...(shardSize === undefined ? {} : { shardBytes: parseSize(shardSize) }),
  };
}

/** `uint8`, or `uint8:GLOB` for weights of these names; the first that matches a weight counts. */
function chooseQuantization(model: Model, texts: readonly string[]): (name: string) => QuantizedDtype | undefined {
  const names = listTensors(model).map(({ name }) => name);
  const rules = texts.map((text) => {
    const [, dtype, glob] = /^([^:]*)(?::(.*))?$/s.exec(text)!;
    if (!QUANTIZED_DTYPES.includes(dtype as QuantizedDtype)) {
      throw usageError('bad-option', `--quantize ${text}: "${dtype}" is no way to store weights`, {
        where: { field: 'quantize' },
        hint: `give one of ${QUANTIZED_DTYPES.join(', ')}, and a glob on the weights' names if you like: uint8:*/kernel`,
      });
    }
    const matches = glob === undefined ? () => true : matchGlob(glob);
    if (!names.some((name) => matches(name))) {
      throw usageError('unmatched-glob', `--quantize ${text}: no weight matches`, {
        where: { field: 'quantize' },
        hint: `weights are called like ${names.slice(0, 3).join(', ')}`,
      });
    }
    return { dtype: dtype as QuantizedDtype, matches };
  });
  return (name) => rules.find((rule) => rule.matches(name))?.dtype;
}

/** `4MiB`, `500KB`, `4194304`. */
function parseSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*(B|KiB|MiB|GiB|KB|MB|GB)?$/.exec(text.trim());
  const bytes = match === null ? 0 : Math.floor(Number(match[1]) * UNITS[match[2] ?? 'B']!);
  if (Number.isSafeInteger(bytes) && bytes >= 1024) return bytes;
  throw usageError('bad-option', `--shard-size "${text}" is no size of 1 KiB or more`, {
    where: { field: 'shardSize' },
    hint: 'give bytes, or a number with KiB, MiB or GiB: 4MiB',
  });
}
