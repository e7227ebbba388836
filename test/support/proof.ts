import { mkdirSync, writeFileSync } from 'node:fs';
import { layerOrder } from '../../src/model/layer-order.js';
import { type Graph, listGraphs } from '../../src/model/model.js';

/** Names of `model.layers` as Keras has them, by the path of nested models. */
export const namesByPath = (graph: Graph): Readonly<Record<string, readonly string[]>> =>
  Object.fromEntries(
    [...listGraphs(graph)].map(({ graph: inner, path }) => [path.join('/'), layerOrder(inner).map(({ name }) => name)]),
  );

const PROOF = process.env.SE_RETROFIT_PROOF;

/** Leaves an architecture that we made where fixtures/check_dialects.py loads it with real Keras, if it is asked for. */
export function leaveProof(name: string, text: string, graph: Graph): void {
  if (PROOF === undefined) return;
  mkdirSync(PROOF, { recursive: true });
  writeFileSync(`${PROOF}/${name}.json`, text);
  writeFileSync(`${PROOF}/${name}.layers`, JSON.stringify(namesByPath(graph)));
}
