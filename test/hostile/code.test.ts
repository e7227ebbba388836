import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { errorReportSchema } from '../../src/index.js';
import { bytesIn, makeFolders, run } from '../support/cli.js';
import { isAll } from '../support/is-all.js';
import { editText, modelFileOf, WRITINGS, type Writing, writeWhole } from './containers.js';

// docs/HOSTILE.md, row 17, in the words of both Kerases and in every container; test/cli/refusals-names.test.ts has the many
// places of one layer, refusals-code.test.ts the compile settings.

const newFolder = makeFolders();
const wholes = new Map<Writing, string>();

beforeAll(async () => {
  for (const writing of WRITINGS) {
    const folder = join(newFolder(), 'net');
    await writeWhole(folder, writing);
    wholes.set(writing, folder);
  }
});

const BYTECODE = '"4wEAAAAAAAAAAAAAAAEAAAABAAAAQwAAAHMEAAAAfABTAA=="';
/** What a dropout's entry says of itself, in any dialect. */
const DROPOUT = /"class_name":\s*"Dropout"/g;
const put = (pattern: RegExp, text: string) => (json: string) => json.replace(pattern, text);
/** The config of the dropout begins here: what follows stands in it. */
const inConfig = (text: string) => put(/(?<="class_name":\s*"Dropout",\s*"config":\s*\{)/, text);

const HIDDEN: readonly (readonly [name: string, edit: (json: string) => string])[] = [
  ['a Lambda', put(DROPOUT, '"class_name":"Lambda"')],
  ['a TFSMLayer', put(DROPOUT, '"class_name":"TFSMLayer"')],
  ['a layer of its own', put(DROPOUT, '"class_name":"Evil"')],
  ['a registered layer', put(DROPOUT, '"class_name":"evil>Layer"')],
  [
    'a Lambda in wrappers and models',
    inConfig(
      `"layer":{"class_name":"TimeDistributed","config":{"layer":{"class_name":"Sequential","config":{"layers":[{"class_name":"Lambda","config":{"function":[${BYTECODE},null,null]}}]}}}},`,
    ),
  ],
  [
    'bytecode as a Keras 3 object',
    inConfig(`"activation":{"class_name":"__lambda__","config":{"value":[${BYTECODE},null,null]}},`),
  ],
  [
    'a function to be imported',
    inConfig('"activation":{"module":"os","class_name":"function","config":"system","registered_name":"system"},'),
  ],
  [
    'a class to be imported, as an initializer',
    inConfig(
      '"kernel_initializer":{"module":"subprocess","class_name":"Popen","config":{"args":["id"]},"registered_name":null},',
    ),
  ],
  [
    'a class of Keras to be imported, as a regularizer',
    inConfig(
      '"kernel_regularizer":{"module":"keras.utils","class_name":"get_file","config":{"origin":"https://localhost"},"registered_name":null},',
    ),
  ],
  [
    'a vocabulary of the machine',
    inConfig('"layer":{"class_name":"StringLookup","config":{"vocabulary":"/etc/passwd"}},'),
  ],
  [
    'a vocabulary of the network',
    inConfig('"layer":{"class_name":"TextVectorization","config":{"vocabulary":"https://localhost/words"}},'),
  ],
];

describe.each(WRITINGS)('$container, $dialect, with --deny-code', (writing) => {
  // By default each container hides a part of them, and all together all.
  const turn = WRITINGS.indexOf(writing);
  const cases = HIDDEN.filter((_, index) => isAll || index % 3 === turn % 3);

  test.each(cases)('%s', async (_, edit) => {
    const folder = newFolder();
    cpSync(wholes.get(writing)!, join(folder, 'net'), { recursive: true });
    await editText(join(folder, 'net'), writing, (text) => {
      const changed = edit(text);
      expect(changed).not.toBe(text);
      return changed;
    });
    const before = bytesIn(folder);
    const path = join(folder, 'net', modelFileOf(writing));
    for (const command of [['add'], ['convert', '-o', 'other.keras'], ['strip']]) {
      const result = await run([...command, path, '--deny-code', '--json'], { cwd: folder });
      expect(result.code, result.stderr).toBe(3);
      expect(errorReportSchema.parse(JSON.parse(result.stdout)).error).toMatchObject({
        code: 'code-denied',
        where: { file: path, layer: 'u1_drop' },
      });
      expect(bytesIn(folder)).toEqual(before);
    }
  });
});
