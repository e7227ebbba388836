import { inputError, RetrofitError } from '../../errors.js';
import { MAX_HDF5_DEPTH, MAX_HDF5_EXPANSION, MAX_HDF5_OBJECTS } from '../../limits.js';
import type { Hdf5Dataset, Hdf5Dtype, Hdf5Entry, Hdf5File } from '../hdf5.js';
import type { LoadedHdf5 } from './hdf5-module.js';
import { hyperslabs } from './hyperslabs.js';

type Metadata = ReturnType<LoadedHdf5['module']['get_dataset_metadata']>;

/** An open HDF5 file, by the number the library knows it by. */
export interface OpenHdf5 {
  readonly loaded: LoadedHdf5;
  readonly id: bigint;
  /** The name to show people. */
  readonly path: string;
  readonly byteLength: () => number;
}

/** Reads an open HDF5 file. See {@link Hdf5File}. */
export function hdf5File(opened: OpenHdf5): Hdf5File {
  const { loaded, id } = opened;
  const { module } = loaded;
  const call = <T>(path: string, work: () => T): T => {
    try {
      return loaded.call(work);
    } catch (error) {
      throw located(error, opened.path, path);
    }
  };
  let objects = 0;

  const kindOf = (path: string): Hdf5Entry['kind'] | undefined =>
    call(path, () => {
      const checked = checkedPath(path);
      // The root is no name in any group.
      if (checked === '/') return 'group';
      const type = module.get_type(id, checked);
      if (type < 0) return undefined;
      if (module.get_symbolic_link(id, checked) !== null) throw link('a soft link');
      if (type === module.H5G_UDLINK) throw link('a link to another file');
      if (type === module.H5G_LINK) throw link('a soft link');
      if (type === module.H5G_GROUP) return 'group';
      return type === module.H5G_DATASET ? 'dataset' : undefined;
    });

  // A name that is there may still lead through a link further up: each step is looked at once.
  const safe = new Set<string>(['/']);
  const has = (path: string): boolean => {
    let at = '';
    for (const segment of checkedPath(path).split('/').slice(1)) {
      if (segment === '') return true;
      at += `/${segment}`;
      if (safe.has(at)) continue;
      if (kindOf(at) === undefined) return false;
      safe.add(at);
    }
    return true;
  };

  const file: Hdf5File = {
    has,
    list: (group) =>
      call(group, () => {
        if (!has(group)) throw missing();
        if (group.split('/').length > MAX_HDF5_DEPTH) throw damaged('its groups are nested without end');
        const names: readonly string[] = module.get_names(id, group, false);
        objects += names.length;
        if (objects > MAX_HDF5_OBJECTS) throw damaged('it holds more objects than any model');
        return names.flatMap((name): readonly Hdf5Entry[] => {
          const path = group === '/' ? `/${name}` : `${group}/${name}`;
          const kind = kindOf(path);
          if (kind !== undefined) safe.add(path);
          return kind === undefined ? [] : [{ name, kind }];
        });
      }),
    dataset: (path) =>
      call(path, () => {
        if (!has(path) || kindOf(path) !== 'dataset') throw missing();
        const metadata = module.get_dataset_metadata(id, path);
        if (metadata.virtual_sources !== undefined) throw link('a virtual dataset, with values in other files');
        const dataset = describe(path, metadata, attributeText(path, 'dtype'));
        checkSize(dataset, metadata, opened.byteLength());
        checkValues(dataset, metadata);
        return dataset;
      }),
    listAttributes: (path) => call(path, () => [...(module.get_attribute_names(id, path) as readonly string[])].sort()),
    readText: (path, name) => call(path, () => attributeText(path, name)),
    readTexts: (path, name) =>
      call(path, () => {
        const metadata = attributeMetadata(path, name);
        if (metadata === undefined) return undefined;
        // Keras writes an empty list of names as an array of no numbers.
        if (metadata.total_size === 0 || metadata.shape === null) return [];
        if (!isText(metadata) || metadata.shape.length !== 1) return undefined;
        return attributeValue(path, name) as readonly string[];
      }),
    chunks: function* chunks({ path, shape }) {
      const { size } = call(path, () => module.get_dataset_metadata(id, path));
      for (const slab of hyperslabs(shape, size)) {
        yield call(path, () => readSlab(path, slab.offset, slab.count, slab.byteLength));
      }
    },
  };
  return file;

  function attributeMetadata(path: string, name: string): Metadata | undefined {
    if (!(module.get_attribute_names(id, path) as readonly string[]).includes(name)) return undefined;
    return module.get_attribute_metadata(id, path, name);
  }

  function attributeValue(path: string, name: string): unknown {
    return new loaded.h5wasm.Group(id, path).get_attribute(name, false);
  }

  function attributeText(path: string, name: string): string | undefined {
    const metadata = attributeMetadata(path, name);
    if (metadata === undefined || !isText(metadata) || metadata.total_size !== 1) return undefined;
    const value = attributeValue(path, name);
    const text: unknown = Array.isArray(value) ? value[0] : value;
    return typeof text === 'string' && metadata.shape?.length === 0 ? text : undefined;
  }

  function readSlab(path: string, offset: readonly number[], count: readonly number[], byteLength: number): Uint8Array {
    const pointer = module._malloc(byteLength);
    if (pointer === 0) throw damaged('there is no memory to read it');
    try {
      const big = (numbers: readonly number[]) => numbers.map(BigInt);
      const scalar = count.length === 0;
      const status = module.get_dataset_data(
        id,
        path,
        scalar ? null : big(count),
        scalar ? null : big(offset),
        scalar ? null : big(count.map(() => 1)),
        BigInt(pointer),
      );
      if (status < 0) throw damaged('its values cannot be read');
      return module.HEAPU8.slice(pointer, pointer + byteLength);
    } finally {
      module._free(pointer);
    }
  }

  /** Reads the first and the last value: what lies outside of the file, or in another one, shows. */
  function checkValues({ path, shape }: Hdf5Dataset, { size }: Metadata): void {
    if (shape.includes(0)) return;
    const one = shape.map(() => 1);
    readSlab(
      path,
      shape.map(() => 0),
      one,
      size,
    );
    readSlab(
      path,
      shape.map((length) => length - 1),
      one,
      size,
    );
  }

  function isText({ type }: Metadata): boolean {
    return type === module.H5T_class_t.H5T_STRING.value;
  }

  function describe(path: string, metadata: Metadata, marked: string | undefined): Hdf5Dataset {
    const shape = metadata.shape ?? [0];
    const byteLength = shape.reduce((product, size) => product * size, metadata.size);
    return { path, shape, dtype: dtypeOf(metadata, marked), byteLength };
  }

  function dtypeOf(metadata: Metadata, marked: string | undefined): Hdf5Dtype {
    const classes = module.H5T_class_t;
    const { type, size, signed, littleEndian } = metadata;
    if (type === classes.H5T_STRING.value) return 'string';
    if (type === classes.H5T_OPAQUE.value) return size === 2 && marked === 'bfloat16' ? 'bfloat16' : 'other';
    if (type === classes.H5T_ENUM.value) return size === 1 ? 'bool' : 'other';
    if (!littleEndian && size > 1) return 'other';
    const bits = size * 8;
    if (type === classes.H5T_FLOAT.value) return [16, 32, 64].includes(bits) ? (`float${bits}` as Hdf5Dtype) : 'other';
    if (type !== classes.H5T_INTEGER.value || ![8, 16, 32, 64].includes(bits)) return 'other';
    return `${signed ? 'int' : 'uint'}${bits}` as Hdf5Dtype;
  }
}

