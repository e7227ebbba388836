import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, test } from 'vitest';
import { makeFolders } from '../support/cli.js';
import { hdf5Fixture } from '../support/hdf5-files.js';
import { type BuiltModel, buildModel, layerOf, layersOf } from '../support/model-builder.js';
import { expectRefused, NET, type Refusal, refuses, writeText } from './refused.js';

// docs/HOSTILE.md, rows 11 and 25: what people give in place of a layers model, recognised and said.

const newFolder = makeFolders();

const bytes = (text: string) => Buffer.from(text, 'latin1');
/** The head of a zip archive whose first member has this name. */
const zip = (member: string) => {
  const head = Buffer.alloc(30);
  head.write('PK\x03\x04\x14\x00', 'latin1');
  head.writeUInt16LE(member.length, 26);
  return Buffer.concat([head, bytes(`${member}${'\0'.repeat(300)}`)]);
};
/** A zip archive without members. */
const EMPTY_ZIP = Buffer.concat([bytes('PK\x05\x06'), Buffer.alloc(18)]);
/** A model in protobuf: ir_version, producer_name, producer_version. */
const onnx = (producer: string) =>
  Buffer.concat([Buffer.from([8, 8, 18, producer.length]), bytes(`${producer}\x1a\x062.1.0\0`)]);
const architecture = () => JSON.stringify(buildModel().json.modelTopology);

describe('files by their first bytes', () => {
  test.each<[name: string, file: string, content: () => Uint8Array | string, code: string, ...words: string[]]>([
    ['an empty file', 'model.json', () => '', 'empty', 'empty'],
    ['a model under gzip', 'model.json', () => gzipSync(architecture()), 'gzip', 'gzip'],
    ['an archive', 'model.tar.gz', () => gzipSync(Buffer.alloc(1024)), 'gzip', 'gzip'],
    ['a Git LFS pointer', 'model.json', () => LFS_POINTER, 'lfs-pointer', 'Git LFS pointer'],
    ['a web page', 'model.json', () => '<!DOCTYPE html>\n<html><body>404</body></html>', 'html', 'web page'],
    ['a web page, indented', 'model.json', () => '\r\n  <html lang="en">', 'html', 'web page'],
    ['an error of a bucket', 'model.json', () => '<?xml version="1.0"?><Error><Code>NoSuchKey', 'html', 'web page'],
    ['HDF5', 'model.h5', () => bytes('\x89HDF\r\n\x1a\n\0\0\0\0\0\x08\x08\0'), 'bad-hdf5', 'HDF5'],
    ['HDF5 under another name', 'model.json', () => bytes('\x89HDF\r\n\x1a\n\0'), 'bad-hdf5', 'HDF5'],
    ['half a .keras file', 'model.keras', () => zip('metadata.json'), 'bad-zip', 'cut short'],
    ['a zip archive', 'model.zip', () => EMPTY_ZIP, 'zip', 'zip'],
    ['PyTorch', 'model.pt', () => zip('archive/data.pkl'), 'pytorch', 'PyTorch'],
    [
      'PyTorch before 1.6',
      'model.pth',
      () => bytes('\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.'),
      'pytorch',
      'PyTorch',
    ],
    ['ONNX of PyTorch', 'model.onnx', () => onnx('pytorch'), 'onnx', 'ONNX', 'operations'],
    ['ONNX under another name', 'model.bin', () => onnx('tf2onnx'), 'onnx', 'ONNX'],
    ['ONNX of an unknown program', 'model.onnx', () => onnx('acme'), 'onnx', 'ONNX'],
    ['TensorFlow Lite', 'model.tflite', () => bytes('\x1c\0\0\0TFL3\x14\0 \0'), 'tflite', 'TensorFlow Lite'],
    ['a frozen graph', 'frozen.pb', () => bytes('\n\x0e\n\x05image\x12\x0bPlaceholder'), 'saved-model', 'operations'],
    ['an architecture', 'model.json', architecture, 'no-weights', 'not beside it'],
    ['other JSON', 'package.json', () => '{"name": "x", "version": "1.0.0"}', 'not-a-model'],
    ['a list', 'model.json', () => '[{"format": "layers-model"}]', 'not-a-model'],
    ['other text', 'README.md', () => '# A model', 'not-a-model'],
    ['the weights', 'weights.bin', () => buildModel().files.get('weights.bin')!, 'not-a-model'],
  ])('%s', async (_, file, content, code, ...words) => {
    const folder = newFolder();
    mkdirSync(join(folder, NET));
    const path = join(folder, NET, file);
    writeFileSync(path, content());
    await expectRefused(folder, [path], { code, file, words });
    await expectRefused(folder, ['inspect', path], { code, file, words });
  });
});

