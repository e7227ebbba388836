import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkWritten } from '../../src/formats/output/check-written.js';
import { architectureIn } from '../../src/formats/tfjs/tfjs-source.js';
import { RetrofitError, retrofit, writeModel } from '../../src/index.js';
import type { JsonObject } from '../../src/json/json-value.js';
import { parseJson } from '../../src/json/parse-json.js';
import { readFixture } from '../support/fixtures.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const folder = temporaryFolder();

/** A retrofitted model, and its model.json with one text in the place of another. */
async function written(name: string, before: string | RegExp, after: string) {
  const model = retrofit(await readFixture(name));
  const output = join(folder, `${name}-${readdirSync(folder).length}`);
  await writeModel(model, output);
  const text = readFileSync(join(output, 'model.json'), 'utf8').replace(/([:,])\s+/g, '$1');
  const edited = text.replace(before, after);
  expect(edited === text).toBe(before === after);
  return { model, architecture: architectureIn(parseJson(edited).root as JsonObject) };
}

test('what was written as it should be', async () => {
  const { model, architecture } = await written('resnet-v1', 'se_2_1_reduce', 'se_2_1_reduce');
  checkWritten(model, architecture);
});

test.each([
  [
    'a layer has come in',
    '"layers":[',
    '"layers":[{"class_name":"InputLayer","config":{"name":"more","batch_input_shape":[null,2]},"name":"more","inbound_nodes":[]},',
  ],
  ['a layer has another name', /"name":"se_2_1_reduce"/g, '"name":"se_2_1_produce"'],
  ['a layer is of another class', /"class_name":"Multiply"/, '"class_name":"Average"'],
  ['a layer reads another tensor', '[["se_1_1_expand",0,0', '[["se_1_1_reduce",0,0'],
  ['the model has another output', /"output_layers":\[\[".*?"/, '"output_layers":[["se_1_1_scale"'],
  ['a weight has no layer', '"name":"se_1_1_expand/kernel"', '"name":"se_9_1_expand/kernel"'],
  ['a weight has another name', '"name":"se_1_1_expand/kernel"', '"name":"se_1_1_expand/colonel"'],
  ['a weight is missing', /\{"name":"se_1_1_expand\/kernel".*?\},?/, ''],
  ['a weight has another shape', /("name":"se_1_1_expand\/kernel","shape":\[)(\d+)/, '$11$2'],
  [
    'TensorFlow.js does not load it',
    '"class_name":"GlobalAveragePooling2D","config":{',
    '"class_name":"GlobalAveragePooling2D","config":{"activity_regularizer":{"class_name":"L1L2"},',
  ],
])('%s: a defect, and nothing is written', async (_, before, after) => {
  const name = 'resnet-cifar';
  const { model, architecture } = await written(name, before, after);
  try {
    checkWritten(model, architecture);
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(RetrofitError);
    expect(error).toMatchObject({ kind: 'defect', code: 'defect' });
  }
});
