import {
  CONTAINERS,
  containerNamed,
  factsOfContainer,
  isFolder,
  isNamedAs,
  isNamedAsWeights,
  MODEL_FILE,
  WRITTEN_CONTAINERS,
  type WrittenContainer,
  withoutEnding,
  writtenContainer,
} from '../../containers.js';
import { usageError } from '../../errors.js';
import { DIALECTS } from '../../format-names.js';
import type { Dialect, Format, WrittenFormat } from '../../model/model.js';
import type { Storage } from '../../storage/storage.js';
import { isUrl, urlOutput } from '../../storage/storage-errors.js';
import type { OutputFiles } from '../written-files.js';

/** The place of an output, and its format. */
export interface OutputPlace extends OutputFiles {
  /** The folder of the files: one of its own for a TensorFlow.js model. */
  readonly folder: string;
  /** The output as the user asked for it, for messages. */
  readonly path: string;
}

/** The user's choices for the output. */
export interface OutputRequest {
  readonly output?: string | undefined;
  /** The folder of an output that is not named, instead of the input's. */
  readonly folder?: string | undefined;
  readonly to?: WrittenContainer | undefined;
  readonly dialect?: Dialect | undefined;
}

export interface InputPlace {
  readonly path: string;
  /** Whether it is the folder that holds the model.json. */
  readonly isFolder: boolean;
  readonly format: Format;
}

/** Files that stand for the folder they lie in; the model has the folder's name. */
const IN_FOLDER = CONTAINERS.map(factsOfContainer).flatMap(({ isSealedFolder, folderFiles = [] }) =>
  isSealedFolder ? folderFiles : [],
);

/** Character that replaces bytes that are no UTF-8: the file would get another name than was asked for. */
const UNDECODABLE = '\ufffd';

const notText = (output: string) =>
  usageError('bad-option', 'the name of the output is not in UTF-8', {
    where: { file: output },
    hint: 'give another name with -o',
  });

const notStdout = () =>
  usageError('bad-option', 'a model is not written to standard output', {
    where: { field: 'output' },
    hint: 'give the name of a file or folder with -o; ./- is a folder of that name',
  });

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
  if (output === '-') throw notStdout();
  if (output !== undefined && isUrl(output)) throw urlOutput(output);
  const named = output === undefined ? undefined : containerOf(storage, output, input.format, request.to);
  const container = request.to ?? named?.container ?? writtenContainer(input.format.container);
  if (!WRITTEN_CONTAINERS.includes(container)) {
    throw usageError('bad-option', `--to ${container}: there is no such format`, {
      where: { field: 'to' },
      facts: { choices: WRITTEN_CONTAINERS },
      hint: `give one of ${WRITTEN_CONTAINERS.join(', ')}`,
    });
  }
  if (request.dialect !== undefined && !DIALECTS.includes(request.dialect)) {
    throw usageError('bad-option', `--dialect ${request.dialect}: there is no such dialect`, {
      where: { field: 'dialect' },
      facts: { choices: DIALECTS },
      hint: `give one of ${DIALECTS.join(', ')}`,
    });
  }
  const {
    endings: [ending],
    weightsEnding,
  } = factsOfContainer(container);
  const format: WrittenFormat = {
    container,
    dialect: dialectOf(container, input, request),
    weightLayout: layoutOf(container, input, output),
  };
  if (named !== undefined && !named.allows.includes(container)) {
    throw usageError(
      'bad-option',
      `--to ${container} contradicts the name of the output, which is one of ${named.container}`,
      {
        where: { file: output, field: 'to' },
        hint: ending === undefined ? 'give the name of a folder: -o NAME' : `give a name that ends in ${ending}`,
      },
    );
  }
  const path = output ?? inFolder(storage, defaultOutput(storage, input, suffix), request.folder);
  if (ending === undefined) {
    if (isNamedAs(path, 'keras-json')) return placeAt(storage, storage.folderOf(path), storage.nameOf(path), format);
    return placeAt(storage, path, MODEL_FILE, format);
  }
  const stem = withoutEnding(storage.nameOf(path)).replace(/\.weights$/i, '');
  const keepsName = output !== undefined && named!.container === container && !isNamedAsWeights(output);
  const name = keepsName ? storage.nameOf(path) : `${stem}${ending}`;
  const place = placeAt(storage, storage.folderOf(path), name, format);
  if (weightsEnding === undefined) return place;
  return { ...place, weightsName: `${stem}${format.weightLayout === 'legacy-hdf5' ? '.h5' : weightsEnding}` };
}

