import { inFile, inputError } from '../../errors.js';
import { getMember, type JsonDocument, stringOf } from '../../json/json-value.js';
import { MAX_JSON_BYTES } from '../../limits.js';
import type { Model } from '../../model/model.js';
import { readRecord } from '../../model/record.js';
import type { Storage } from '../../storage/storage.js';
import type { ZipArchive, ZipMember } from '../../storage/zip.js';
import type { FileContent } from '../file-content.js';
import { refuseForeignFile } from '../foreign-files.js';
import { decodeText, parseJsonIn } from '../read-json-file.js';
import { makeModel } from './make-model.js';

export const CONFIG_MEMBER = 'config.json';
export const METADATA_MEMBER = 'metadata.json';
export const WEIGHTS_MEMBER = 'model.weights.h5';

/**
 * Reads a `.keras` archive. Weights that are stored as they are stay where they are; compressed ones are unpacked.
 * Source: `_load_model_from_fileobj` in keras/src/saving/saving_lib.py.
 */
export async function readKerasZip(storage: Storage, content: FileContent): Promise<Model> {
  const { file } = content;
  try {
    const zip = await storage.openZip(file);
    const config = findMember(zip, CONFIG_MEMBER);
    if (config === undefined) return refuseForeignFile(content);
    const weights = findMember(zip, WEIGHTS_MEMBER);
    if (weights === undefined) throw noWeights(zip);
    const member = findMember(zip, METADATA_MEMBER);
    const metadata = member && (await readJsonMember(zip, member)).root;
    return await makeModel(storage, {
      path: file.path,
      container: 'keras-zip',
      topology: await readJsonMember(zip, config),
      field: CONFIG_MEMBER,
      trainingConfig: undefined,
      kerasVersion: stringOf(getMember(metadata, 'keras_version')),
      weightsFile: weights.stored ?? (await storage.unpackTemporarily(file, zip.chunks(weights))),
      archive: { file, zip },
      record: metadata && readRecord(metadata),
      files: [file],
      // Unpacking compares the checksum; weights that lie stored are used where they are.
      ensureIntact: weights.stored && (() => drain(zip.chunks(weights))),
    });
  } catch (error) {
    throw inFile(error, file.path);
  }
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

function noWeights(zip: ZipArchive) {
  const other = zip.members.find((member) => /^model\.weights\./.test(member.name));
  return inputError(
    'bad-weights',
    other === undefined
      ? 'the archive holds no weights'
      : `the archive keeps its weights as "${other.name}", which is not read here`,
    { where: { field: WEIGHTS_MEMBER }, hint: 'load the model in Keras and save it again as .keras' },
  );
}
