import { inField, inFile, inputError } from '../../errors.js';
import type { JsonDocument } from '../../json/json-value.js';
import { parseJson } from '../../json/parse-json.js';
import { MAX_JSON_BYTES } from '../../limits.js';
import type { FoundFile, Storage } from '../../storage/storage.js';

/**
 * Reads and parses a JSON file.
 * @throws RetrofitError `bad-json`, naming the file
 */
export async function readJsonFile(storage: Storage, file: FoundFile): Promise<JsonDocument> {
  try {
    return parseJson(decodeText(await readBeginning(storage, file, checkedLength(file))));
  } catch (error) {
    throw inFile(error, file.path);
  }
}

/** The first bytes of a file. */
export async function readBeginning(storage: Storage, file: FoundFile, byteLength: number): Promise<Uint8Array> {
  const opened = await storage.open(file);
  try {
    return await opened.read(0, byteLength);
  } finally {
    await opened.close();
  }
}

function checkedLength(file: FoundFile): number {
  if (file.byteLength <= MAX_JSON_BYTES) return file.byteLength;
  throw inputError('bad-json', `the file has ${file.byteLength} bytes; the limit for JSON is ${MAX_JSON_BYTES}`, {
    hint: 'the architecture of a model is smaller; its weights belong into binary files',
  });
}

/** @throws RetrofitError `bad-json` for bytes that are not UTF-8 */
export function decodeText(bytes: Uint8Array): string {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
    throw inputError('bad-json', 'the file begins with a byte order mark (BOM), which JSON does not have', {
      hint: 'save it as UTF-8 without a BOM',
    });
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw inputError('bad-json', 'the file is not text in UTF-8', { hint: 'it is damaged: save or download it again' });
  }
}

/**
 * JSON that stands in a part of a file.
 * @param place the part, for messages: an attribute, a member of an archive
 * @throws RetrofitError `bad-json`, its field beginning with the place
 */
export function parseJsonIn(place: string, text: () => string): JsonDocument {
  try {
    return parseJson(text());
  } catch (error) {
    throw inField(error, ({ field = '' }) => (/^$|^\[/.test(field) ? place + field : `${place}.${field}`));
  }
}
