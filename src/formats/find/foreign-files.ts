import { inputError, type RetrofitError } from '../../errors.js';
import { getMember } from '../../json/json-value.js';
import type { FoundFile, Storage } from '../../storage/storage.js';
import type { FileContent } from './file-content.js';
import { readBeginning } from './read-json-file.js';

interface ForeignFile {
  readonly code: string;
  readonly recognises: (head: string, content: FileContent) => boolean;
  readonly message: string;
  readonly hint: string;
}

const AS_LAYERS_MODEL =
  'give a TensorFlow.js layers model (model.json with its weight files) or a Keras file (.keras, .h5)';
// A PyTorch checkpoint is a zip archive too.
const isPytorchZip = (head: string): boolean =>
  head.startsWith('PK\x03\x04') && /\/(data\.pkl|version|byteorder)/.test(head);

const DOWNLOAD_AGAIN = 'download the model itself and try again';

const STAND_INS = [
  {
    code: 'lfs-pointer',
    recognises: (head) => head.startsWith('version https://git-lfs'),
    message: 'this is a Git LFS pointer, not the model itself',
    hint: 'fetch the model with: git lfs pull',
  },
  {
    code: 'html',
    recognises: (head) => /^\s*<(!doctype|html|head|body|\?xml|error)/i.test(head),
    message: 'this is a web page, probably an error page that was saved in place of the model',
    hint: DOWNLOAD_AGAIN,
  },
] as const satisfies readonly ForeignFile[];

/** Files that are often given in place of a readable model, by their first bytes. */
const FOREIGN_FILES: readonly ForeignFile[] = [
  { code: 'empty', recognises: (head) => head === '', message: 'the file is empty', hint: DOWNLOAD_AGAIN },
  {
    code: 'pytorch',
    recognises: (head) => isPytorchZip(head) || head.startsWith('\x80\x02'),
    message: 'this is a PyTorch file: its graph is Python code, not data',
    hint: 'only models whose layers are in the file can be changed: rebuild the network in Keras and save that',
  },
  {
    code: 'zip',
    recognises: (head) => head.startsWith('PK'),
    message: 'this is a zip archive',
    hint: 'unpack it and give the model inside',
  },
  {
    code: 'gzip',
    recognises: (head) => head.startsWith('\x1f\x8b'),
    message: 'this is compressed with gzip',
    hint: 'unpack it first: gunzip or tar -xzf',
  },
  ...STAND_INS,
  {
    code: 'tflite',
    recognises: (head) => head.slice(4, 8) === 'TFL3',
    message: 'this is a TensorFlow Lite file: its layers were dissolved into operations',
    hint: 'start from the Keras model it was converted from',
  },
  {
    code: 'onnx',
    recognises: (head, { file }) =>
      head.startsWith('\x08') &&
      (/onnx|pytorch|tf2onnx|keras2onnx|skl2onnx|producer/i.test(head) || file.path.endsWith('.onnx')),
    message: 'this is an ONNX file: it holds operations, not layers',
    hint: 'start from the Keras model it was exported from',
  },
  {
    code: 'saved-model',
    recognises: (_head, { file }) => file.path.endsWith('.pb'),
    message: 'this is a TensorFlow graph: it holds operations, not layers',
    hint: 'in Keras, save the model itself and convert it to a TensorFlow.js layers model',
  },
  {
    code: 'no-architecture',
    recognises: (_head, { json }) => getMember(json?.root, 'weight_map') !== undefined,
    message: 'this is the list of the shards that the weights of a model lie in, without its architecture',
    hint: 'give the architecture and the list: se-retrofit model.json -w NAME.weights.json (in Keras: open("model.json", "w").write(model.to_json()))',
  },
  {
    code: 'not-a-model',
    recognises: (_head, { file }) => /\.(h5|hdf5)$/i.test(file.path),
    message: 'this is not an HDF5 file, or one that begins with a user block',
    hint: 'save the model again with Keras',
  },
];

/** Tells whether an archive is one of another program, by its first member. */
export const isForeignZip = ({ head }: Pick<FileContent, 'head'>): boolean =>
  isPytorchZip(String.fromCharCode(...head));

/** Recognises by its first bytes a file that is a download's placeholder for another; returns message and hint. */
export function findStandIn(start: Uint8Array): (typeof STAND_INS)[number] | undefined {
  const head = String.fromCharCode(...start);
  return STAND_INS.find((standIn) => standIn.recognises(head));
}

/** The error for a download's placeholder for a file, by its first bytes; undefined where the file is itself. */
export function standInError(start: Uint8Array, path: string): RetrofitError | undefined {
  const standIn = findStandIn(start);
  return standIn && inputError(standIn.code, standIn.message, { where: { file: path }, hint: standIn.hint });
}

/** The same for a file that has not been read. */
export const standInAt = async (storage: Storage, file: FoundFile): Promise<RetrofitError | undefined> =>
  standInError(await readBeginning(storage, file, Math.min(64, file.byteLength)), file.path);

/** @throws RetrofitError that says what the file is, and how to get a model that can be read */
export function refuseForeignFile(content: FileContent): never {
  const head = String.fromCharCode(...content.head);
  const found = FOREIGN_FILES.find((foreign) => foreign.recognises(head, content));
  throw inputError(
    found?.code ?? 'not-a-model',
    found?.message ?? 'this is not a model in any format that is known here',
    {
      where: { file: content.file.path },
      hint: found?.hint ?? AS_LAYERS_MODEL,
    },
  );
}