const LFS_POINTER = `version https://git-lfs.github.com/spec/v1
oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393
size 12345
`;

describe('folders and places', () => {
  test.each<[name: string, files: readonly string[], words: readonly string[], refusal: Refusal]>([
    [
      'a folder of checkpoints',
      ['checkpoint', 'w.index', 'w.data-00000-of-00001'],
      [NET],
      { code: 'checkpoint', file: '.', words: ['checkpoint'], hint: '-w PREFIX' },
    ],
    ['the prefix of a checkpoint', ['w.index'], ['net/w'], { code: 'checkpoint', file: 'w' }],
    [
      'the values of a checkpoint',
      ['w.data-00000-of-00001'],
      ['net/w.data-00000-of-00001'],
      { code: 'checkpoint', file: 'w.data-00000-of-00001' },
    ],
    ['a table of something else', ['w.index'], ['net/w.index'], { code: 'not-a-model', file: 'w.index' }],
    [
      'a folder without a model.json',
      ['weights.bin'],
      [NET],
      { code: 'not-a-model', file: '.', words: ['model.json'] },
    ],
    ['an empty folder', [], [NET], { code: 'not-a-model', file: '.', words: ['model.json'] }],
    ['a file that does not exist', [], ['nowhere.json'], { code: 'not-found', file: 'nowhere.json' }],
    [
      'a path through a file',
      ['weights.bin'],
      ['weights.bin/model.json'],
      { code: 'not-found', file: 'weights.bin/model.json' },
    ],
  ])('%s', async (_, files, [place], refusal) => {
    const folder = newFolder();
    for (const file of files) {
      mkdirSync(join(folder, NET, file, '..'), { recursive: true });
      writeFileSync(join(folder, NET, file), 'x');
    }
    mkdirSync(join(folder, NET), { recursive: true });
    const path = place!.startsWith(NET) ? join(folder, place!) : join(folder, NET, place!);
    await expectRefused(folder, [path], refusal);
  });
});

describe('what only its content tells', () => {
  const write = (name: string, content: string | Uint8Array): string => {
    const folder = newFolder();
    mkdirSync(join(folder, NET));
    writeFileSync(join(folder, NET, name), content);
    return folder;
  };

  test('the index of a checkpoint, also where weights are asked for', async () => {
    const folder = write('w.index', Buffer.concat([Buffer.alloc(100), Buffer.from('57fb808b247547db', 'hex')]));
    const path = join(folder, NET, 'w.index');
    await expectRefused(folder, [path], { code: 'checkpoint', file: 'w.index' });
    writeFileSync(join(folder, NET, 'net.json'), architecture());
    for (const weights of [path, join(folder, NET, 'w')])
      await expectRefused(folder, [join(folder, NET, 'net.json'), '-w', weights], {
        code: 'bad-bundle',
        file: 'w.index',
        words: [/where its blocks are|checksum/],
      });
  });

  test('an HDF5 file of data', async () => {
    const folder = newFolder();
    mkdirSync(join(folder, NET));
    const path = join(folder, NET, 'data.h5');
    copyFileSync(hdf5Fixture('packed.h5'), path);
    await expectRefused(folder, [path], { code: 'not-a-model', file: 'data.h5', words: ['data'] });
    copyFileSync(hdf5Fixture('weights.h5'), path);
    await expectRefused(folder, [path], { code: 'no-architecture', file: 'data.h5', field: 'model_config' });
  });
});

