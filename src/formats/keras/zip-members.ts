import { CONFIG_FILE, METADATA_FILE } from '../../containers.js';
import { fromPlain, type JsonDocument } from '../../json/json-value.js';
import { serializeJson } from '../../json/serialize-json.js';
import { listGraphs, type Model } from '../../model/model.js';
import { writeRecord } from '../../model/record.js';
import { tensorSize } from '../../model/tensor.js';
import type { NewZipMember } from '../../storage/storage.js';
import { WEIGHTS_MEMBER } from './archive-members.js';
import { findKerasSource } from './keras-source.js';
import { KERAS_VERSIONS } from './keras-versions.js';
import { readJsonMember } from './read-keras-zip.js';

/** Most bytes that a number takes, and that HDF5 takes for a weight besides its values. */
const WIDEST_BYTES = 8;
const HEADER_BYTES = 4096;

/**
 * Lists the members of a new `.keras` archive, in the order of the old one; members other than architecture, metadata
 * and weights are carried over.
 * @param build makes the file of the weights, under the name it is given
 */
export async function listMembers(
  model: Model,
  topology: string,
  build: (name: string) => Promise<void>,
): Promise<readonly NewZipMember[]> {
  const zip = findKerasSource(model)?.archive;
  const metadata = zip?.members.find((member) => member.name === METADATA_FILE);
  const document: JsonDocument =
    zip !== undefined && metadata !== undefined
      ? await readJsonMember(zip, metadata)
      : { lead: '', trail: '', root: fromPlain({ keras_version: KERAS_VERSIONS[model.format.dialect] }) };
  const own = new Map<string, NewZipMember>([
    [METADATA_FILE, textMember(METADATA_FILE, serializeJson(recorded(document, model)))],
    [CONFIG_FILE, textMember(CONFIG_FILE, topology)],
    [WEIGHTS_MEMBER, { name: WEIGHTS_MEMBER, build, byteLimit: weightsLimit(model) }],
  ]);
  const carried = (zip?.members ?? []).map((member): NewZipMember => {
    const mine = own.get(member.name);
    own.delete(member.name);
    return mine ?? { name: member.name, byteLength: member.byteLength, chunks: zip!.chunks(member) };
  });
  return [...own.values(), ...carried];
}

/** Upper bound of the weights file's bytes: the parts kept of the old one, all tensors anew, and HDF5's overhead. */
function weightsLimit(model: Model): number {
  const weights = [...listGraphs(model.graph)].flatMap(({ graph }) => graph.layers.flatMap((layer) => layer.weights));
  const values = weights.reduce((sum, { tensor }) => sum + tensorSize(tensor) * WIDEST_BYTES + HEADER_BYTES, 0);
  return model.bytes + values + 2 ** 24;
}

function textMember(name: string, text: string): NewZipMember {
  const bytes = new TextEncoder().encode(text);
  return { name, byteLength: bytes.byteLength, chunks: [bytes] };
}

const recorded = (document: JsonDocument, { record }: Model): JsonDocument => ({
  ...document,
  root: writeRecord(document.root, record) ?? fromPlain({}),
});
