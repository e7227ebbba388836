import { getMember, type JsonObject } from '../../json/json-value.js';
import { isInput } from '../../layers/known-layers.js';
import type { Graph, Layer } from '../../model/model.js';
import { listEntries, SHARED_OBJECT } from '../dialects/wrapped-entries.js';
import type { Blocker } from './class-blocker.js';

/**
 * Finds a layer of a functional model that is called elsewhere before: of a `.keras` Keras 3 makes one object of all that have
 * one `shared_object_id`, and takes its first calls, wherever they are, for those that the model names.
 * Source: `deserialize_keras_object` in keras/src/saving/serialization_lib.py and `functional_from_config` in
 * keras/src/models/functional.py.
 */
export function findSharedObject(root: Graph): Blocker | undefined {
  const made = new Set<string>();
  const called = new Set<string>();
  return visit(root);

  function visit(graph: Graph): Blocker | undefined {
    const isAtOnce = graph.kind === 'sequential' && graph.layers[0]?.implicit !== true;
    for (const layer of graph.layers) {
      const found = visitInside(layer);
      if (found !== undefined) return found;
      // A Sequential model with an input calls each layer as it comes.
      if (isAtOnce) call(layer);
    }
    const taken =
      graph.kind === 'functional' ? graph.layers.find((layer) => called.has(idOf(layer.entry) ?? '')) : undefined;
    if (taken !== undefined) return { layer: taken.name, field: SHARED_OBJECT, reason: REASON };
    graph.layers.forEach(call);
    return undefined;
  }

  function visitInside(layer: Layer): Blocker | undefined {
    const ids = listEntries(layer).flatMap((entry) => idOf(entry) ?? []);
    const isMade = ids.some((id) => made.has(id));
    for (const id of ids) made.add(id);
    return isMade || layer.graph === undefined ? undefined : visit(layer.graph);
  }

  function call({ entry, className }: Layer): void {
    const id = idOf(entry);
    if (id !== undefined && !isInput(className)) called.add(id);
  }
}

function idOf(entry: JsonObject | undefined): string | undefined {
  const id = getMember(entry, SHARED_OBJECT);
  return id?.kind === 'number' ? id.text : undefined;
}

const REASON = 'is that of a layer in another model too: Keras 3 takes the calls there for those here';
