import type { Tensor } from '@tensorflow/tfjs-core';
import type { TensorFlow } from './tensorflow.js';

/** TensorFlow's codes of kinds of attributes, and of float32. */
type Codes = Readonly<
  Record<`TF_${'ATTR_TYPE' | 'ATTR_FLOAT' | 'ATTR_BOOL' | 'ATTR_STRING' | 'ATTR_INT' | 'FLOAT'}`, number>
>;

interface Operations {
  readonly binding: Codes;
  executeMultipleOutputs(
    name: string,
    attributes: readonly object[],
    inputs: readonly Tensor[],
    outputs: number,
  ): Tensor[];
}

/** One of TensorFlow's own operations, of which TensorFlow.js knows nothing, on tensors of float32. */
export interface Operation {
  readonly name: string;
  /** Names of its types, all float32. */
  readonly types: readonly string[];
  /** Lists of types, all float32, by their names: how long they are. */
  readonly typeLists?: Readonly<Record<string, number>>;
  /** A number is a float. */
  readonly attributes: Readonly<Record<string, number | boolean | string | readonly string[] | Whole>>;
  readonly inputs: readonly Tensor[];
  readonly outputs: number;
}

/** A whole number, or a list of them. */
export interface Whole {
  readonly whole: number | readonly number[];
}

/** Tells whether TensorFlow itself computes. */
export const isNative = (tf: TensorFlow['tf']): boolean => tf.getBackend() === 'tensorflow';

/** Runs an operation of one type, without attributes. */
export function runOperation(tf: TensorFlow['tf'], name: string, inputs: readonly Tensor[]): Tensor {
  return runOperations(tf, { name, types: ['T'], attributes: {}, inputs, outputs: 1 })[0]!;
}

/** Runs one with several outputs, or with attributes; lists of strings or types as scripts/binding-lists.cc reads them. */
export function runOperations(tf: TensorFlow['tf'], operation: Operation): readonly Tensor[] {
  const { name, types, typeLists = {}, attributes, inputs, outputs } = operation;
  const backend = tf.backend() as unknown as Operations;
  const { TF_ATTR_TYPE, TF_FLOAT } = backend.binding;
  const lists = Object.entries(typeLists).map(
    ([key, length]) => [key, Array<string>(length).fill(`${TF_FLOAT}`)] as const,
  );
  const given = [
    ...types.map((type) => ({ name: type, type: TF_ATTR_TYPE, value: TF_FLOAT })),
    ...[...lists, ...Object.entries(attributes)].map(([key, value]) => ({
      name: key,
      ...attributeOf(value, backend.binding),
    })),
  ];
  return backend.executeMultipleOutputs(name, given, inputs, outputs);
}

function attributeOf(value: Operation['attributes'][string], codes: Codes) {
  if (typeof value === 'object') {
    return 'whole' in value
      ? { type: codes.TF_ATTR_INT, value: value.whole }
      : { type: codes.TF_ATTR_STRING, value: value.join() };
  }
  const kinds = { number: codes.TF_ATTR_FLOAT, boolean: codes.TF_ATTR_BOOL, string: codes.TF_ATTR_STRING };
  return { type: kinds[typeof value as keyof typeof kinds], value };
}
