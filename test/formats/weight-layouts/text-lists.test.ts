import { expect, test } from 'vitest';
import { writeJsonText } from '../../../src/formats/weight-layouts/text-kinds.js';
import { readTextList, writeTextList } from '../../../src/formats/weight-layouts/text-lists.js';
import type { TextKind } from '../../../src/storage/hdf5.js';
import { makeFolders } from '../../support/cli.js';
import { buildFile, editCopy, readFileWith } from '../../support/hdf5-files.js';

const newFolder = makeFolders();
const FIXED: TextKind = { charset: 'ascii', isFixed: true, padding: 'null-pad' };
const many = (count: number) => Array.from({ length: count }, (_, index) => `${index}`.padEnd(30, 'x'));

test('a list that is split keeps its kind of text, however it is split', async () => {
  const folder = newFolder();
  const path = await buildFile(folder, 'old.h5', async (editor) => {
    editor.writeTexts('/', 'layer_names0', many(2000), FIXED);
    editor.writeTexts('/', 'layer_names1', many(400), FIXED);
    editor.makeGroup('/new');
  });
  for (const count of [3, 2150, 5000]) {
    const changed = await editCopy(path, folder, `${count}.h5`, async (editor) => {
      writeTextList(editor, '/new', 'weight_names', ['kernel:0'], [['/', 'layer_names0']]);
      writeTextList(editor, '/', 'layer_names', many(count));
    });
    await readFileWith(changed, (file) => {
      expect(readTextList(file, '/', 'layer_names')).toEqual(many(count));
      const pieces = file.listAttributes('/');
      // NumPy's bytes: 30 a name, 64,512 a piece.
      expect(pieces).toHaveLength(Math.ceil(count / 2150));
      for (const piece of pieces) expect(file.textKind('/', piece)).toEqual({ ...FIXED, isList: true });
      expect(file.textKind('/new', 'weight_names')).toEqual({ ...FIXED, isList: true });
    });
  }
});

test('pieces of long names are cut where none is too long for its attribute', async () => {
  const names = ['a', 'b', 'c'].map((letter) => letter.repeat(40_000));
  const path = await buildFile(newFolder(), 'new.h5', async (editor) => {
    editor.writeTexts('/', 'layer_names', ['x'], FIXED);
    writeTextList(editor, '/', 'layer_names', names);
  });
  await readFileWith(path, (file) => {
    expect(file.listAttributes('/')).toEqual(['layer_names0', 'layer_names1', 'layer_names2']);
    expect(readTextList(file, '/', 'layer_names')).toEqual(names);
  });
});

test('JSON in ASCII is escaped as Python escapes it', async () => {
  const json = '{"name":"modèle 🖼"}';
  const path = await buildFile(newFolder(), 'new.h5', async (editor) => {
    writeJsonText(editor, 'ascii', json, FIXED);
    writeJsonText(editor, 'utf8', json, { ...FIXED, charset: 'utf8' });
  });
  await readFileWith(path, (file) => {
    expect(file.readText('/', 'ascii')).toBe('{"name":"mod\\u00e8le \\ud83d\\uddbc"}');
    expect(file.readText('/', 'utf8')).toBe(json);
  });
});