const inFolder = (storage: Storage, path: string, folder: string | undefined): string =>
  folder === undefined ? path : storage.join(folder, storage.nameOf(path));

const placeAt = (storage: Storage, folder: string, modelName: string, format: WrittenFormat): OutputPlace => ({
  format,
  folder,
  modelName,
  path: storage.join(folder, modelName),
});

interface NamedContainer {
  readonly container: WrittenContainer;
  /** Containers that `--to` may name with a name like this. */
  readonly allows: readonly WrittenContainer[];
}

/**
 * The ending by which a name says that it is a file; undefined for the name of a folder. Not every dot is one: in
 * `mobilenet_0.25`, `resnet50-v1.5` and `net.v2` it stands in a number or a version, and a slash at the end says folder.
 */
export function findEnding(path: string): string | undefined {
  const ending = /[^./\\](\.[a-z][a-z0-9]*)$/i.exec(path)?.[1];
  return ending !== undefined && /^\.v\d+$/i.test(ending) ? undefined : ending;
}

/** Returns the container that a name implies. */
function containerOf(
  storage: Storage,
  output: string,
  input: Format,
  to: WrittenContainer | undefined,
): NamedContainer {
  const name = storage.nameOf(output);
  if (isNamedAs(name, 'keras-json')) return jsonContainer(name, output, input);
  const asked = containerNamed(name);
  if (asked !== undefined) return { container: asked, allows: [asked] };
  const ending = findEnding(output);
  if (ending === undefined || (to !== undefined && isFolder(to)))
    return { container: WRITTEN_CONTAINERS.find(isFolder)!, allows: WRITTEN_CONTAINERS };
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

function dialectOf(container: WrittenContainer, input: InputPlace, { dialect }: OutputRequest): Dialect {
  const { onlyDialect } = factsOfContainer(container);
  if (onlyDialect === undefined)
    return dialect ?? (factsOfContainer(input.format.container).onlyDialect ? 'keras3' : input.format.dialect);
  if (dialect === undefined || dialect === onlyDialect) return onlyDialect;
  throw usageError('bad-option', '--dialect keras3: TensorFlow.js models are always written as Keras 2 has them', {
    where: { field: 'dialect' },
    hint: 'leave it out, or write a Keras file: -o NAME.keras',
  });
}

function layoutOf(
  container: WrittenContainer,
  { format }: InputPlace,
  output: string | undefined,
): Format['weightLayout'] {
  const { weightLayout, weightsEnding } = factsOfContainer(container);
  if (weightsEnding === undefined || format.container !== container) return weightLayout;
  if (format.weightLayout !== 'checkpoint') return format.weightLayout;
  // A checkpoint is never written: a layout that every version of Keras 2 reads takes its place.
  return output !== undefined && isNamedAsWeights(output) ? weightLayout : 'legacy-hdf5';
}

/** `<stem><suffix>` beside the input, without an ending. */
export function defaultOutput(storage: Storage, input: Pick<InputPlace, 'path' | 'isFolder'>, suffix: string): string {
  const isInFolder = !input.isFolder && IN_FOLDER.includes(storage.nameOf(input.path));
  const isFolder = input.isFolder || isInFolder;
  const given = isInFolder ? storage.folderOf(input.path) : input.path;
  const path = isFolder ? withName(storage, given) : given;
  // An unzipped archive may be called as a zipped one.
  const name = storage.nameOf(path);
  const stem = isFolder && !isNamedAs(name, 'keras-zip') ? name : withoutEnding(name);
  return storage.join(storage.folderOf(path), `${stem}${suffix}`);
}

/** A folder's path as it was given, unless it ends without the folder's name, as "." and "model/.." do. */
function withName(storage: Storage, path: string): string {
  const plain = storage.join(path, '.');
  return ['', '.', '..'].includes(storage.nameOf(plain)) ? storage.absolute(path) : plain;
}
