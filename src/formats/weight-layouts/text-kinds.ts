import type { Hdf5Editor, Hdf5File, TextKind } from '../../storage/hdf5.js';

/**
 * Kind of the texts that Keras encodes by itself, which are nearly all it writes.
 * Source: `save_model_to_hdf5` in keras/src/legacy/saving/legacy_h5_format.py; bytes are ASCII to h5py.
 */
export const ENCODED: TextKind = { charset: 'ascii', isFixed: false, padding: 'null-term' };

/** Kind of the texts that Keras leaves to h5py to encode. */
export const NOT_ENCODED: TextKind = { ...ENCODED, charset: 'utf8' };

/** An attribute of an object of an HDF5 file. */
export type AttributePlace = readonly [path: string, attribute: string];

/**
 * Returns the kind of the texts at a place, or at the first of others that are read alike; undefined where all of them
 * are new. TensorFlow up to 2.4 (h5py 2.10) reads no other kinds than it writes.
 */
export function findTextKind(file: Hdf5File, ...places: readonly AttributePlace[]): TextKind | undefined {
  const found = places.find(([path, name]) => file.has(path) && file.textKind(path, name) !== undefined);
  return found && file.textKind(...found);
}

/** Writes a text of JSON; in ASCII all else is escaped, as Python does. */
export function writeJsonText(editor: Hdf5Editor, attribute: string, json: string, kind: TextKind): void {
  editor.writeText('/', attribute, kind.charset === 'ascii' ? escapeNonAscii(json) : json, kind);
}

const escapeNonAscii = (json: string): string =>
  json.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
