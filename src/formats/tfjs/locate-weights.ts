import { inputError } from '../../errors.js';
import { CHUNK_BYTES, HEAD_BYTES } from '../../limits.js';
import type { ByteRange } from '../../model/tensor.js';
import type { FindOptions, FoundFile, Storage } from '../../storage/storage.js';
import { findWeightsPart } from '../find/find-weights-part.js';
import { findStandIn } from '../find/foreign-files.js';
import { readBeginning } from '../find/read-json-file.js';
import { readStretch, type WeightReader, withWeightReader } from '../values/weight-reader.js';
import { storedBytes, type WeightGroup, type WeightSpec } from '../weight-layouts/tfjs-manifest.js';
import type { LocatedGroup, LocatedSpec } from './tfjs-source.js';

/**
 * Finds the weight files and the bytes of every weight in them. Nothing but the lengths of strings is read.
 * @throws RetrofitError `weights-missing`, `weights-size`, `unsafe-path`
 */
export async function locateWeights(
  storage: Storage,
  modelFile: FoundFile,
  groups: readonly WeightGroup[],
  options: FindOptions,
): Promise<{ located: readonly LocatedGroup[]; files: ReadonlyMap<string, FoundFile> }> {
  const folder = storage.folderOf(modelFile.path);
  const files = new Map<string, FoundFile>();
  const located: LocatedGroup[] = [];
  for (const [index, group] of groups.entries()) {
    for (const [at, path] of group.paths.entries()) {
      files.set(path, await findFile(path, `weightsManifest[${index}].paths[${at}]`));
    }
    located.push({ paths: group.paths, specs: await locateSpecs(group, index) });
  }
  return { located, files };

  function findFile(path: string, field: string): Promise<FoundFile> {
    return findWeightsPart(storage, folder, path, options, {
      named: `weight file "${path}"`,
      where: { file: modelFile.path, field },
      hint: 'copy all files of the model into one folder',
    });
  }

  async function locateSpecs(group: WeightGroup, index: number): Promise<readonly LocatedSpec[]> {
    const stream = streamOf(group.paths.map((path) => ({ path, byteLength: files.get(path)!.byteLength })));
    const specs: LocatedSpec[] = [];
    let position = 0;
    for (const spec of group.specs) {
      const start = position;
      const length =
        storedBytes(spec) ??
        (await withWeightReader(storage, files, (reader) => stringBytes(spec, start, stream, reader)));
      specs.push({ ...spec, ranges: position + length <= stream.byteLength ? stream.ranges(position, length) : [] });
      position += length;
    }
    if (position !== stream.byteLength) {
      const have = group.paths.length === 1 ? `"${group.paths[0]}" has` : `its ${group.paths.length} files have`;
      const standIn = await findStandInAmong(group.paths);
      const why = standIn === undefined ? '' : `; "${standIn.path}": ${standIn.message}`;
      throw inputError(
        'weights-size',
        `the weights of group ${index} need ${position} bytes, ${have} ${stream.byteLength}${why}`,
        {
          where: { file: modelFile.path, field: `weightsManifest[${index}]` },
          hint: standIn?.hint ?? 'a file is incomplete or belongs to another model: download or save the model again',
        },
      );
    }
    return specs;
  }

  async function findStandInAmong(paths: readonly string[]) {
    for (const path of paths) {
      const file = files.get(path)!;
      const found = findStandIn(await readBeginning(storage, file, Math.min(HEAD_BYTES, file.byteLength)));
      if (found !== undefined) return { path, ...found };
    }
    return undefined;
  }

  // Each element: its length as a 32-bit number, then its bytes.
  async function stringBytes(
    spec: WeightSpec,
    start: number,
    stream: ByteStream,
    reader: WeightReader,
  ): Promise<number> {
    const count = spec.shape.reduce((product, size) => product * size, 1);
    let position = start;
    let chunk: Uint8Array = new Uint8Array();
    let chunkStart = start;
    for (let element = 0; element < count; element++) {
      if (position + 4 > stream.byteLength) return position + 4 - start;
      if (position < chunkStart || position + 4 > chunkStart + chunk.byteLength) {
        chunkStart = position;
        chunk = await readStretch(reader, stream.ranges(position, Math.min(CHUNK_BYTES, stream.byteLength - position)));
      }
      position += 4 + new DataView(chunk.buffer, chunk.byteOffset).getUint32(position - chunkStart, true);
    }
    return position - start;
  }
}

interface ByteStream {
  readonly byteLength: number;
  ranges(byteOffset: number, byteLength: number): readonly ByteRange[];
}

/** Several files as one stream of bytes. */
function streamOf(parts: readonly { readonly path: string; readonly byteLength: number }[]): ByteStream {
  const ends: number[] = [];
  let byteLength = 0;
  for (const part of parts) {
    byteLength += part.byteLength;
    ends.push(byteLength);
  }
  // Weights are asked for in order: the file of the last answer is where the next one begins.
  let current = 0;
  const ranges = (byteOffset: number, length: number): readonly ByteRange[] => {
    const found: ByteRange[] = [];
    if (current > 0 && byteOffset < ends[current - 1]!) current = 0;
    for (let position = byteOffset; position < byteOffset + length; ) {
      while (ends[current]! <= position) current++;
      const start = current === 0 ? 0 : ends[current - 1]!;
      const end = Math.min(byteOffset + length, ends[current]!);
      found.push({ file: parts[current]!.path, byteOffset: position - start, byteLength: end - position });
      position = end;
    }
    return found;
  };
  return { byteLength, ranges };
}
