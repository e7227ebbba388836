import { activationLoads } from './activations.js';
import { configObjectLoads, isKnownPolicy } from './config-objects.js';
import { isKnownLayer } from './known-layers.js';

// What a config may name without anybody's own code: the classes and functions that Keras 2, Keras 3 and TensorFlow.js
// ship. Source: the tables of all objects in keras 3.15 and tf-keras 2.21 (`ALL_OBJECTS`), and their serialization_lib.

const KINDS = ['_initializer', '_regularizer', '_constraint'] as const;

const words = (text: string): ReadonlySet<string> => new Set(text.split(' '));

const OTHER_OBJECTS = words(
  'AWQConfig AbsMaxQuantizer Float8QuantizationConfig GPTQConfig Int4QuantizationConfig Int8QuantizationConfig ' +
    'SeedGenerator STFT STFTInitializer TensorShape ' +
    '__bytes__ __ellipsis__ __keras_tensor__ __numpy__ __slice__ __tensor__ __tuple__',
);

const OTHER_FUNCTIONS = words('glu softmax_v2');

const OTHER_NAMES = words('one zero normal uniform stft maxnorm nonneg unitnorm l1 l2 l1l2 l1_l2 STFT STFTInitializer');

/** Tells whether an activation of this name exists without custom code. */
export const isKnownActivation = (name: string): boolean =>
  activationLoads(name) !== undefined || OTHER_FUNCTIONS.has(name);

/** Tells whether a class is one of a layer or of an object in a layer's config that loaders have themselves. */
export const isKnownClass = (className: string): boolean =>
  isKnownLayer(className) ||
  isKnownPolicy(className) ||
  OTHER_OBJECTS.has(className) ||
  KINDS.some((kind) => isShipped(kind, className.replace(/V2$/, '')));

/** Tells whether such a field's object is there under this name: `HeNormal`, `he_normal`. */
export function isKnownName(field: string, name: string): boolean {
  const className = name.replace(/V2$/, '').replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return OTHER_NAMES.has(name) || isShipped(field, className);
}

const isShipped = (field: string, className: string): boolean => (configObjectLoads(field, className)?.length ?? 0) > 0;
