import fc from 'fast-check';
import { addressEdit, byteEdit, floatEdit, mutateBytes } from './mutate-bytes.mjs';
import { jsonEdit, mutateJson } from './mutate-json.mjs';
import { mutateZip, zipEdit } from './mutate-zip.mjs';
import { makeZip, membersOf } from './zip-records.mjs';

// A recipe is plain data: which whole model, what is changed in it, what is then asked of us. Seed and index make it.

const few = (edit) => fc.array(edit, { minLength: 1, maxLength: 3 });
const change = (part, edit) => fc.record({ part: fc.constant(part), edits: few(edit) });

const json = change('json', jsonEdit);
const floats = change('weights', floatEdit);
const weights = change('weights', byteEdit);
const addresses = change('weights', addressEdit);
const text = change('text', byteEdit);
const zip = change('zip', zipEdit);
const whole = change('whole', byteEdit);
const cut = fc.record({
  part: fc.constant('whole'),
  edits: fc.tuple(fc.record({ kind: fc.constant('cut'), place: fc.nat(2 ** 30) })),
});

const oneOf = (...pairs) => fc.oneof(...pairs.map(([weight, arbitrary]) => ({ weight, arbitrary })));
const CHANGES = {
  tfjs: oneOf([14, json], [2, floats], [1, weights], [1, text], [1, cut]),
  h5: oneOf([10, json], [1, floats], [4, addresses], [4, weights], [1, cut]),
  keras: oneOf([10, json], [1, floats], [2, addresses], [2, weights], [4, zip], [1, whole], [1, cut]),
  json: oneOf([10, json], [1, floats], [2, addresses], [2, weights], [1, text], [1, cut]),
};

const options = fc.record(
  {
    ratio: fc.constantFrom(1, 2, 4, 16),
    granularity: fc.constantFrom('block', 'stage', 'conv'),
    placement: fc.constantFrom('standard', 'pre', 'post', 'identity'),
    form: fc.constantFrom('dense', 'conv'),
    squeeze: fc.constantFrom('avg', 'max'),
    bias: fc.boolean(),
  },
  { requiredKeys: [] },
);

const task = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('add'), options: fc.constant({}) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('add'), options }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('convert') }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('translate'),
      to: fc.constantFrom('tfjs', 'keras-h5', 'keras-zip', 'keras-json'),
      dialect: fc.constantFrom('keras2', 'keras3'),
    }),
  },
);

/** The recipe of a mutant: the same for the same format, seed and index. */
export function recipeOf(format, seed, index) {
  const arbitrary = fc.record({ base: fc.nat(2 ** 20), change: CHANGES[format], task });
  return fc.sample(arbitrary, { numRuns: 1, seed: mixed(seed, index) })[0];
}

/** Seed and index as one number, so that neighbours have nothing in common. */
function mixed(seed, index) {
  let hash = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(index + 1, 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) | 0;
}

/**
 * The files of a mutant, by name; the first is the one to read.
 * @param {Map<string, Buffer>} files of the whole model
 * @param {(bytes: Buffer, edit: (text: string) => string) => Promise<Buffer>} editConfig changes the JSON inside an HDF5 file
 */
export async function mutantOf(format, files, { part, edits }, editConfig) {
  const [[name, first], ...others] = files;
  const rest = others.length === 0 ? undefined : others[edits[0].place % others.length];
  const replaced = (key, bytes) => new Map([...files].map(([each, old]) => [each, each === key ? bytes : old]));
  const inJson = (bytes) => Buffer.from(mutateJson(bytes.toString('utf8'), edits));
  if (part === 'whole') return replaced(name, mutateBytes(first, edits));
  if (format === 'keras') {
    if (part === 'zip') return replaced(name, mutateZip(first, edits));
    const member = part === 'json' ? 'config.json' : 'model.weights.h5';
    const changed = part === 'json' ? inJson : (bytes) => mutateBytes(bytes, edits);
    return replaced(
      name,
      makeZip(membersOf(first).map(([each, data]) => [each, each === member ? changed(data) : data])),
    );
  }
  if (format === 'h5') {
    if (part === 'json') return replaced(name, await editConfig(first, (old) => mutateJson(old, edits)));
    return replaced(name, mutateBytes(first, edits));
  }
  if (part === 'json') return replaced(name, inJson(first));
  if (part === 'text') return replaced(name, mutateBytes(first, edits));
  return rest === undefined ? files : replaced(rest[0], mutateBytes(rest[1], edits));
}
