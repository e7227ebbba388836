import { getMember, isArray, isObject, type JsonObject, type JsonValue, stringOf } from '../../json/json-value.js';
import { isInput } from '../../layers/known-layers.js';
import type { Dialect } from '../../model/model.js';
import { listOf } from './sequential-text.js';

type Finding = (config: JsonValue, entries: readonly JsonObject[]) => Dialect | undefined;

/**
 * The dialect a model is written in, from what it says, never from a version number: tf-keras writes Keras 2 into
 * `.keras` files, and files are edited. The first of these that says anything decides, nested models included:
 * 1. a call: `{args, kwargs}` is Keras 3. Keras 3 reads lists too, even beside its own, so lists alone say nothing yet;
 * 2. an InputLayer: `batch_shape` is Keras 3, `batch_input_shape` Keras 2;
 * 3. a call that is a list: Keras 2;
 * 4. Sequential models without an InputLayer: `batch_input_shape` on a layer is Keras 2; a dtype of the model's own (Keras
 *    3 writes one, Keras 2 never) or a `DTypePolicy` is Keras 3 (Keras 2 calls it `Policy`); all others are Keras 2.
 */
export function findDialect(json: JsonValue | undefined): Dialect {
  const configs = listConfigs(json);
  for (const finding of FINDINGS) {
    let found: Dialect | undefined;
    for (const config of configs) {
      found = finding(config, entriesOf(config));
      if (found !== undefined) return found;
    }
  }
  return 'keras2';
}

const FINDINGS: readonly Finding[] = [
  (_, entries) => (entries.some((entry) => callsOf(entry).some(isKeras3Call)) ? 'keras3' : undefined),
  (_, entries) => {
    const input = entries.find((entry) => isInput(classOf(entry)) && keyed(entry, /^batch_(input_)?shape$/));
    if (input === undefined) return undefined;
    return keyed(input, /^batch_input_shape$/) ? 'keras2' : 'keras3';
  },
  (_, entries) => (entries.some((entry) => callsOf(entry).length > 0) ? 'keras2' : undefined),
  (_, entries) => (entries.some((entry) => keyed(entry, /^batch_input_shape$/)) ? 'keras2' : undefined),
  (config, entries) => {
    const policies = [config, ...entries.map((entry) => getMember(entry, 'config'))].map((each) =>
      getMember(each, 'dtype'),
    );
    if (policies.some((policy) => stringOf(getMember(policy, 'class_name'))?.endsWith('DTypePolicy'))) return 'keras3';
    return policies[0] === undefined ? undefined : 'keras3';
  },
];

/** Tells whether a call is written the way of Keras 3. */
export const isKeras3Call = (call: JsonValue): call is JsonObject =>
  isArray(getMember(call, 'args')) && isObject(getMember(call, 'kwargs'));

/** The configs of a model and of the models nested in it. */
function listConfigs(json: JsonValue | undefined): readonly JsonValue[] {
  const configs: JsonValue[] = [];
  const root = getMember(json, 'config');
  if (root !== undefined) configs.push(root);
  for (const config of configs) {
    for (const entry of entriesOf(config)) {
      const inner = getMember(entry, 'config');
      if (inner !== undefined && entriesOf(inner).length > 0) configs.push(inner);
    }
  }
  return configs;
}

function entriesOf(config: JsonValue): readonly JsonObject[] {
  return (listOf(config)?.items ?? []).map((item) => item.value).filter(isObject);
}

function callsOf(entry: JsonObject): readonly JsonValue[] {
  const nodes = getMember(entry, 'inbound_nodes');
  return isArray(nodes) ? nodes.items.map((item) => item.value) : [];
}

const classOf = (entry: JsonObject) => stringOf(getMember(entry, 'class_name'));

function keyed(entry: JsonObject, key: RegExp): boolean {
  const config = getMember(entry, 'config');
  return isObject(config) && config.members.some((member) => key.test(member.key));
}
