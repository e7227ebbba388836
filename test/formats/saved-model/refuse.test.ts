import { expect, test } from 'vitest';
import { readFrom } from '../../../src/formats/known-formats.js';
import { memoryStorage } from '../../../src/storage/memory.js';
import { field, joined } from '../../support/checkpoint-files.js';

// SavedModel folders that describe no layers of Keras: what each is, and no other.

const graph = (...fields: readonly Uint8Array[]) => field(2, joined(...fields));
const objects = (children: readonly string[], identifier = '') =>
  field(
    7,
    field(
      1,
      joined(
        ...children.map((name) => field(1, joined(field(1, 1), field(2, name)))),
        ...(identifier === '' ? [] : [field(4, field(1, identifier))]),
      ),
    ),
  );
const OF_TENSORFLOW_2 = field(1, field(5, '2.9.1'));

test.each([
  ['a SavedModel of TensorFlow 1', graph(), [], 'tensorflow-1', /a SavedModel of TensorFlow 1/],
  ['a module of TensorFlow Hub', graph(), ['tfhub_module.pb'], 'tensorflow-1', /a module of TensorFlow Hub/],
  ['an export', graph(objects(['_endpoint_names'])), [], 'saved-model', /model\.export\(\)/],
  ['an export of Keras 3', graph(objects(['_all_variables'])), [], 'saved-model', /model\.export\(\)/],
  [
    'a model without its description',
    graph(OF_TENSORFLOW_2, objects(['layer-0'], '_tf_keras_network')),
    [],
    'saved-model',
    /keras_metadata\.pb, which describes its layers, is missing.*2\.9\.1/,
  ],
] as const)('%s', async (_, bytes, others, code, message) => {
  const storage = memoryStorage([
    ['net/saved_model.pb', joined(field(1, 1), bytes)],
    ...others.map((name) => [`net/${name}`, new Uint8Array()] as const),
  ]);
  const error = await readFrom(storage, 'net', {}).catch((thrown: Error) => thrown);
  expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
});
