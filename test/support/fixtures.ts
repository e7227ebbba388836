import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { readModel } from '../../src/index.js';
import type { Model } from '../../src/model/model.js';
import { readText } from './dialects.js';

const MODELS = fileURLToPath(new URL('../../fixtures/models/', import.meta.url));
const TOPOLOGIES = fileURLToPath(new URL('../../fixtures/topologies/', import.meta.url));

interface Verdict {
  readonly ok: boolean;
  readonly error: string | null;
}

/** What real software said of a fixture when it was made. */
export interface Expected {
  readonly params: number;
  /** Null where tf-keras refuses the model. */
  readonly tfKerasLayers: readonly string[] | null;
  readonly nestedLayers: Readonly<Record<string, readonly string[]>>;
  readonly loads: { readonly tfjs: Verdict; readonly keras2: Verdict; readonly keras3Legacy: Verdict };
}

export const MODEL_NAMES: readonly string[] = readdirSync(MODELS).sort();

export const modelFolder = (name: string): string => `${MODELS}${name}`;

export const readFixture = (name: string): Promise<Model> => readModel(modelFolder(name));

export const expectedOf = (name: string): Expected =>
  JSON.parse(readFileSync(`${MODELS}${name}/expected.json`, 'utf8'));

/** Models that TensorFlow.js loads. */
export const LOADABLE_NAMES: readonly string[] = MODEL_NAMES.filter((name) => expectedOf(name).loads.tfjs.ok);

interface ExpectedTopology {
  readonly layers: { readonly count: number; readonly sha256: string };
  readonly params: number;
  readonly loads: { readonly keras2: Verdict; readonly keras3Legacy: Verdict };
  readonly nested: Readonly<Record<string, { readonly count: number; readonly sha256: string }>>;
}

export const TOPOLOGY_EXPECTATIONS: Readonly<Record<string, ExpectedTopology>> = JSON.parse(
  readFileSync(`${TOPOLOGIES}expected.json`, 'utf8'),
);

/** A big network's architecture, as real Keras wrote it, without weights. */
export const readTopology = (name: string): Model =>
  topologyOf(gunzipSync(readFileSync(`${TOPOLOGIES}${name}.json.gz`)).toString('utf8'), `${name}.json`);

/** The model of an architecture alone, as Keras 2 writes it. */
export const topologyOf = (text: string, path: string): Model => ({
  ...readText(text, path, 'keras-json').model,
  path,
});
