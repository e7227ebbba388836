import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import type { Container } from '../../src/containers.js';
import { raiseGraph } from '../../src/formats/dialects/raise-graph.js';
import type { JsonDocument } from '../../src/json/json-value.js';
import { parseJson } from '../../src/json/parse-json.js';
import type { Model } from '../../src/model/model.js';

// Graphs as real tf_keras and Keras 3 wrote them, without weights: see fixtures/make_dialects.py.

const DIALECTS = fileURLToPath(new URL('../../fixtures/dialects/', import.meta.url));
const NETWORKS = fileURLToPath(new URL('../../fixtures/topologies-keras3/', import.meta.url));

interface Verdict {
  readonly ok: boolean;
  readonly error: string | null;
}

interface ExpectedDialect {
  /** `model.layers` of the model and of those nested in it, by their path. */
  readonly layers: Readonly<Record<string, readonly string[]>>;
  readonly loads: Readonly<Record<'keras2' | 'keras3' | 'keras3Legacy', Verdict>>;
}

interface ExpectedNetwork {
  readonly layers: Readonly<Record<string, { readonly count: number; readonly sha256: string }>>;
  readonly params: number;
  readonly loads: Readonly<Record<'keras3' | 'keras3Legacy', Verdict>>;
}

const readJson = (path: string) => JSON.parse(readFileSync(path, 'utf8'));

export const DIALECT_EXPECTATIONS: Readonly<Record<string, ExpectedDialect>> = readJson(`${DIALECTS}expected.json`);
export const NETWORK_EXPECTATIONS: Readonly<Record<string, ExpectedNetwork>> = readJson(`${NETWORKS}expected.json`);

export const DIALECT_NAMES: readonly string[] = Object.keys(DIALECT_EXPECTATIONS);

const CONTAINERS: Readonly<Record<string, Container>> = { json: 'keras-json', h5: 'keras-h5', zip: 'keras-zip' };

export const containerOf = (name: string): Container => CONTAINERS[name.slice(name.lastIndexOf('-') + 1)]!;

export const dialectText = (name: string): string => readFileSync(`${DIALECTS}${name}.json`, 'utf8');

export const readDialect = (name: string): { readonly document: JsonDocument; readonly model: Model } =>
  readText(dialectText(name), name, containerOf(name));

export const readNetwork = (name: string): { readonly document: JsonDocument; readonly model: Model } =>
  readText(gunzipSync(readFileSync(`${NETWORKS}${name}.json.gz`)).toString('utf8'), name, 'keras-zip');

/** A model of an architecture alone. */
export function readText(text: string, name: string, container: Container): { document: JsonDocument; model: Model } {
  const document = parseJson(text);
  const graph = raiseGraph(document.root, '');
  const model: Model = {
    path: `${name}.json`,
    format: { container, dialect: graph.read!.dialect, weightLayout: 'legacy-hdf5' },
    graph,
    trainingConfig: undefined,
    record: undefined,
    files: [],
    bytes: 0,
    warnings: [],
    withValues: () => Promise.reject(new Error('an architecture has no weights')),
    carried: undefined,
  };
  return { document, model };
}
