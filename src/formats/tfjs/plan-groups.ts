import { type ByteRange, hasNewValues, type Tensor } from '../../model/tensor.js';
import type { FoundFile } from '../../storage/storage.js';
import { changedValues } from '../values/changed-values.js';
import { scaleFloat16 } from '../values/float16.js';
import { readChunks, type WeightReader } from '../values/weight-reader.js';
import type { NamedTensor } from './list-tensors.js';
import { storedValues } from './read-values.js';
import type { LocatedGroup, LocatedSpec, TfjsSource } from './tfjs-source.js';

/** A weight file of the new model: a copy of the beginning of an old one, or the parts of it that are kept. */
export interface StoredFile {
  readonly path: string;
  readonly source: FoundFile;
  readonly byteLength: number;
  readonly isPrefix: boolean;
  readonly kept: readonly ByteRange[];
}

/** Plan for one group of the old manifest. */
export interface StoredGroup {
  readonly files: readonly StoredFile[];
  /** Weights that are left out, by their index. */
  readonly dropped: ReadonlySet<number>;
  readonly isEmpty: boolean;
  /** Tensors whose bytes change where they lie: scaled ones, and float32 ones with new values. */
  readonly rewritten: readonly { readonly spec: LocatedSpec; readonly tensor: Tensor }[];
  /** Tensors that are scaled by their quantization, by name. */
  readonly requantized: ReadonlyMap<string, Tensor>;
  /** New names of weights, by their old ones. */
  readonly renamed: ReadonlyMap<string, string>;
  /** Where a range of an old file lies in the new one. */
  readonly relocate: (range: ByteRange) => number;
}

/** A float32 tensor that goes into a file of its own kind: one of the modules, of a new head, or one that no longer fits where it was. */
export interface AppendedTensor {
  readonly name: string;
  readonly tensor: Tensor;
  readonly chunks: () => AsyncIterable<Uint8Array>;
}

/** Decides where every stored byte goes, which tensors are appended, and which make a new head. */
export async function planGroups(
  source: TfjsSource,
  reader: WeightReader,
  tensors: readonly NamedTensor[],
): Promise<{
  groups: readonly StoredGroup[];
  appended: readonly AppendedTensor[];
  head: readonly AppendedTensor[];
}> {
  const byStoredName = new Map(
    tensors.filter(({ isNew }) => !isNew).map((each) => [each.storedAs ?? each.name, each] as const),
  );
  const appended: AppendedTensor[] = [];
  const groups: StoredGroup[] = [];
  for (const group of source.groups) groups.push(await planGroup(group));
  const stored = new Set(source.groups.flatMap((group) => group.specs.map((spec) => spec.name)));
  for (const [key, { name, tensor }] of byStoredName) if (!stored.has(key)) append(name, tensor);
  const head = tensors.filter(({ isNew }) => isNew).map(({ name, tensor }) => appendedTensor(name, tensor));
  return { groups, appended, head };

  function append(name: string, tensor: Tensor): void {
    appended.push(appendedTensor(name, tensor));
  }

  function appendedTensor(name: string, tensor: Tensor): AppendedTensor {
    return { name, tensor, chunks: () => changedValues(tensor, storedValues(tensor, reader), name) };
  }

  async function planGroup(group: LocatedGroup): Promise<StoredGroup> {
    const dropped = new Set<number>();
    const rewritten: { spec: LocatedSpec; tensor: Tensor }[] = [];
    const requantized = new Map<string, Tensor>();
    const renamed = new Map<string, string>();
    for (const [index, spec] of group.specs.entries()) {
      const found = byStoredName.get(spec.name);
      if (found === undefined || spec.isOptimizer) {
        dropped.add(index);
        continue;
      }
      const { name, tensor } = found;
      if (name !== spec.name) renamed.set(spec.name, name);
      if (hasNewValues(tensor)) {
        if (spec.quantization === undefined) rewritten.push({ spec, tensor });
        else {
          dropped.add(index);
          append(name, tensor);
        }
      } else if (!changesBytes(tensor) && (tensor.exponent !== 0 || tensor.quantization !== spec.quantization)) {
        requantized.set(spec.name, tensor);
      } else if (changesBytes(tensor)) {
        if (await fitsDoubled(spec, tensor)) rewritten.push({ spec, tensor });
        else {
          dropped.add(index);
          append(name, tensor);
        }
      }
    }
    const kept = group.specs.filter((_, index) => !dropped.has(index)).flatMap((spec) => spec.ranges);
    const files = dropped.size === 0 ? group.paths.map(wholeFile) : group.paths.flatMap((path) => keptFile(path, kept));
    return {
      files,
      dropped,
      isEmpty: dropped.size === group.specs.length && dropped.size > 0,
      rewritten,
      requantized,
      renamed,
      relocate: relocation(files),
    };
  }

  /** Tells whether a tensor can be doubled in its own precision; a float16 one that cannot becomes float32. */
  async function fitsDoubled(spec: LocatedSpec, tensor: Tensor): Promise<boolean> {
    if (tensor.quantization?.dtype !== 'float16') return true;
    let fits = true;
    for await (const bytes of readChunks(reader, spec.ranges)) fits &&= scaleFloat16(bytes, tensor.exponent);
    return fits;
  }

  function wholeFile(path: string): StoredFile {
    const file = source.files.get(path)!;
    return { path, source: file, byteLength: file.byteLength, isPrefix: true, kept: [] };
  }

  function keptFile(path: string, all: readonly ByteRange[]): readonly StoredFile[] {
    const kept = all.filter((range) => range.file === path && range.byteLength > 0);
    const byteLength = kept.reduce((sum, range) => sum + range.byteLength, 0);
    const last = kept.at(-1);
    if (last === undefined) return [];
    return [
      {
        path,
        source: source.files.get(path)!,
        byteLength,
        isPrefix: last.byteOffset + last.byteLength === byteLength,
        kept,
      },
    ];
  }
}

/** Parts that are kept move together; a range lies inside one of them. */
function relocation(files: readonly StoredFile[]): (range: ByteRange) => number {
  const byPath = new Map(files.map((file) => [file.path, file]));
  return (range) => {
    const file = byPath.get(range.file)!;
    if (file.isPrefix) return range.byteOffset;
    let position = 0;
    for (const part of file.kept) {
      if (range.byteOffset < part.byteOffset + part.byteLength) return position + range.byteOffset - part.byteOffset;
      position += part.byteLength;
    }
    return position;
  };
}

/** Tells whether doubling a tensor changes bytes; a quantised one is doubled by its scale and min, in the manifest. */
const changesBytes = (tensor: Tensor): boolean =>
  tensor.exponent !== 0 && (tensor.quantization === undefined || tensor.quantization.dtype === 'float16');
