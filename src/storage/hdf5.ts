/** A name in a group, and the kind of its object. */
export interface Hdf5Entry {
  readonly name: string;
  readonly kind: 'group' | 'dataset';
}

/** Type of a dataset's values. `other` is no weight's: compound types, references, strings of bytes. */
export type Hdf5Dtype =
  | 'float16'
  | 'bfloat16'
  | 'float32'
  | 'float64'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'uint64'
  | 'bool'
  | 'string'
  | 'other';

export interface Hdf5Dataset {
  readonly path: string;
  readonly shape: readonly number[];
  readonly dtype: Hdf5Dtype;
  /** Bytes of all its values: the product of its shape and the size of one. */
  readonly byteLength: number;
}

/** More than this does not fit into the header of an object, where HDF5 keeps its attributes. */
export const MOST_ATTRIBUTE_BYTES = 64_512;

/** Bytes of a reference to a text of variable length: the text's length, and its place. */
export const TEXT_REFERENCE_BYTES = 16;

/** The path of an object in a group. */
export const joinHdf5 = (group: string, name: string): string => (group === '/' ? `/${name}` : `${group}/${name}`);

/** Kind of an attribute's texts. Old loaders read no other kind than the one that their h5py wrote. */
export interface TextKind {
  readonly charset: 'ascii' | 'utf8';
  /** Whether all have one length, as NumPy keeps bytes, rather than each its own. */
  readonly isFixed: boolean;
  /** Character that ends a text, or pads it. */
  readonly padding: 'null-term' | 'null-pad' | 'space-pad';
}

/** Bytes of values in row-major order, little-endian, in pieces. */
export type ByteChunks = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/**
 * An open HDF5 file. Paths begin with a slash: `/layers/conv2d/vars/0`; `/` is the root group. Every method throws
 * RetrofitError `bad-hdf5` for missing or damaged objects, and `unsafe-path` for links of any kind, external storage
 * and virtual datasets, naming the object's path.
 */
export interface Hdf5File {
  /** The names in a group, in the order of the names. */
  list(group: string): readonly Hdf5Entry[];
  /** Whether an object stands at a path. */
  has(path: string): boolean;
  dataset(path: string): Hdf5Dataset;
  /** Names of an object's attributes. */
  listAttributes(path: string): readonly string[];
  /** Reads the text of an attribute; undefined where there is none. */
  readText(path: string, attribute: string): string | undefined;
  /** Reads the texts of an attribute that lists some; [] for the empty float64 array that Keras writes for no texts. */
  readTexts(path: string, attribute: string): readonly string[] | undefined;
  /** Returns the kind of an attribute's texts, and whether it lists them; undefined where there are none. */
  textKind(path: string, attribute: string): (TextKind & { readonly isList: boolean }) | undefined;
  /** A dataset's values, from the first to the last, in pieces of about CHUNK_BYTES. */
  chunks(dataset: Hdf5Dataset): Iterable<Uint8Array>;
}

/** An HDF5 file that is being made or changed. The same calls make the same bytes. */
export interface Hdf5Editor extends Hdf5File {
  /** Makes a group and those around it that are missing. */
  makeGroup(path: string): void;
  /** Makes a dataset, contiguous and unfiltered, and the groups around it that are missing. */
  makeDataset(path: string, dtype: Hdf5Dtype, shape: readonly number[], values: ByteChunks): Promise<void>;
  /** Replaces all values of a dataset; its dtype and shape stay. */
  overwrite(dataset: Hdf5Dataset, values: ByteChunks): Promise<void>;
  /**
   * Sets an attribute to one text.
   * @param kind how it is kept, as far as it has room so; default: of variable length, in UTF-8
   */
  writeText(path: string, attribute: string, text: string, kind?: TextKind): void;
  /** Sets an attribute to a list of texts; for an empty list, to the empty float64 array that NumPy makes of it. */
  writeTexts(path: string, attribute: string, texts: readonly string[], kind?: TextKind): void;
  removeAttribute(path: string, attribute: string): void;
}

/** New names within one group: a permutation of existing names, each of which takes the object under another. */
export interface Hdf5Renaming {
  readonly group: string;
  /** From an object's present name to its new one. */
  readonly renames: ReadonlyMap<string, string>;
}
