/** A stretch of bytes of one of the model's files, by the name its format gives the file. */
export interface ByteRange {
  readonly file: string;
  readonly byteOffset: number;
  readonly byteLength: number;
}

/** The source of a tensor's bytes: never held in memory until they are written. */
export type TensorSource =
  | { readonly kind: 'stored'; readonly ranges: readonly ByteRange[] }
  /** A dataset of the HDF5 file that the model's weights lie in. */
  | { readonly kind: 'dataset'; readonly path: string }
  | { readonly kind: 'generated'; readonly values: () => Float32Array };

/** Parameters of a quantised tensor: value = stored * scale + min; `float16` has neither. */
export interface Quantization {
  readonly dtype: 'uint8' | 'uint16' | 'float16';
  readonly scale?: number;
  readonly min?: number;
  /** Both as the file has them. */
  readonly texts?: { readonly scale: string; readonly min: string };
}

/** Factors on a tensor's values, counted in row-major order: value `e` takes `values[floor(e / stride) % length]`. */
export interface Factors {
  readonly stride: number;
  readonly values: Float32Array;
}

/**
 * A lazy tensor: dtype, shape and place of its bytes. Its values are the stored ones times 2^exponent and its factors.
 */
export interface Tensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly quantization?: Quantization | undefined;
  readonly source: TensorSource;
  readonly exponent: number;
  readonly factors?: readonly Factors[];
  /** Function applied to each value last of all. */
  readonly each?: (value: number) => number;
}

/** A variable of a layer, by the name it has inside the layer: `kernel`, `forward_lstm/bias`. */
export interface Weight {
  readonly name: string;
  /** Its whole name in the manifest that it was read from. */
  readonly storedAs?: string;
  readonly tensor: Tensor;
  /** It replaces a weight that was read, of which it has nothing but the name. */
  readonly isNew?: true;
}

/**
 * A weight's name without the scope before its last part, where it has one: `lstm_cell/kernel` is `kernel`. The converter
 * of TensorFlow.js writes the scope of Keras' cells, and its loader leaves it out where it finds no other match.
 */
export const withoutScope = (name: string): string => name.replace(/[^/]+\/([^/]+)$/, '$1');

export const tensorSize = (tensor: Tensor): number => tensor.shape.reduce((product, size) => product * size, 1);

/** The dtypes of floating-point numbers. */
export const FLOATS: readonly string[] = ['float32', 'float64', 'float16', 'bfloat16'];

/** Bytes per element of each dtype. */
export const DTYPE_BYTES: Readonly<Record<string, number>> = {
  ...{ bool: 1, int8: 1, uint8: 1, int16: 2, uint16: 2, int32: 4, uint32: 4, int64: 8, uint64: 8 },
  ...{ float16: 2, bfloat16: 2, float32: 4, float64: 8, complex64: 8 },
};

/** Tells whether doubling is exact in the tensor's dtype; float16 ends too soon, whole numbers are no weights. */
export const isDoublable = ({ dtype }: Tensor): boolean => ['float32', 'bfloat16', 'float64'].includes(dtype);

/** A tensor that is made when it is written; `values` gives its elements in row-major order. */
export const generatedTensor = (shape: readonly number[], values: () => Float32Array): Tensor => ({
  dtype: 'float32',
  shape,
  source: { kind: 'generated', values },
  exponent: 0,
});

/** The tensor with new values, in the precision that its own are stored in; of a quantised one, in float32. */
export const replacedTensor = ({ dtype, shape }: Tensor, values: () => Float32Array): Tensor => ({
  ...generatedTensor(shape, values),
  dtype,
});

/** The tensor times two, exactly: only its exponent moves. */
export const doubled = (tensor: Tensor): Tensor => ({ ...tensor, exponent: tensor.exponent + 1 });

/** The tensor times factors, worked out when it is written. */
export const scaled = (tensor: Tensor, factors: Factors): Tensor => ({
  ...tensor,
  factors: [...(tensor.factors ?? []), factors],
});

/** The tensor's values gone through a function, in another shape of as many. */
export const mapped = (tensor: Tensor, shape: readonly number[], each: (value: number) => number): Tensor => ({
  ...tensor,
  shape,
  each,
});

/** Tells whether a tensor's values are others than those that are stored for it, and not just so many times doubled. */
export const hasNewValues = ({ source, factors, each }: Tensor): boolean =>
  source.kind === 'generated' || factors !== undefined || each !== undefined;

/** The values of a model's tensors, to be read while they are written in another format. */
export interface TensorValues {
  /**
   * Yields a tensor's final values, exponent and factors applied, in its dtype, little-endian and row-major, in pieces
   * of whole values. Each piece is valid until the next is requested.
   */
  chunks(tensor: Tensor): AsyncIterable<Uint8Array>;
}
