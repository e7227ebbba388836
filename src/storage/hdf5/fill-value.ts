import { piece, u8At, u32At } from './fields.js';
import { damaged } from './hdf5-errors.js';
import { FILL_VALUE, OLD_FILL_VALUE } from './message-types.js';
import { findMessage, type HeaderMessage } from './object-header.js';

const IS_DEFINED = 0x20;

/**
 * The value that stands where nothing was written; undefined for zeros.
 * @throws RetrofitError `bad-hdf5`
 */
export function readFillValue(messages: readonly HeaderMessage[], itemBytes: number): Uint8Array | undefined {
  const value = newFillValue(messages) ?? oldFillValue(messages);
  if (value === undefined || value.length === 0) return undefined;
  if (value.length !== itemBytes) throw damaged('the fill value is of another type than the dataset');
  return value.some((byte) => byte !== 0) ? value : undefined;
}

function newFillValue(messages: readonly HeaderMessage[]): Uint8Array | undefined {
  const content = findMessage(messages, FILL_VALUE);
  if (content === undefined) return undefined;
  const version = u8At(content, 0);
  if (version < 1 || version > 3) throw damaged('the fill value is of an unknown version');
  // Version 1 always says a size, and version 3 puts all else into one byte.
  const isDefined = version === 1 || (version === 2 ? u8At(content, 3) === 1 : (u8At(content, 1) & IS_DEFINED) !== 0);
  if (!isDefined) return undefined;
  const place = version === 3 ? 2 : 4;
  const size = u32At(content, place);
  // Minus one: of no value.
  return size > 0x7fff_ffff ? undefined : piece(content, place + 4, size);
}

function oldFillValue(messages: readonly HeaderMessage[]): Uint8Array | undefined {
  const content = findMessage(messages, OLD_FILL_VALUE);
  return content && piece(content, 4, u32At(content, 0));
}

/** Bytes of values that were never written. */
export function filled(byteLength: number, fill: Uint8Array | undefined, itemBytes: number): Uint8Array {
  const bytes = new Uint8Array(byteLength);
  if (fill !== undefined) for (let at = 0; at < byteLength; at += itemBytes) bytes.set(fill, at);
  return bytes;
}
