import { defect, type ErrorPlace, RetrofitError } from '../../errors.js';
import { LOADER_NAMES } from '../../format-names.js';
import type { JsonValue } from '../../json/json-value.js';
import {
  type Format,
  type Graph,
  type Layer,
  listGraphs,
  loaderOf,
  type Model,
  sameTensors,
  type Warning,
} from '../../model/model.js';
import { doesNotLoadWarning } from '../conversion-warnings.js';
import { isOwnCode } from '../convert-model.js';
import { raiseGraph } from '../dialects/raise-graph.js';
import { cannotConvert } from '../dialects/translate/cannot-convert.js';
import { attachWeights } from '../tfjs/attach-weights.js';
import type { Blocker } from '../verdict/class-blocker.js';
import { findBlocker } from '../verdict/loaders.js';
import { readManifest } from '../weight-layouts/tfjs-manifest.js';
import type { WrittenArchitecture } from '../written-files.js';

/**
 * Reads an architecture back as it was written, before anybody sees it: it must say the graph that it was made from,
 * every weight must find its layer, and its loader must take it if the loader of the input took that.
 * @returns a warning about a model that does not load, as it did not before
 * @throws RetrofitError `defect`, and `cannot-convert` for a model that does not load, and would not in its new container
 */
export function checkWritten(model: Model, written: WrittenArchitecture): readonly Warning[] {
  const { asRead, format } = model;
  const blocker = readBack(model, written);
  if (blocker === undefined || asRead === undefined) return [];
  if (blockerOf(asRead.graph, asRead.format, asRead.settings) === undefined) throw badOutput(saying(blocker), blocker);
  if (isOwnCode(blocker, model)) return [];
  if (format.container !== asRead.format.container) throw loadsNowhere(model, blocker);
  const warning = doesNotLoadWarning(loaderOf(format), blocker);
  return model.warnings.some(({ code }) => code === warning.code) ? [] : [warning];
}

/** Returns why the loader refuses the written architecture, which must say the same as the model. */
function readBack(model: Model, { topology, manifest, settings }: WrittenArchitecture): Blocker | undefined {
  try {
    const again = raiseGraph(topology, 'model', model.asRead?.graph);
    compareGraphs(model.graph, again);
    if (manifest !== undefined) compareWeights(model.graph, withWeights(again, manifest));
    return blockerOf(again, model.format, settings, model.kerasVersion);
  } catch (error) {
    if (!(error instanceof RetrofitError) || error.kind === 'defect') throw error;
    throw badOutput(error.message, error.where);
  }
}

const saying = ({ field, reason }: Blocker): string => (field === '' ? reason : `${field} ${reason}`);

/** A model that does not load may be changed in its own format; a conversion must give one that loads. */
const loadsNowhere = ({ format }: Model, blocker: Blocker) =>
  cannotConvert(
    blocker.layer,
    blocker.field,
    `the model does not load as it is, nor would what is written in ${LOADER_NAMES[loaderOf(format)]}: ${saying(blocker)}`,
    'fix the file itself, or save the model again with the program that made it',
  );

const blockerOf = (graph: Graph, format: Format, settings: JsonValue | undefined, kerasVersion?: string) =>
  findBlocker(graph, loaderOf(format), { container: format.container, settings, kerasVersion });

const badOutput = (message: string, { layer, field }: ErrorPlace) =>
  defect(`the model that would be written is not right, so nothing is written: ${message}`, { layer, field });

function compareGraphs(given: Graph, again: Graph): void {
  if (given.kind !== again.kind) throw badOutput(`it is ${again.kind}, not ${given.kind}`, { layer: given.name });
  const layers = new Map(again.layers.map((layer) => [layer.name, layer]));
  if (layers.size !== given.layers.length) throw badOutput('it has other layers', { layer: given.name });
  for (const layer of given.layers) {
    const twin = layers.get(layer.name);
    if (twin === undefined) throw badOutput('the layer is not in it', { layer: layer.name });
    compareLayers(layer, twin);
  }
  if (!sameTensors(given.inputs, again.inputs)) throw badOutput('it has other inputs', { field: 'input_layers' });
  if (!sameTensors(given.outputs, again.outputs)) throw badOutput('it has other outputs', { field: 'output_layers' });
}

function compareLayers(given: Layer, again: Layer): void {
  if (given === again) return;
  const { name: layer } = given;
  if ((given.graph === undefined) !== (again.graph === undefined)) throw badOutput('is no model any more', { layer });
  if (given.graph === undefined && given.className !== again.className)
    throw badOutput(`is a ${again.className}, not a ${given.className}`, { layer, field: 'class_name' });
  const sameCalls =
    given.calls.length === again.calls.length &&
    given.calls.every(({ inputs }, call) => sameTensors(inputs, again.calls[call]!.inputs));
  if (!sameCalls) throw badOutput('is called with other tensors', { layer, field: 'inbound_nodes' });
  if (given.graph !== undefined) compareGraphs(given.graph, again.graph!);
}

function withWeights(graph: Graph, manifest: JsonValue): Graph {
  const groups = readManifest(manifest);
  return attachWeights(
    graph,
    groups.map((group) => ({ ...group, specs: group.specs.map((spec) => ({ ...spec, ranges: [] })) })),
  );
}

function compareWeights(given: Graph, again: Graph): void {
  const twins = [...listGraphs(again)];
  for (const [index, { graph }] of [...listGraphs(given)].entries()) {
    const layers = new Map(twins[index]!.graph.layers.map((layer) => [layer.name, layer]));
    for (const { name, weights } of graph.layers) {
      const shapes = new Map(layers.get(name)!.weights.map((weight) => [weight.name, String(weight.tensor.shape)]));
      const lost = weights.find((weight) => shapes.get(weight.name) !== String(weight.tensor.shape));
      if (lost !== undefined || shapes.size !== weights.length)
        throw badOutput('its weights would not find it', { layer: name, field: lost?.name });
    }
  }
}
