// Builds a TensorFlow.js layers model of real size with random weights: from one of the fixture topologies, or a made one.
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { raiseGraph } from '../dist/src/formats/dialects/raise-graph.js';
import { parseJson } from '../dist/src/json/parse-json.js';
import { factsOf } from '../dist/src/layers/known-layers.js';
import { resolveGraph } from '../dist/src/model/graph-nodes.js';
import { inferShapes } from '../dist/src/model/shapes.js';
import { deepTopology, wideTopology } from './made-topologies.mjs';
import { CACHE } from './measure.mjs';

const TOPOLOGIES = fileURLToPath(new URL('../fixtures/topologies/', import.meta.url));
const SHARD_BYTES = 4 * 2 ** 20;

/** The folder of the model `two-gigabytes`, `deep-N` for N layers, or a fixture; it is built once and kept in the cache. */
export function makeModel(name) {
  const folder = `${CACHE}${name}`;
  if (existsSync(folder)) return folder;
  const building = `${folder}.building`;
  rmSync(building, { recursive: true, force: true });
  mkdirSync(building, { recursive: true });
  const text = topologyText(name);
  const weights = listWeights(raiseGraph(parseJson(text).root, ''));
  const paths = writeShards(building, weights);
  const model = {
    format: 'layers-model',
    generatedBy: 'keras v2.21.0',
    convertedBy: null,
    modelTopology: JSON.parse(text),
    weightsManifest: [{ paths, weights }],
  };
  writeFileSync(`${building}/model.json`, JSON.stringify(model));
  renameSync(building, folder);
  return folder;
}

function topologyText(name) {
  if (name === 'two-gigabytes') return JSON.stringify(wideTopology());
  const [, layerCount] = /^deep-(\d+)$/.exec(name) ?? [];
  if (layerCount !== undefined) return JSON.stringify(deepTopology(Number(layerCount)));
  return gunzipSync(readFileSync(`${TOPOLOGIES}${name}.json.gz`)).toString('utf8');
}

function listWeights(graph) {
  const shapes = inferShapes(graph);
  return resolveGraph(graph).nodes.flatMap(({ layer, inputs }) => {
    const read = inputs.map((input) => shapes[input.node][input.tensor]);
    const facts = factsOf(layer.className, layer.settings).weights?.(layer.settings, read) ?? [];
    return facts.map((fact) => ({ name: `${layer.name}/${fact.name}`, shape: fact.shape, dtype: 'float32' }));
  });
}

function writeShards(folder, weights) {
  const total = weights.reduce((sum, { shape }) => sum + 4 * shape.reduce((product, size) => product * size, 1), 0);
  const count = Math.max(1, Math.ceil(total / SHARD_BYTES));
  const values = new Float32Array(SHARD_BYTES / 4);
  let state = 1;
  return Array.from({ length: count }, (_, index) => {
    for (let at = 0; at < values.length; at++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      values[at] = state / 2 ** 32 / 50 + 0.001;
    }
    const path = `group1-shard${index + 1}of${count}.bin`;
    const file = openSync(`${folder}/${path}`, 'w');
    writeSync(file, new Uint8Array(values.buffer), 0, Math.min(SHARD_BYTES, total - index * SHARD_BYTES));
    closeSync(file);
    return path;
  });
}
