import { fromPlain, type JsonDocument } from '../../json/json-value.js';
import { serializeJson } from '../../json/serialize-json.js';
import type { Model } from '../../model/model.js';
import { writeRecord } from '../../model/record.js';
import type { NewZipMember } from '../../storage/zip.js';
import { findKerasSource } from './keras-source.js';
import { KERAS_VERSIONS } from './keras-versions.js';
import { CONFIG_MEMBER, METADATA_MEMBER, readJsonMember, WEIGHTS_MEMBER } from './read-keras-zip.js';

/**
 * The members of a new `.keras` archive, in the order of the old one; what is neither architecture, metadata nor
 * weights is carried over.
 * @param weights the name under which the weights are staged
 */
export async function listMembers(model: Model, topology: string, weights: string): Promise<readonly NewZipMember[]> {
  const zip = findKerasSource(model)?.archive?.zip;
  const metadata = zip?.members.find((member) => member.name === METADATA_MEMBER);
  const document: JsonDocument =
    zip !== undefined && metadata !== undefined
      ? await readJsonMember(zip, metadata)
      : { lead: '', trail: '', root: fromPlain({ keras_version: KERAS_VERSIONS[model.format.dialect] }) };
  const own = new Map<string, NewZipMember>([
    [METADATA_MEMBER, textMember(METADATA_MEMBER, serializeJson(recorded(document, model)))],
    [CONFIG_MEMBER, textMember(CONFIG_MEMBER, topology)],
    [WEIGHTS_MEMBER, { name: WEIGHTS_MEMBER, staged: weights }],
  ]);
  const carried = (zip?.members ?? []).map((member): NewZipMember => {
    const mine = own.get(member.name);
    own.delete(member.name);
    return mine ?? { name: member.name, byteLength: member.byteLength, chunks: zip!.chunks(member) };
  });
  return [...own.values(), ...carried];
}

function textMember(name: string, text: string): NewZipMember {
  const bytes = new TextEncoder().encode(text);
  return { name, byteLength: bytes.byteLength, chunks: [bytes] };
}

const recorded = (document: JsonDocument, { record }: Model): JsonDocument => ({
  ...document,
  root: writeRecord(document.root, record) ?? fromPlain({}),
});
