import { expect, test } from 'vitest';
import { writeModel } from '../../src/index.js';
import { writeModel as writeInMemory } from '../../src/web.js';
import { readFixture } from '../support/fixtures.js';

test('a misspelt option for writing is refused, in both libraries, and undefined is none', async () => {
  const model = await readFixture('vgg');
  const misspelt: object = { too: 'tfjs', quick: undefined };
  const error = { code: 'bad-option', where: { field: 'too' }, hint: 'did you mean "to"?' };
  await expect((async () => writeModel(model, 'never-written', misspelt))()).rejects.toMatchObject(error);
  await expect(writeInMemory(model, misspelt)).rejects.toMatchObject(error);
});
