import type { NamedTensorMap, Scalar, Tensor, Variable } from '@tensorflow/tfjs-core';
import type { TensorFlow } from '../runtime/tensorflow.js';

/** An operation that was computed while TensorFlow.js recorded, as its engine has it. */
interface Recorded {
  readonly kernelName: string;
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly outputs: readonly Tensor[];
  readonly saved?: readonly Tensor[];
  /** The gradient of each input, by its name. */
  readonly gradient?: (gradients: readonly (Tensor | null)[]) => Readonly<Record<string, () => Tensor>>;
}

interface Engine {
  startTape(): void;
  endTape(): void;
  readonly state: { activeTape: readonly Recorded[] | null };
}

/**
 * Computes a number and its gradients by variables. `tf.variableGrads` does so too, and keeps every gradient and everything
 * that was computed until it is done; here each goes when nothing needs it any more, and the operations on which no variable
 * has an influence keep nothing from the beginning.
 * @returns gradients by the names of the variables; none for those that have no influence
 */
export function computeGradients(
  tf: TensorFlow['tf'],
  variables: readonly Variable[],
  compute: () => Scalar,
): { readonly value: Scalar; readonly gradients: NamedTensorMap } {
  const engine = tf.engine() as unknown as Engine;
  engine.startTape();
  let value: Scalar;
  try {
    value = compute();
  } finally {
    engine.endTape();
  }
  const tape = engine.state.activeTape!;
  engine.state.activeTape = null;
  const moving = new Set(variables.map(({ id }) => id));
  const isMoving = ({ id }: Tensor) => moving.has(id);
  const live = tape.filter((operation) => {
    // Nothing is carried through comparisons and whole numbers, as in TensorFlow.
    const isLive = Object.values(operation.inputs).some(isMoving) && operation.outputs.some(hasGradient);
    if (isLive) for (const { id } of operation.outputs) moving.add(id);
    else tf.dispose([...(operation.saved ?? [])]);
    return isLive;
  });
  const gradients = new Map<number, Tensor>([[value.id, tf.scalar(1)]]);
  for (const operation of live.reverse()) {
    const { outputs, saved = [] } = operation;
    const given = outputs.map(({ id }) => gradients.get(id) ?? null);
    if (given.some((gradient) => gradient !== null)) {
      for (const [id, found] of backwards(tf, operation, given, isMoving)) {
        const other = gradients.get(id);
        gradients.set(id, other === undefined ? found : tf.add(other, found));
        if (other !== undefined) tf.dispose([other, found]);
      }
    }
    tf.dispose([...saved]);
    for (const { id } of outputs) {
      gradients.get(id)?.dispose();
      gradients.delete(id);
    }
  }
  const named = variables.flatMap(({ name, id }) => (gradients.has(id) ? [[name, gradients.get(id)!] as const] : []));
  return { value, gradients: Object.fromEntries(named) };
}

const hasGradient = ({ dtype }: Tensor): boolean => dtype === 'float32';

/** The gradients of an operation's inputs, from those of its outputs. */
function backwards(
  tf: TensorFlow['tf'],
  { kernelName, inputs, gradient }: Recorded,
  given: readonly (Tensor | null)[],
  isWanted: (input: Tensor) => boolean,
): readonly (readonly [id: number, gradient: Tensor])[] {
  if (gradient === undefined) throw new Error(`TensorFlow.js has no gradient for ${kernelName}`);
  const wanted = Object.entries(inputs).filter(([, input]) => isWanted(input));
  const found = tf.tidy(() => {
    const compute = gradient(given);
    // A gradient passed on unchanged has another owner, which disposes of it.
    return wanted.map(([name]) => {
      const own = compute[name]!();
      return given.includes(own) ? own.clone() : own;
    });
  });
  return wanted.map(([, { id }], index) => [id, found[index]!]);
}
