import { numberAt, UNDEFINED_ADDRESS, u8At } from './fields.js';
import { damaged, unread } from './hdf5-errors.js';

export interface Dataspace {
  /** [] for a single value, undefined for none at all. */
  readonly shape: readonly number[] | undefined;
  /** Its maximum; infinite where it may grow for ever. */
  readonly mostShape: readonly number[];
}

const MOST_AXES = 32;
const HAS_MOST = 1;
const SCALAR = 0;
const NULL_SPACE = 2;

/** Parses a dataspace message. @throws RetrofitError `bad-hdf5` */
export function parseDataspace(space: Uint8Array): Dataspace {
  const [version, rank, flags] = [u8At(space, 0), u8At(space, 1), u8At(space, 2)];
  if (version !== 1 && version !== 2) throw damaged('a shape is of an unknown kind');
  const kind = version === 2 ? u8At(space, 3) : undefined;
  if (rank > MOST_AXES || (kind !== undefined && kind > NULL_SPACE)) throw damaged('a shape is of an unknown kind');
  if (kind === NULL_SPACE) return { shape: undefined, mostShape: [] };
  if (kind === SCALAR && rank > 0) throw damaged('a shape is of an unknown kind');
  if ((flags & ~HAS_MOST) !== 0) throw unread('axes in an order of their own');
  const start = version === 1 ? 8 : 4;
  const sizesAt = (offset: number) => Array.from({ length: rank }, (_, axis) => numberAt(space, offset + 8 * axis));
  const shape = sizesAt(start);
  const mostShape = flags === HAS_MOST ? sizesAt(start + 8 * rank) : shape;
  const isPossible = mostShape.every((most, axis) => most >= shape[axis]!) && !shape.includes(UNDEFINED_ADDRESS);
  if (!isPossible) throw damaged('a shape is larger than it may be');
  return { shape, mostShape };
}
