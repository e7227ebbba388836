import { inputError } from '../../errors.js';
import { MAX_NESTED_MODELS } from '../../limits.js';
import { type Layer, stepAxes } from '../../model/model.js';
import type { Variable } from './layer-variables.js';
import type { ObjectGraph } from './object-graph.js';

/** The attribute that a variable has; tables of words have others. */
export const VALUE = 'VARIABLE_VALUE';

/** Children of a layer besides its variables and cells: lists of Keras, states of generators and of training. */
const BOOKKEEPING: ReadonlySet<string> = new Set([
  'variables',
  'trainable_variables',
  'non_trainable_variables',
  'keras_api',
  'regularization_losses',
  'metrics',
  'optimizer',
  'root',
  'axis',
  'states',
  '_random_generator',
  '_rng',
]);

export interface LayerVariables {
  readonly variables: readonly Variable[];
  /** Whether they come in the order of `layer.weights`. */
  readonly isOrdered: boolean;
}

/**
 * Lists the variables of a layer. A SavedModel lists them, in the order of `layer.weights`; in a plain checkpoint they
 * are found by walking through the layer's children. Of a layer that holds a frozen one the order is not that of
 * `layer.weights` once it is loaded: its config does not say what is frozen inside.
 * @throws RetrofitError `unmappable-weights` for a layer that keeps something else than variables
 */
export function readVariables(objects: ObjectGraph, id: number, layer: Layer): LayerVariables {
  const { found: walked, seen } = walk(objects, id, layer);
  const { trainable, others } = findLists(objects, id);
  if (trainable === undefined) return { variables: walked, isOrdered: walked.length < 2 };
  const byKey = new Map(walked.map((variable) => [variable.key, variable]));
  const variables = [trainable, others].flatMap((list) => {
    const items: Variable[] = [];
    for (let index = 0; list !== undefined; index++) {
      const item = objects.nodeAt(list).children.get(String(index));
      if (item === undefined) break;
      for (const { name, fullName, key } of objects.nodeAt(item).attributes)
        if (name === VALUE) items.push(byKey.get(key) ?? { name: '', owner: '', fullName, key });
    }
    return items;
  });
  const isFrozen = layer.settings.trainable === false;
  return { variables, isOrdered: isFrozen || ![...seen].some((inner) => inner !== id && isFrozenAt(objects, inner)) };
}

/** Whether the object is a layer with variables of which none is trained. */
function isFrozenAt(objects: ObjectGraph, id: number): boolean {
  const { trainable, others } = findLists(objects, id);
  const count = (list: number) => objects.nodeAt(list).children.size;
  return trainable !== undefined && others !== undefined && count(trainable) === 0 && count(others) > 0;
}

/** The lists of its variables that a SavedModel keeps for a layer. */
function findLists(objects: ObjectGraph, id: number) {
  const { children } = objects.nodeAt(id);
  const api = children.get('keras_api');
  const others = api === undefined ? undefined : objects.nodeAt(api).children.get('non_trainable_variables');
  return { trainable: children.get('trainable_variables'), others };
}

function walk(objects: ObjectGraph, root: number, layer: Layer) {
  const found: Variable[] = [];
  const seen = new Set<number>();
  // Where it stands inside others, the way to it is not walked.
  visit(root, Array<string>(stepAxes(layer)).fill('layer'), 0);
  return { found, seen };

  function visit(id: number, path: readonly string[], depth: number): void {
    if (seen.has(id)) return;
    if (depth > MAX_NESTED_MODELS) throw unmappable(layer, `keeps objects in more than ${MAX_NESTED_MODELS} others`);
    seen.add(id);
    const { children, attributes } = objects.nodeAt(id);
    for (const attribute of attributes) {
      if (attribute.name !== VALUE) throw unmappable(layer, `keeps "${attribute.key}", which is no variable`);
      found.push({
        name: path.at(-1) ?? '',
        owner: path.slice(0, -1).join('/'),
        fullName: attribute.fullName,
        key: attribute.key,
      });
    }
    for (const [child, childId] of children) if (!BOOKKEEPING.has(child)) visit(childId, [...path, child], depth + 1);
  }
}

const unmappable = ({ name, className }: Layer, message: string) =>
  inputError('unmappable-weights', `the layer, a ${className}, ${message}: it cannot be told what Keras makes of it`, {
    where: { layer: name },
    hint: 'tables of words and the like are kept by TensorFlow alone: rebuild the model without this layer and save that',
  });
