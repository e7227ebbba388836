import { inputError } from '../errors.js';
import { activationName } from '../layers/activations.js';
import { factsOfLayer } from '../model/facts-of-layer.js';
import { resolveGraph } from '../model/graph-nodes.js';
import { type Graph, type Layer, sameTensors, scaleName, stepAxes, type TensorRef } from '../model/model.js';
import { type ModulePart, partsOf, projectionClass, squeezeClass } from './module-classes.js';

/** A module that stands in a graph, just as `moduleLayers` makes them. */
export interface FoundModule {
  readonly name: string;
  readonly parts: Readonly<Partial<Record<ModulePart, Layer>>>;
  /** The tensors it scales: one a call. */
  readonly features: readonly TensorRef[];
  readonly channels: number;
  readonly isGateDoubled: boolean;
}

/**
 * Finds a module of ours by its name and checks that it is unchanged: its layers, the inputs of each, and that no other
 * layer reads a tensor inside it.
 * @throws RetrofitError `changed-module`, naming the layer
 */
export function readModule(graph: Graph, name: string): FoundModule {
  const nameOf = (part: ModulePart) => `${name}_${part}`;
  const byName = new Map(graph.layers.map((layer) => [layer.name, layer]));
  const get = (part: ModulePart): Layer => {
    const layer = byName.get(nameOf(part));
    if (layer === undefined) throw changed(nameOf(part), `the module "${name}" has lost this layer, or it was renamed`);
    return layer;
  };
  const scale = get('scale');
  const isDense = get('reduce').className === 'Dense';
  const isGateDoubled = byName.has(nameOf('double'));
  const order = partsOf(isDense ? 'dense' : 'conv', isGateDoubled);
  const parts = Object.fromEntries(order.map((part) => [part, get(part)])) as Record<ModulePart, Layer>;

  for (const part of order) checkSettings(part, parts[part], isDense, stepAxes(parts.squeeze));
  const features = scale.calls.map(({ inputs }) => inputs[0]!);
  if (features.length === 0) throw changed(scale.name, `the module "${name}" is never called`);
  order.forEach((part, index) => {
    const { calls } = parts[part];
    const before = index === 0 ? undefined : nameOf(order[index - 1]!);
    const isAsMade =
      calls.length === features.length &&
      calls.every(({ inputs, hasArguments }, call) => {
        const previous = before === undefined ? features[call]! : { layer: before, call, tensor: 0 };
        const expected =
          part === 'scale' ? [features[call]!, previous] : part === 'double' ? [previous, previous] : [previous];
        return !hasArguments && sameTensors(inputs, expected);
      });
    if (!isAsMade)
      throw changed(nameOf(part), `the module "${name}" was changed: this layer does not read what it did`);
  });
  refuseOtherReaders(graph, name, new Set(order.map(nameOf)));
  const channels = widthOf(parts.expand);
  return { name, parts, features, channels, isGateDoubled };
}

function refuseOtherReaders(graph: Graph, name: string, own: ReadonlySet<string>): void {
  const { nodes } = resolveGraph(graph);
  for (const node of nodes) {
    if (!own.has(node.layer.name) || node.layer.name === scaleName(name)) continue;
    const reader = node.readers.map(({ node: id }) => nodes[id]!.layer.name).find((reading) => !own.has(reading));
    if (reader !== undefined || node.outputs.length > 0) {
      const who = reader === undefined ? 'the model gives it out' : `"${reader}" reads it`;
      throw changed(node.layer.name, `the module "${name}" was changed: ${who}`);
    }
  }
}

function checkSettings(part: ModulePart, layer: Layer, isDense: boolean, axes: number): void {
  const { className, settings } = layer;
  const form = isDense ? 'dense' : 'conv';
  const ranks = [1, 2, 3] as const;
  const projections = ranks.map((rank) => projectionClass(form, rank));
  const isOnes = (value: unknown) => value === undefined || [value].flat().every((size) => size === 1);
  const isProjection = (activation: string) =>
    projections.includes(className) &&
    activationName(settings) === activation &&
    isOnes(settings.strides) &&
    (isDense || (settings.kernel_size !== undefined && isOnes(settings.kernel_size)));
  const isAsMade: Readonly<Record<ModulePart, () => boolean>> = {
    squeeze: () =>
      ranks.some((rank) => [squeezeClass('avg', rank), squeezeClass('max', rank)].includes(className)) &&
      settings.keepdims !== true,
    reduce: () => isProjection('relu'),
    expand: () => isProjection('sigmoid'),
    double: () => className === 'Add',
    reshape: () => className === 'Reshape',
    scale: () => className === 'Multiply',
  };
  const wantedAxes = part === 'scale' || part === 'double' ? 0 : axes;
  if (layer.graph !== undefined || stepAxes(layer) !== wantedAxes || !isAsMade[part]()) {
    throw changed(
      layer.name,
      'this layer of a module is not the one that was put in: its class or settings are others',
    );
  }
}

function widthOf(layer: Layer): number {
  const { unitsField } = factsOfLayer(layer);
  const width = unitsField && layer.settings[unitsField];
  if (typeof width === 'number') return width;
  throw changed(layer.name, 'this layer of a module does not say how many channels it has');
}

const changed = (layer: string, message: string) =>
  inputError('changed-module', message, {
    where: { layer },
    hint: 'only modules as se-retrofit put them in can be taken out: go back to the file it wrote',
  });