describe('TensorFlow.js files that are no layers model', () => {
  const topology = (model: BuiltModel, value: unknown) => Object.assign(model.json, { modelTopology: value });
  const GRAPH = { node: [{ name: 'x', op: 'Placeholder' }], library: {}, versions: { producer: 1482 } };
  const isGraph: Refusal = { code: 'graph-model', field: 'format', words: ['graph model', 'operations'] };

  refuses(newFolder, [
    [
      'a graph model',
      (model) => {
        model.json.format = 'graph-model';
        topology(model, GRAPH);
      },
      isGraph,
    ],
    ['a graph model by its content', (model) => topology(model, GRAPH), isGraph],
    [
      'a graph model of old, without a format',
      (model) => {
        Object.assign(model.json, { format: undefined });
        topology(model, GRAPH);
      },
      isGraph,
    ],
    [
      'another format',
      (model) => {
        model.json.format = 'tfjs-soup';
      },
      { code: 'unknown-format', field: 'format', words: ['"tfjs-soup"'] },
    ],
    [
      'no topology',
      (model) => topology(model, undefined),
      { code: 'not-a-model', field: 'modelTopology', words: ['modelTopology'] },
    ],
    [
      'a topology that is null',
      (model) => topology(model, null),
      { code: 'not-a-model', field: 'modelTopology', words: ['modelTopology'] },
    ],
    ['an empty topology', (model) => topology(model, {}), { code: 'bad-topology', field: 'modelTopology' }],
    [
      'no manifest',
      (model) => Object.assign(model.json, { weightsManifest: undefined }),
      { code: 'bad-manifest', field: 'weightsManifest', words: ['no list of weight groups'] },
    ],
    ...['MyModel', 'my_package>MyModel', 'constructor'].map(
      (name) =>
        [
          `a subclassed model: ${name}`,
          (model: BuiltModel) => {
            model.json.modelTopology.class_name = name;
          },
          {
            code: 'subclassed-model',
            field: 'modelTopology.class_name',
            words: [`"${name}"`, 'it has a graph of layers'],
          },
        ] as const,
    ),
    [
      'a model of a class of its own inside, whose calls Keras 2 counts from 1',
      (model) => {
        const own = layerOf(model, 'a');
        own.class_name = 'OurNet';
        for (const { inbound_nodes: nodes } of layersOf(model))
          for (const call of nodes as unknown[][][]) for (const ref of call) if (ref[0] === 'a') ref[1] = 1;
      },
      {
        code: 'subclassed-model',
        layer: 'a',
        field: 'modelTopology.config.layers[2].class_name',
        words: ['"OurNet"', 'what its call does is not in the file'],
      },
    ],
    [
      'a layer of a class of its own that says no name',
      (model) => {
        const { name: _, ...config } = layerOf(model, 'a').config;
        Object.assign(layerOf(model, 'a'), { class_name: 'OurNet', config, name: undefined });
      },
      { code: 'subclassed-model', field: 'modelTopology.config.layers[2].config.name', words: ['"OurNet"'] },
    ],
    [
      'no list of layers',
      (model) => Object.assign(model.json.modelTopology.config, { layers: {} }),
      { code: 'bad-topology', field: 'modelTopology.config.layers', words: ['no list of layers'] },
    ],
    [
      'a layer without a class',
      (model) => Object.assign(layerOf(model, 'a'), { class_name: 7 }),
      { code: 'bad-topology', field: 'modelTopology.config.layers[2]', words: ['class_name'] },
    ],
    [
      'a layer with two names',
      (model) => Object.assign(layerOf(model, 'a').config, { name: 'other' }),
      { code: 'bad-topology', field: 'modelTopology.config.layers[2].name', words: ['"a"', '"other"'] },
    ],
  ]);

  test('text that is not UTF-8', async () => {
    const folder = newFolder();
    const model = writeText(folder, (text) => text);
    writeFileSync(model, bytes('{"format":"layers-model","author":"Ren\xe9"}'));
    await expectRefused(folder, [model], { code: 'bad-json', words: ['UTF-8'] });
  });
});
