import { weightsMismatch } from '../../model/check-weights.js';
import type { Layer } from '../../model/model.js';
import { plural } from '../../plural.js';
import { weightFacts } from '../weight-layouts/hdf5-weights.js';

/** A variable of a layer in a checkpoint. */
export interface Variable {
  /** Under which its object holds it: `kernel`. */
  readonly name: string;
  /** The path from the layer to that object: `cell`; empty for the layer itself. */
  readonly owner: string;
  /** Its name in the program: `conv2d/kernel`. */
  readonly fullName: string;
  /** Under which its values stand in the checkpoint. */
  readonly key: string;
}

interface NamedVariable {
  readonly name: string;
  readonly variable: Variable;
}

const lastOf = (name: string): string => name.slice(name.lastIndexOf('/') + 1);

/**
 * Pairs the variables of a layer with the names of its weights, in their order.
 * @throws RetrofitError `weights-mismatch` where they are not those that its config implies
 */
export function pairVariables(layer: Layer, variables: readonly Variable[]): readonly NamedVariable[] {
  const facts = weightFacts(layer);
  if (facts === undefined) return variables.map((variable) => ({ name: nameInside(variable, layer), variable }));
  if (facts.length !== variables.length)
    throw weightsMismatch(
      layer.name,
      `the checkpoint has ${plural(variables.length, 'weight')} of it, its config asks for ${facts.length}`,
    );
  // Variables are kept as the layer made them, which may be another order than that of its weights.
  const left = [...variables];
  return facts.map((fact) => {
    const wanted = lastOf(fact.name);
    const named = left.filter(({ name, fullName }) => name === wanted || lastOf(fullName) === wanted);
    const held = named.filter(({ owner }) => owner === (fact.owner ?? ''));
    const variable = named.length === 1 ? named[0] : held[0];
    if (variable === undefined)
      throw weightsMismatch(layer.name, `the checkpoint has no "${fact.name}" of it`, left[0]!.key);
    left.splice(left.indexOf(variable), 1);
    return { name: fact.name, variable };
  });
}

const nameInside = ({ fullName }: Variable, layer: Layer): string =>
  fullName.startsWith(`${layer.name}/`) ? fullName.slice(layer.name.length + 1) : fullName;
