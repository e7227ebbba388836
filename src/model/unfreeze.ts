import { fromPlain, getMember, isObject, type JsonObject, withMember, withoutMember } from '../json/json-value.js';
import { isInput } from '../layers/known-layers.js';
import { withSetting } from './map-layers.js';
import type { Graph, GraphSource, Layer, RetrofitRecord } from './model.js';

type Frozen = NonNullable<RetrofitRecord['frozen']>;

/** Turns a model that is frozen as a whole into one whose layers are frozen: new layers are to be trained. */
export function unfreeze(graph: Graph): Graph {
  if (!graph.isFrozen) return graph;
  const layers = graph.layers.map((layer) => (hasSwitch(layer) ? withTrainable(layer, false) : layer));
  return { ...graph, isFrozen: false, layers, read: inConfig(graph.read, (config) => setTrainable(config, true)) };
}

/** Lists the layers that `unfreeze` changes, by their `trainable`; undefined for a model that is not frozen. */
export function describeFrozen(graph: Graph): Frozen | undefined {
  if (!graph.isFrozen) return undefined;
  const layers = graph.layers.filter(hasSwitch);
  const saying = (text: string | undefined) =>
    layers.filter((layer) => trainableText(layer) === text).map((layer) => layer.name);
  return { trainable: saying('true'), unsaid: saying(undefined) };
}

/** Reverts `unfreeze`: freezes the model as a whole again, and gives its layers their former `trainable`. */
export function freezeAgain(graph: Graph, { trainable, unsaid }: Frozen): Graph {
  const before = new Map([
    ...trainable.map((name) => [name, true] as const),
    ...unsaid.map((name) => [name, undefined] as const),
  ]);
  const layers = graph.layers.map((layer) =>
    before.has(layer.name) && hasSwitch(layer) ? withTrainable(layer, before.get(layer.name)) : layer,
  );
  return { ...graph, isFrozen: true, layers, read: inConfig(graph.read, (config) => setTrainable(config, false)) };
}

const hasSwitch = ({ className, isOperation }: Layer): boolean => !isInput(className) && !isOperation;

function withTrainable(whole: Layer, trainable: boolean | undefined): Layer {
  const wrappers = whole.wrappers?.map(({ config, settings }) => ({
    config: setTrainable(config, trainable),
    settings: { ...settings, trainable },
  }));
  const layer = wrappers === undefined ? whole : { ...whole, wrappers };
  const { graph } = layer;
  if (graph !== undefined) {
    const read = inConfig(graph.read, (config) => setTrainable(config, trainable));
    return { ...layer, graph: { ...graph, isFrozen: trainable === false, read } };
  }
  return withSetting(layer, 'trainable', trainable);
}

const setTrainable = (config: JsonObject, trainable: boolean | undefined): JsonObject =>
  trainable === undefined ? withoutMember(config, 'trainable') : withMember(config, 'trainable', fromPlain(trainable));

const inConfig = (
  read: GraphSource | undefined,
  change: (config: JsonObject) => JsonObject,
): GraphSource | undefined => (isObject(read?.config) ? { ...read, config: change(read.config) } : read);

/** Returns the text of a layer's `trainable`: `true`, `false`, or undefined. */
function trainableText({ graph, config, wrappers }: Layer): string | undefined {
  const value = getMember(wrappers?.[0]?.config ?? (graph === undefined ? config : graph.read?.config), 'trainable');
  return value?.kind === 'literal' ? value.text : undefined;
}