/** A dataset that says it is far larger than the file can hold is a trap for whoever allocates it. */
function checkSize({ byteLength }: Hdf5Dataset, { chunks }: Metadata, fileBytes: number): void {
  const most = chunks === null ? fileBytes : fileBytes * MAX_HDF5_EXPANSION;
  if (Number.isSafeInteger(byteLength) && byteLength <= most) return;
  throw damaged(`it declares ${byteLength} bytes, the whole file has ${fileBytes}`);
}

function checkedPath(path: string): string {
  const segments = path.split('/');
  if (path === '/') return path;
  if (
    segments[0] !== '' ||
    segments.slice(1).some((segment) => segment === '' || segment === '.' || segment === '..')
  ) {
    throw inputError('unsafe-path', 'the name of an object in the file is empty or leads out of its group', {
      hint: 'the file was not written by Keras, or is damaged: save the model again',
    });
  }
  return path;
}

const link = (what: string) =>
  inputError('unsafe-path', `the HDF5 object is ${what}`, {
    hint: 'links could lead to any file of this machine: save the model again with Keras, which writes none',
  });

const missing = () => damaged('it is not there');

export const damaged = (message: string) =>
  inputError('bad-hdf5', `the HDF5 object cannot be used: ${message}`, {
    hint: 'the file is damaged, or was not written by Keras: save or download it again',
  });

/** The error with the file and the object it speaks of; whatever else the library throws is a damaged file. */
export function located(error: unknown, file: string, path: string): unknown {
  const known = error instanceof RetrofitError ? error : damaged(firstLine(error));
  if (known.where.field !== undefined) return known;
  const { kind, code, message, hint, reasons } = known;
  return new RetrofitError(kind, code, message, {
    where: { file: known.where.file ?? file, field: path },
    reasons,
    ...(hint === undefined ? {} : { hint }),
  });
}

const firstLine = (error: unknown): string => {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n')[0]!.slice(0, 200) || 'the library failed';
};
