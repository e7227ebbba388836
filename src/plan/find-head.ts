import { inputError } from '../errors.js';
import { activationName, isNonLinear, isProbability } from '../layers/activations.js';
import { isChannelsFirst, numberIn } from '../layers/config.js';
import { keepsOtherWeights } from '../layers/known-layers.js';
import { isAllOnes } from '../layers/layer-facts.js';
import { readCompiledLoss } from '../model/compiled-loss.js';
import { factsOfLayer } from '../model/facts-of-layer.js';
import { countReaders, resolveGraph } from '../model/graph-nodes.js';
import { findGraph, type Graph, type Layer, type Model, type TensorRef } from '../model/model.js';
import { inferShapes } from '../model/shapes.js';

/** A layer with the names of the nested models around it. */
export interface HeadLayer {
  readonly graph: readonly string[];
  readonly layer: Layer;
}

/** The end of a classifier. */
export interface Head {
  /** The layer that makes the logits: dense, or a convolution whose places are pooled or moved into one. */
  readonly logits: HeadLayer;
  readonly units: number;
  /** The layer whose activation makes probabilities of the logits, or is to: `logits` itself, or one behind it. */
  readonly activation: HeadLayer;
  /** All layers behind the logits, from the output on. */
  readonly behind: readonly HeadLayer[];
}

/** Layers that may stand between the logits and the output, besides activations. */
const PASSED: readonly string[] = ['reshape', 'flatten', 'dropout', 'global-pool'];

/**
 * Finds the layer that makes the logits of a classifier, in whichever nested model it lies.
 * @throws RetrofitError `several-outputs`; `not-a-classifier` for a regression model; `shared-head` where the layers of
 * the head are used elsewhere too; `no-head` for any other model in which no such layer is found
 */
export function findHead(model: Model): Head {
  const { graph: root, path: file } = model;
  if (root.outputs.length !== 1) {
    throw inputError(
      'several-outputs',
      `the model has ${root.outputs.length} outputs: which one is the head is not known`,
      {
        where: { file },
        hint: 'give a model with one output, of one number a class',
      },
    );
  }
  const noHead = (layer: Layer, what: string) =>
    inputError('no-head', `no layer that makes the logits was found: ${what}`, {
      where: { file, layer: layer.name },
      hint: 'a head is a dense layer at the end, or a convolution behind which its places are pooled or moved into one, then a softmax or sigmoid',
    });
  const behind: HeadLayer[] = [];
  let [graph, path, ref]: [Graph, readonly string[], TensorRef] = [root, [], root.outputs[0]!];
  for (;;) {
    const layer = graph.layers.find(({ name }) => name === ref.layer)!;
    if (layer.calls.length > 1 || countReaders(graph, layer.name) !== 1) throw sharedHead(file, layer);
    if (layer.wrappers !== undefined) throw noHead(layer, 'this layer is in a TimeDistributed');
    if (layer.graph !== undefined) {
      [path, ref, graph] = [[...path, layer.name], layer.graph.outputs[ref.tensor]!, layer.graph];
      continue;
    }
    const { role, convolution, keeps } = factsOfLayer(layer);
    if (role === 'dense' || convolution === 'standard') return headAt({ graph: path, layer });
    const isPassed = PASSED.includes(role) || (role === 'activation' && layer.weights.length === 0);
    const input = layer.calls[0]?.inputs[0];
    if (!isPassed || layer.isOperation || keeps === 'neither' || input === undefined)
      throw noHead(layer, `a ${layer.className} comes first, seen from the output`);
    behind.push({ graph: path, layer });
    ref = input;
  }

  function headAt(logits: HeadLayer): Head {
    const { layer } = logits;
    const { settings } = layer;
    const { role, unitsField } = factsOfLayer(layer);
    const isDense = role === 'dense';
    const units = unitsField && numberIn(settings, unitsField);
    const groups = settings.groups === undefined || isAllOnes(settings.groups);
    const isPlain = layer.weights.every(({ name }) => name === 'kernel' || name === 'bias');
    if (units === undefined || !groups || !isPlain || keepsOtherWeights(settings))
      throw noHead(layer, `this ${layer.className} has no plain kernel: it is grouped, quantised or has more weights`);
    const chain = [...behind, logits];
    const found = chain.find((each) => isActive(each.layer));
    if (found !== undefined && !makesProbabilities(found.layer))
      throw noHead(found.layer, 'the output is neither a probability nor logits');
    if (found === undefined) refuseAmounts(model, layer, units);
    const activation = found ?? behind.find((each) => factsOfLayer(each.layer).onlyActivates) ?? logits;
    // The activation of a layer is that of its last axis.
    if (activation === logits && !isDense && isChannelsFirst(settings))
      throw noHead(layer, 'its channels come first, and a softmax in it is one of the last axis');
    const shape = shapeBehind(root, root.outputs[0]!);
    const isMoved = !isDense || behind.some((each) => factsOfLayer(each.layer).keeps === 'order');
    const wanted = shape?.length === 2 && shape[1] === units;
    if (shape === undefined ? isMoved : !wanted)
      throw noHead(
        layer,
        `the model gives [${shape?.slice(1).map((size) => size ?? '?') ?? '?'}], not one number a unit`,
      );
    const own = shapeBehind(findGraph(root, activation.graph)!, outputOf(activation.layer))?.at(-1) ?? units;
    if (own !== units) throw noHead(activation.layer, 'its last axis is not that of the classes');
    return { logits, units, activation, behind };
  }
}

const outputOf = ({ name }: Layer): TensorRef => ({ layer: name, call: 0, tensor: 0 });

const shapeBehind = (graph: Graph, ref: TensorRef) =>
  inferShapes(graph)[resolveGraph(graph).nodeOf(ref).id]?.[ref.tensor];

/** Tells whether a layer is a non-linearity or ends in one. */
const isActive = (layer: Layer): boolean =>
  isNonLinear(layer.settings) || (factsOfLayer(layer).role === 'activation' && !factsOfLayer(layer).onlyActivates);

const makesProbabilities = (layer: Layer): boolean =>
  factsOfLayer(layer).makesProbabilities === true ||
  isProbability(layer.settings) ||
  activationName(layer.settings) === 'log_softmax';

/** Refuses a regression model: no activation, and a loss that is no cross-entropy, or is unknown with one unit. */
function refuseAmounts({ path: file, trainingConfig }: Model, { name }: Layer, units: number): void {
  const { kind, other } = readCompiledLoss(trainingConfig);
  if (kind !== undefined || (units > 1 && other === undefined)) return;
  const said =
    other === undefined
      ? 'one number without an activation'
      : `what it was compiled for, ${other}, is no cross-entropy`;
  throw inputError('not-a-classifier', `the model gives amounts, no classes: ${said}`, {
    where: { file, layer: name },
    hint: 'give a classifier: its output is a softmax or a sigmoid, or logits of several classes',
  });
}

const sharedHead = (file: string, { name }: Layer) =>
  inputError('shared-head', 'this layer at the end of the model is called several times, or is read by others too', {
    where: { file, layer: name },
    hint: 'give a model whose last layers serve nothing but its output',
  });
