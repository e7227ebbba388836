import { usageError } from '../errors.js';
import { CONTAINERS } from '../format-names.js';
import type { Container, Dialect, Format } from '../model/model.js';
import type { Storage } from '../storage/storage.js';

/** Where a model goes, and as what. */
export interface OutputPlace {
  readonly format: Format;
  /** The folder of the files: one of its own for a TensorFlow.js model. */
  readonly folder: string;
  readonly modelName: string;
  /** The file of the weights, where they have one of their own beside an architecture. */
  readonly weightsName?: string;
  /** What was asked for, as people are told. */
  readonly path: string;
}

/** What the user says of the output. */
export interface OutputRequest {
  readonly output?: string | undefined;
  readonly to?: Container | undefined;
  readonly dialect?: Dialect | undefined;
}

export interface InputPlace {
  readonly path: string;
  /** Whether it is the folder that holds the model.json. */
  readonly isFolder: boolean;
  readonly format: Format;
}

const MODEL_FILE = 'model.json';
const INPUT_ENDING = /\.(json|h5|hdf5|keras)$/i;

/** What stands for bytes that are no UTF-8: the file would get another name than was asked for. */
const UNDECODABLE = '\ufffd';

const notText = (output: string) =>
  usageError('bad-option', 'the name of the output is not in UTF-8', {
    where: { file: output },
    hint: 'give another name with -o',
  });

const ENDINGS: Readonly<Record<Exclude<Container, 'tfjs'>, string>> = {
  'keras-h5': '.h5',
  'keras-json': '.json',
  'keras-zip': '.keras',
};

/** The files an output consists of, the one that names it last; a TensorFlow.js model has as many as it has. */
export const listOutputNames = ({ weightsName, modelName }: OutputPlace): readonly string[] =>
  weightsName === undefined ? [modelName] : [weightsName, modelName];

/**
 * The place an output option names; without one, `<stem><suffix>` beside the input, in the input's format.
 * @throws RetrofitError `bad-option` where the name says another container than `--to`, or has the ending of another file
 */
export function outputPlace(storage: Storage, input: InputPlace, request: OutputRequest, suffix = '-se'): OutputPlace {
  const { output } = request;
  if (output?.includes(UNDECODABLE)) throw notText(output);
  const named = output === undefined ? undefined : containerOf(storage, output, input.format, request.to);
  const container = request.to ?? named?.container ?? input.format.container;
  const format: Format = {
    container,
    dialect: dialectOf(container, input, request),
    weightLayout: layoutOf(container, input),
  };
  if (named !== undefined && !named.allows.includes(container)) {
    throw usageError(
      'bad-option',
      `--to ${container} contradicts the name of the output, which is one of ${named.container}`,
      {
        where: { file: output, field: 'to' },
        hint:
          container === 'tfjs'
            ? 'give the name of a folder: -o NAME'
            : `give a name that ends in ${ENDINGS[container]}`,
      },
    );
  }
  const path = output ?? defaultOutput(storage, input, suffix);
  if (container === 'tfjs') {
    if (/\.json$/i.test(path)) return placeAt(storage, storage.folderOf(path), storage.nameOf(path), format);
    return placeAt(storage, path, MODEL_FILE, format);
  }
  const stem = storage.nameOf(path).replace(/(\.weights)?\.(h5|hdf5|json|keras)$/i, '');
  const keepsName = output !== undefined && named!.container === container && !/\.weights\.h5$/i.test(output);
  const name = keepsName ? storage.nameOf(path) : `${stem}${ENDINGS[container]}`;
  const place = placeAt(storage, storage.folderOf(path), name, format);
  if (container !== 'keras-json') return place;
  return { ...place, weightsName: `${stem}${format.weightLayout === 'legacy-hdf5' ? '.h5' : '.weights.h5'}` };
}

const placeAt = (storage: Storage, folder: string, modelName: string, format: Format): OutputPlace => ({
  format,
  folder,
  modelName,
  path: storage.join(folder, modelName),
});

interface NamedContainer {
  readonly container: Container;
  /** What `--to` may say with a name like this. */
  readonly allows: readonly Container[];
}

/**
 * The ending by which a name says that it is a file; undefined for the name of a folder. Not every dot is one: in
 * `mobilenet_0.25`, `resnet50-v1.5` and `net.v2` it stands in a number or a version, and a slash at the end says folder.
 */
export function findEnding(path: string): string | undefined {
  const ending = /[^./\\](\.[a-z][a-z0-9]*)$/i.exec(path)?.[1];
  return ending !== undefined && /^\.v\d+$/i.test(ending) ? undefined : ending;
}

/** The container a name stands for. */
function containerOf(storage: Storage, output: string, input: Format, to: Container | undefined): NamedContainer {
  const name = storage.nameOf(output);
  if (/\.keras$/i.test(name)) return { container: 'keras-zip', allows: ['keras-zip'] };
  if (/\.weights\.h5$/i.test(name)) return { container: 'keras-json', allows: ['keras-json'] };
  if (/\.(h5|hdf5)$/i.test(name)) return { container: 'keras-h5', allows: ['keras-h5'] };
  if (/\.json$/i.test(name)) return jsonContainer(name, output, input);
  const ending = findEnding(output);
  if (ending === undefined || to === 'tfjs') return { container: 'tfjs', allows: CONTAINERS };
  throw usageError('bad-option', `no model is written as "${ending}"`, {
    where: { file: output, field: 'output' },
    hint: `give a name in .keras, .h5, .hdf5, .weights.h5 or .json, or without an ending for a TensorFlow.js folder; a folder of this very name is ${storage.nameOf(output)}/`,
  });
}

/** JSON is the architecture of a Keras model where the input is one, and else TensorFlow.js. */
function jsonContainer(name: string, output: string, input: Format): NamedContainer {
  const isInFolder = name === MODEL_FILE && name !== output;
  const isKerasJson = input.container === 'keras-json' && !isInFolder;
  return { container: isKerasJson ? 'keras-json' : 'tfjs', allows: ['tfjs', 'keras-json'] };
}

function dialectOf(container: Container, input: InputPlace, { dialect }: OutputRequest): Dialect {
  if (container !== 'tfjs') return dialect ?? (input.format.container === 'tfjs' ? 'keras3' : input.format.dialect);
  if (dialect !== 'keras3') return 'keras2';
  throw usageError('bad-option', '--dialect keras3: TensorFlow.js models are always written in the words of Keras 2', {
    where: { field: 'dialect' },
    hint: 'leave it out, or write a Keras file: -o NAME.keras',
  });
}

function layoutOf(container: Container, { format }: InputPlace): Format['weightLayout'] {
  if (container === 'tfjs') return 'tfjs-manifest';
  if (container === 'keras-h5') return 'legacy-hdf5';
  return container === 'keras-json' && format.container === 'keras-json' ? format.weightLayout : 'weights-hdf5';
}

/** `<stem><suffix>` beside the input, without an ending. */
export function defaultOutput(storage: Storage, input: Pick<InputPlace, 'path' | 'isFolder'>, suffix: string): string {
  // "." and "model/." have no name of their own.
  const path = input.isFolder ? storage.absolute(input.path) : input.path;
  // An unzipped archive may be called as a zipped one.
  const stem = storage.nameOf(path).replace(input.isFolder ? /\.keras$/i : INPUT_ENDING, '');
  return storage.join(storage.folderOf(path), `${stem}${suffix}`);
}
