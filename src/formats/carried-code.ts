import { isKnownLayer } from '../layers/known-layers.js';
import { type Graph, type Layer, listGraphs, type Warning } from '../model/model.js';

// What a file brings along that a loader may run or fetch: HOSTILE.md, row 17. It is carried, never resolved.
const RUNS_CODE: ReadonlyMap<string, string> = new Map([
  ['Lambda', 'carries Python code that Keras runs when it loads the model'],
  ['TFSMLayer', 'makes Keras load and run a SavedModel from a path'],
  ['TorchModuleWrapper', 'makes Keras unpickle a PyTorch module'],
  ['FlaxLayer', 'carries code that Keras runs'],
  ['JaxLayer', 'carries code that Keras runs'],
]);

const READS_FILES: readonly string[] = ['StringLookup', 'IntegerLookup', 'TextVectorization'];

/** One warning for each layer that a loader could be made to run code, or read files, by. */
export function listWarnings(graph: Graph): readonly Warning[] {
  const warnings: Warning[] = [];
  for (const { graph: inner } of listGraphs(graph)) {
    for (const layer of inner.layers) {
      const message = codeIn(layer);
      if (message !== undefined) warnings.push({ code: 'carried-code', message, where: layer.name });
    }
  }
  return warnings;
}

function codeIn(layer: Layer): string | undefined {
  if (layer.graph !== undefined) return undefined;
  const runs = RUNS_CODE.get(layer.className);
  if (runs !== undefined)
    return `the layer ${runs}; it is carried as it is, and the new model is no safer than the old`;
  if (READS_FILES.includes(layer.className) && typeof layer.settings.vocabulary === 'string') {
    return 'the layer makes Keras read the file its "vocabulary" names; it is carried as it is';
  }
  if (isKnownLayer(layer.className)) return undefined;
  return `the layer is of the class "${layer.className}", which Keras and TensorFlow.js do not have: it needs its own code to load`;
}
