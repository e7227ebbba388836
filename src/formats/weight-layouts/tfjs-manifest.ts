import { inputError } from '../../errors.js';
import {
  getMember,
  isArray,
  isObject,
  type JsonObject,
  type JsonScalar,
  type JsonValue,
  numberOf,
  stringOf,
} from '../../json/json-value.js';
import { MAX_ELEMENTS } from '../../limits.js';
import { DTYPE_BYTES, type Quantization } from '../../model/tensor.js';

/** One entry of a manifest's `weights`. */
export interface WeightSpec {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly quantization: Quantization | undefined;
  /** The state of an optimizer, which no longer fits once layers are added. */
  readonly isOptimizer: boolean;
  readonly json: JsonObject;
  readonly field: string;
}

/** One group: its files are one stream of bytes, in which its weights lie one after the other. */
export interface WeightGroup {
  readonly paths: readonly string[];
  readonly specs: readonly WeightSpec[];
}

const DTYPES: readonly string[] = ['float32', 'int32', 'bool', 'complex64', 'float16', 'uint8', 'uint16', 'string'];

/**
 * Reads a weights manifest.
 * @throws RetrofitError `bad-manifest`, `unsafe-path`, with the field
 */
export function readManifest(json: JsonValue | undefined): readonly WeightGroup[] {
  const field = 'weightsManifest';
  if (!isArray(json)) throw badManifest('no list of weight groups', field);
  const names = new Map<string, string>();
  const files = new Map<string, string>();
  return json.items.map((item, index): WeightGroup => {
    const place = `${field}[${index}]`;
    const paths = getMember(item.value, 'paths');
    const weights = getMember(item.value, 'weights');
    if (!isArray(paths)) throw badManifest('no list of files', `${place}.paths`);
    if (!isArray(weights)) throw badManifest('no list of weights', `${place}.weights`);
    const group = {
      paths: paths.items.map((path, at) => readPath(path.value, `${place}.paths[${at}]`)),
      specs: weights.items.map((weight, at) => readSpec(weight.value, `${place}.weights[${at}]`)),
    };
    group.paths.forEach((path, at) => {
      const key = path
        .split('/')
        .filter((part) => part !== '.')
        .join('/');
      claim(files, key, `${place}.paths[${at}]`, `the file "${path}" is listed twice`);
    });
    for (const spec of group.specs) claim(names, spec.name, spec.field, `two weights are called "${spec.name}"`);
    return group;
  });
}

function claim(taken: Map<string, string>, key: string, field: string, message: string): void {
  const before = taken.get(key);
  if (before !== undefined) throw badManifest(`${message} (first at ${before})`, field);
  taken.set(key, field);
}

// Loaders join these to the model's folder, some of them unchecked: only plain relative paths get through.
function readPath(json: JsonValue, field: string): string {
  const path = stringOf(json);
  if (path === undefined || path === '') throw badManifest('not the name of a file', field);
  const parts = path.split('/');
  const unsafe =
    path.startsWith('/') ||
    parts.includes('..') ||
    parts.includes('') ||
    path.includes('\\') ||
    path.includes('\0') ||
    /^[A-Za-z][A-Za-z0-9+.-]*:/.test(path);
  if (unsafe) {
    throw inputError('unsafe-path', `"${path}" leads out of the folder of the model`, {
      where: { field },
      hint: 'the files of a model lie in its own folder: download them there and name them relative to model.json',
    });
  }
  return path;
}

function readSpec(json: JsonValue, field: string): WeightSpec {
  const name = stringOf(getMember(json, 'name'));
  const dtype = stringOf(getMember(json, 'dtype'));
  const shape = getMember(json, 'shape');
  if (!isObject(json) || name === undefined) throw badManifest('a weight without a name', `${field}.name`);
  if (dtype === undefined || !DTYPES.includes(dtype)) {
    throw badManifest(`"${name}" has the unknown dtype ${JSON.stringify(dtype ?? null)}`, `${field}.dtype`);
  }
  if (!isArray(shape)) throw badManifest(`"${name}" has no shape`, `${field}.shape`);
  const sizes = shape.items.map((item) => numberOf(item.value) ?? Number.NaN);
  if (!sizes.every((size) => Number.isSafeInteger(size) && size >= 0)) {
    throw badManifest(`"${name}" has a dimension that is no whole number of 0 or more`, `${field}.shape`);
  }
  // With a 0 anywhere the product is 0, but a loader that multiplies sizes in turn could still overflow.
  if (sizes.reduce((product, size) => product * Math.max(size, 1), 1) > MAX_ELEMENTS / 8) {
    throw badManifest(`"${name}" has more elements than a computer can address`, `${field}.shape`);
  }
  const quantization = readQuantization(getMember(json, 'quantization'), name, dtype, `${field}.quantization`);
  const isOptimizer = stringOf(getMember(json, 'group')) === 'optimizer';
  return { name, dtype, shape: sizes, quantization, isOptimizer, json, field };
}

function readQuantization(
  json: JsonValue | undefined,
  name: string,
  dtype: string,
  field: string,
): Quantization | undefined {
  if (json === undefined) return undefined;
  const stored = stringOf(getMember(json, 'dtype'));
  if (stored === 'float16') {
    if (dtype !== 'float32') throw badManifest(`"${name}" is ${dtype} stored as float16: only float32 can be`, field);
    return { dtype: stored };
  }
  const [scaleJson, minJson] = [getMember(json, 'scale'), getMember(json, 'min')];
  const [scale, min] = [numberOf(scaleJson), numberOf(minJson)];
  if (stored !== 'uint8' && stored !== 'uint16') {
    throw badManifest(
      `"${name}" has the unknown quantization dtype ${JSON.stringify(stored ?? null)}`,
      `${field}.dtype`,
    );
  }
  if (dtype !== 'float32' && dtype !== 'int32')
    throw badManifest(`"${name}" is ${dtype}: that cannot be quantized`, field);
  if (scale === undefined || min === undefined || !Number.isFinite(scale) || !Number.isFinite(min)) {
    throw badManifest(`"${name}" is quantized without a "scale" and a "min"`, field);
  }
  const texts = { scale: (scaleJson as JsonScalar).text, min: (minJson as JsonScalar).text };
  return { dtype: stored, scale, min, texts };
}

/** Bytes a weight takes in its file; undefined for strings, whose lengths stand among the bytes. */
export function storedBytes(spec: Pick<WeightSpec, 'dtype' | 'shape' | 'quantization'>): number | undefined {
  const each = DTYPE_BYTES[spec.quantization?.dtype ?? spec.dtype];
  return each === undefined ? undefined : each * spec.shape.reduce((product, size) => product * size, 1);
}

function badManifest(message: string, field: string) {
  return inputError('bad-manifest', message, { where: { field }, hint: 'save or download the model again' });
}
