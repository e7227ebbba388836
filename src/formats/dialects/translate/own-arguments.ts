import { isPlainObject, type Plain } from '../../../json/json-value.js';
import { factsOf } from '../../../layers/known-layers.js';
import { type Argument, type CallArguments, tensorArguments } from '../../../model/call-arguments.js';
import type { Layer } from '../../../model/model.js';
import { cannotConvert } from './cannot-convert.js';
import type { DialectPair } from './translate-config.js';

/** A call with arguments that layers of most classes do not take: `attention(query, value=memory)`. */
export interface OwnArguments {
  /** The other arguments of the call. */
  readonly others: CallArguments;
  /** In which order its tensors are read: as Keras flattens the arguments, by name behind the first. */
  readonly inputs: readonly number[];
  /** Tensors are numbers into `inputs`. */
  readonly call: CallArguments;
}

/**
 * The arguments of a layer's calls that its class has for itself; undefined where it is called with its tensors alone. Behind
 * the first they are written by their names: Keras 2 keeps them so.
 * @throws RetrofitError `cannot-convert` where its calls differ in them
 */
export function ownArguments(
  layer: Layer,
  calls: readonly CallArguments[],
  dialects: DialectPair,
): OwnArguments | undefined {
  const own = calls.map((call) => takeOwn(layer, call, dialects));
  const [first] = own;
  if (first === undefined && own.every((each) => each === undefined)) return undefined;
  if (own.every((each) => isSame(each, first))) return first;
  throw cannotConvert(
    layer.name,
    'inbound_nodes',
    'it is called several times with different arguments, which is not translated',
    'keep the model in the format it is in, or rebuild it with a layer for each call',
  );
}

const isSame = (left: OwnArguments | undefined, right: OwnArguments | undefined): boolean =>
  asText(left) === asText(right);

const asText = (own: OwnArguments | undefined): string | undefined =>
  own && JSON.stringify([own.inputs, own.call.positional, [...own.call.keywords]]);

function takeOwn(layer: Layer, call: CallArguments, { source, target }: DialectPair): OwnArguments | undefined {
  const { callArguments: known } = factsOf(layer.className, layer.settings);
  const named = known?.first === undefined ? undefined : call.keywords.get(known.first);
  const [query, ...behind] = named === undefined ? call.positional : [named, ...call.positional];
  let first = query;
  if (known === undefined || (first?.kind !== 'tensor' && first?.kind !== 'tensors')) return undefined;
  const taken = new Map<string, Argument>();
  if (known.listed !== undefined && source !== 'keras3' && first.kind === 'tensors') {
    taken.set(known.listed, { kind: 'tensors', inputs: first.inputs.slice(1) });
    first = { kind: 'tensor', input: first.inputs[0]! };
  }
  if (behind.length > known.inOrder.length) return undefined;
  for (const [index, argument] of behind.entries()) taken.set(known.inOrder[index]!, argument);
  const others = new Map([...call.keywords].filter(([name]) => name !== known.first));
  for (const name of [...known.inOrder, ...known.byName]) {
    const argument = call.keywords.get(name);
    if (argument === undefined || argument.kind === 'structure') continue;
    taken.set(name, argument);
    others.delete(name);
  }
  if (taken.size === 0) return undefined;
  const listed = tensorsOf(known.listed === undefined ? undefined : taken.get(known.listed));
  if (listed.length > 0) {
    if (holdsStackedCells(layer.settings)) throw statesOfCells(layer);
    if (target !== 'keras3') {
      taken.delete(known.listed!);
      first = { kind: 'tensors', inputs: [...tensorsOf(first), ...listed] };
    }
  }
  const inputs: number[] = [];
  const add = (input: number) => inputs.push(input) - 1;
  const numbered = (argument: Argument): Argument => {
    if (argument.kind === 'tensor') return { kind: 'tensor', input: add(argument.input) };
    return argument.kind === 'tensors' ? { kind: 'tensors', inputs: argument.inputs.map(add) } : argument;
  };
  const positional = [numbered(first)];
  const keywords = [...taken].sort(([left], [right]) => (left < right ? -1 : 1));
  const byName = new Map(keywords.map(([name, argument]) => [name, numbered(argument)]));
  return { others: { ...tensorArguments(1), keywords: others }, call: { positional, keywords: byName }, inputs };
}

const holdsStackedCells = (value: Plain | undefined): boolean =>
  Array.isArray(value)
    ? value.some(holdsStackedCells)
    : isPlainObject(value) && ('cells' in value || Object.values(value).some(holdsStackedCells));

const tensorsOf = (argument: Argument | undefined): readonly number[] => {
  if (argument?.kind === 'tensor') return [argument.input];
  return argument?.kind === 'tensors' ? argument.inputs : [];
};

/** Keras 2 has the states of all cells in one list, Keras 3 a list for each. */
const statesOfCells = ({ name }: Layer) =>
  cannotConvert(
    name,
    'inbound_nodes',
    'its stacked cells are given initial states, which is not translated',
    'keep the model in the format it is in, or rebuild it with a layer for each cell',
  );
