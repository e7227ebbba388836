import { isArray, isObject, type JsonObject, type JsonValue } from '../json/json-value.js';

/** An argument of a call. Tensors are numbers into the call's `inputs`. */
export type Argument =
  | { readonly kind: 'tensor'; readonly input: number }
  | { readonly kind: 'tensors'; readonly inputs: readonly number[] }
  | { readonly kind: 'constant'; readonly json: JsonValue }
  /** Tensors in a structure that is no plain list; `keys` where it is a dictionary of tensors. */
  | { readonly kind: 'structure'; readonly keys?: readonly string[] };

/** A call as in Python. Keyword arguments without effect, `mask=None`, are left out. */
export interface CallArguments {
  readonly positional: readonly Argument[];
  readonly keywords: ReadonlyMap<string, Argument>;
}

const NO_KEYWORDS: ReadonlyMap<string, Argument> = new Map();

const ONE_TENSOR: CallArguments = { positional: [{ kind: 'tensor', input: 0 }], keywords: NO_KEYWORDS };

/** A call, as far as it says its arguments. */
interface WithArguments {
  readonly inputs: readonly unknown[];
  readonly read?: { readonly arguments: CallArguments } | undefined;
  readonly keywords?: JsonObject | undefined;
  readonly arguments?: CallArguments | undefined;
}

/** Returns the arguments of a call: those that were read, or those that it was made with here. */
export function argumentsOf({ read, inputs, keywords, arguments: made }: WithArguments): CallArguments {
  if (made !== undefined) return made;
  if (read !== undefined) return read.arguments;
  return { ...tensorArguments(inputs.length), keywords: constantsOf(keywords) };
}

/** A call of so many tensors and nothing else: one alone, or several in a list. */
export const tensorArguments = (count: number): CallArguments =>
  count === 1
    ? ONE_TENSOR
    : {
        positional: [{ kind: 'tensors', inputs: Array.from({ length: count }, (_, at) => at) }],
        keywords: NO_KEYWORDS,
      };

/** The call with more keyword arguments. */
export const withKeywords = (call: CallArguments, keywords: JsonObject | undefined): CallArguments => ({
  ...call,
  keywords: new Map([...call.keywords, ...constantsOf(keywords)]),
});

const constantsOf = (keywords: JsonObject | undefined): ReadonlyMap<string, Argument> =>
  keywords === undefined
    ? NO_KEYWORDS
    : new Map(keywords.members.map(({ key, value }) => [key, { kind: 'constant', json: value }]));

/** Tells whether an argument is empty: null, or a structure of nulls, as Keras 3 writes the masks of several inputs. */
export function saysNothing(json: JsonValue): boolean {
  if (isArray(json)) return json.items.length > 0 && json.items.every((item) => saysNothing(item.value));
  if (isObject(json)) return json.members.length > 0 && json.members.every((member) => saysNothing(member.value));
  return json.kind === 'literal' && json.text === 'null';
}

/** Tells whether a keyword argument has no effect. Nulls among the parts of an index say a lot: `x[:, None]`. */
export const isIdle = ({ key, value }: { readonly key: string; readonly value: JsonValue }): boolean =>
  key !== 'slice_spec' && saysNothing(value);
