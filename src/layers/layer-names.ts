import type { Loader } from './layer-facts.js';

interface NameRule {
  readonly proper: RegExp;
  readonly improper: RegExp;
  /** Reason why a name that is not proper is refused. */
  readonly reason: string;
}

// TensorFlow.js checks the names of tensors (`isValidTensorName` in src/common.ts), Keras 2 those of TensorFlow's scopes,
// Keras 3 wants no slash.
const RULES: Readonly<Record<Loader, NameRule>> = {
  tfjs: {
    proper: /^[A-Za-z0-9][-A-Za-z0-9._/]*$/,
    improper: /[^-A-Za-z0-9._/]/g,
    reason: 'is no valid name of a TensorFlow.js tensor',
  },
  keras2: {
    proper: /^[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*$/,
    improper: /[^A-Za-z0-9_.\\/>-]/g,
    reason: 'is no valid TensorFlow scope',
  },
  keras3: { proper: /^[^/]+$/, improper: /\//g, reason: 'holds a "/"' },
};

/** Returns why a loader refuses the name of a layer; undefined where it takes the name. */
export function nameProblem(name: string, loader: Loader): string | undefined {
  if (loader === 'tfjs' && name in Object.prototype)
    return 'is the name of a property that every JavaScript object has';
  return RULES[loader].proper.test(name) ? undefined : RULES[loader].reason;
}

/** The nearest name that a loader takes. */
export function properName(name: string, loader: Loader): string {
  const cleaned = name.replace(RULES[loader].improper, '_');
  return nameProblem(cleaned, loader) === undefined ? cleaned : `layer_${cleaned}`;
}

/** Makes a name from a class as Keras 3 does. Source: `to_snake_case` in keras/src/utils/naming.py. */
export const snakeCase = (name: string): string =>
  name
    .replace(/\W+/g, '')
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
