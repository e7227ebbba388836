import { CONFIG_FILE, METADATA_FILE } from '../../containers.js';
import { inFile, inputError } from '../../errors.js';
import {
  getMember,
  isArray,
  isObject,
  type JsonDocument,
  type JsonValue,
  mapItems,
  mapMembers,
  stringOf,
} from '../../json/json-value.js';
import { MAX_JSON_BYTES } from '../../limits.js';
import type { Model } from '../../model/model.js';
import { readRecord } from '../../model/record.js';
import type { FindOptions, FoundFile, Storage, ZipArchive, ZipMember } from '../../storage/storage.js';
import type { FileContent } from '../find/file-content.js';
import { refuseForeignFile } from '../find/foreign-files.js';
import { decodeText, parseJsonIn } from '../find/read-json-file.js';
import { WEIGHTS_MEMBER } from './archive-members.js';
import { isBefore215 } from './keras-versions.js';
import { makeModel } from './make-model.js';
import { openFolder } from './open-folder.js';
import { listFiles, openWeightsFile } from './weights-file.js';

/**
 * Reads a `.keras` archive. Weights that are stored as they are stay where they are; compressed ones are unpacked.
 * Source: `_load_model_from_fileobj` in keras/src/saving/saving_lib.py.
 */
export async function readKerasZip(storage: Storage, content: FileContent): Promise<Model> {
  const { file } = content;
  try {
    const zip = await storage.openZip(file);
    const config = findMember(zip, CONFIG_FILE);
    if (config === undefined) {
      const nested = zip.members.find(({ name }) => name.endsWith(`/${CONFIG_FILE}`));
      throw nested === undefined ? refuseForeignFile(content) : inAFolder(nested.name);
    }
    const weights = findMember(zip, WEIGHTS_MEMBER);
    if (weights === undefined) throw noWeights(zip);
    return await makeModel(storage, {
      path: file.path,
      ...(await readTexts(zip, config)),
      weightsFile: { file: weights.stored ?? (await storage.unpackTemporarily(file, zip.chunks(weights))) },
      files: [file],
      // Unpacking compares the checksum; weights that lie stored are used where they are.
      ensureIntact: weights.stored && (() => drain(zip.chunks(weights))),
    });
  } catch (error) {
    throw inFile(error, file.path);
  }
}

/**
 * Reads the folder that `save(zipped=False)` writes: the members of an archive, as files.
 * Source: `_load_model_from_dir` in keras/src/saving/saving_lib.py.
 * @param config the file that was found to be the architecture
 */
export async function readKerasFolder(storage: Storage, config: FoundFile, options: FindOptions): Promise<Model> {
  const folder = storage.folderOf(config.path);
  try {
    const { archive, files, shardMap } = await openFolder(storage, folder, config, options);
    const stored = shardMap ?? findMember(archive, WEIGHTS_MEMBER)?.stored;
    if (stored === undefined) throw noWeights(archive);
    const weightsFile = await openWeightsFile(storage, stored, options);
    return await makeModel(storage, {
      path: config.path,
      ...(await readTexts(archive, findMember(archive, CONFIG_FILE)!)),
      weightsFile,
      files: [...files, ...listFiles(weightsFile).filter((file) => file !== stored)],
    });
  } catch (error) {
    throw inFile(error, folder);
  }
}

/** Writes numbers as numbers: Keras 2.12 wrote those of a ReLU as NumPy's, and makes no layer of them. */
function withPlainNumbers(value: JsonValue): JsonValue {
  if (isArray(value)) return mapItems(value, withPlainNumbers);
  if (!isObject(value)) return value;
  const number = getMember(getMember(value, 'config'), 'value');
  const isNumber = stringOf(getMember(value, 'class_name')) === '__numpy__' && number?.kind === 'number';
  return isNumber ? number : mapMembers(value, withPlainNumbers);
}

/** Reads the JSON members of an archive. */
async function readTexts(archive: ZipArchive, config: ZipMember) {
  const member = findMember(archive, METADATA_FILE);
  const metadata = member && (await readJsonMember(archive, member)).root;
  const kerasVersion = stringOf(getMember(metadata, 'keras_version'));
  const topology = await readJsonMember(archive, config);
  return {
    container: 'keras-zip',
    topology: isBefore215(kerasVersion) ? { ...topology, root: withPlainNumbers(topology.root) } : topology,
    field: CONFIG_FILE,
    trainingConfig: undefined,
    kerasVersion,
    record: metadata && readRecord(metadata),
    archive,
  } as const;
}

async function drain(chunks: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of chunks);
}

const findMember = (zip: ZipArchive, name: string): ZipMember | undefined =>
  zip.members.find((member) => member.name === name);

export async function readJsonMember(zip: ZipArchive, member: ZipMember): Promise<JsonDocument> {
  const bytes = await zip.read(member, MAX_JSON_BYTES);
  return parseJsonIn(member.name, () => decodeText(bytes));
}

const inAFolder = (place: string) =>
  inputError('zip', `the model lies in a folder inside the archive, as "${place}", where Keras does not look for it`, {
    where: { field: CONFIG_FILE },
    hint: 'unpack the archive and give that folder, or pack what is in it without the folder itself',
  });

function noWeights(zip: ZipArchive) {
  const other = zip.members.find((member) => /^model\.weights\./.test(member.name));
  return inputError(
    'bad-weights',
    other === undefined
      ? 'the model holds no weights'
      : `the model keeps its weights as "${other.name}", which is not read here`,
    { where: { field: WEIGHTS_MEMBER }, hint: 'load the model in Keras and save it again as .keras' },
  );
}
