import { type JsonObject, type JsonValue, numberOf, type PlainObject, toPlain } from '../../../json/json-value.js';
import type { Argument } from '../../../model/call-arguments.js';
import type { Layer } from '../../../model/model.js';
import { outputOf, type PieceBox, type Source } from './layer-pieces.js';

/** An operation with its arguments, whichever Keras wrote it. */
export interface Operation {
  readonly box: PieceBox;
  readonly layer: Layer;
  readonly arguments: readonly Argument[];
  /** Constants that have a name, from the call or from the operation's config. */
  readonly settings: JsonObject;
}

/** Does the operation as layers and says so; false where these are not certain to compute the same. */
export type OperationRule = (operation: Operation) => boolean;

export const tensorOf = (argument: Argument | undefined): Source | undefined =>
  argument?.kind === 'tensor' ? { input: argument.input } : undefined;

/** The token of an argument that is a number. */
export function numberToken(argument: Argument | undefined): JsonValue | undefined {
  if (argument?.kind !== 'constant') return undefined;
  const number = numberOf(argument.json);
  return number !== undefined && Number.isFinite(number) ? argument.json : undefined;
}

/** The tensor of an operation that takes no other argument than settings. */
export const onlyTensor = (operation: Operation): Source | undefined =>
  operation.arguments.length === 1 ? tensorOf(operation.arguments[0]) : undefined;

export const settingsOf = (operation: Operation): PlainObject => toPlain(operation.settings) as PlainObject;

export const hasOnly = (settings: PlainObject, ...names: readonly string[]): boolean =>
  Object.keys(settings).every((name) => names.includes(name));

export const rankOf = (box: PieceBox, tensor: Source): number | undefined => outputOf(box, tensor).shape?.length;
