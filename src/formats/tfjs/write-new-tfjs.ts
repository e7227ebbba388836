import { usageError } from '../../errors.js';
import { fromPlain, getMember, type JsonObject, type Plain, withMember } from '../../json/json-value.js';
import { serializeJson } from '../../json/serialize-json.js';
import { resolveGraph } from '../../model/graph-nodes.js';
import { listGraphs, type Model } from '../../model/model.js';
import { writeRecord } from '../../model/record.js';
import { DTYPE_BYTES, type Quantization, type Tensor, type TensorValues } from '../../model/tensor.js';
import type { PendingOutput } from '../../storage/storage.js';
import { TOOL } from '../../tool.js';
import { lowerGraph } from '../dialects/lower-graph.js';
import { floatChunks } from '../values/float-values.js';
import type { OnProgress, WrittenFiles } from '../written-files.js';
import { listTensors } from './list-tensors.js';
import {
  affineQuantization,
  QUANTIZED_DTYPES,
  type QuantizedDtype,
  quantizeValues,
  type ValueRange,
} from './quantize.js';
import { type Released, releaseConstraints } from './release-constraints.js';
import { architectureIn, findTfjsSource } from './tfjs-source.js';

export interface NewTfjsOptions {
  /** Bytes of a weight file, the last one's excepted; 4 MiB by default, as the official converter has it. */
  readonly shardBytes?: number;
  /** How a weight is to be stored, by its name; undefined for float32. */
  readonly quantize?: (name: string) => QuantizedDtype | undefined;
}

const SHARD_BYTES = 4 * 2 ** 20;
const KERAS_VERSION = '2.15.0';

export interface WrittenSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly quantization?: Quantization & { readonly original_dtype: string };
}

/** Writes a new TensorFlow.js layers model: one group of weights, cut into files of one size. */
export async function writeNewTfjs(
  model: Model,
  pending: PendingOutput,
  modelName: string,
  options: NewTfjsOptions,
  onProgress: OnProgress,
): Promise<WrittenFiles> {
  for (const { graph } of listGraphs(model.graph)) resolveGraph(graph);
  return model.withValues(async (values) => {
    const { model: released, warnings } = await forTfjs(model, values);
    const planned = await planWeights(model, values, options);
    const total = planned.reduce((sum, { byteLength }) => sum + byteLength, 0);
    const shardBytes = options.shardBytes ?? SHARD_BYTES;
    const count = Math.max(1, Math.ceil(total / shardBytes));
    const paths = Array.from({ length: count }, (_, index) => `group1-shard${index + 1}of${count}.bin`);
    const stream = storedBytes(planned, values)[Symbol.asyncIterator]();
    const cutter = cutStream(stream);
    for (const [index, path] of paths.entries()) {
      const length = Math.min(shardBytes, total - index * shardBytes);
      await pending.write(path, cutter(length));
      onProgress(index * shardBytes + length, total);
    }
    const specs = planned.map(({ spec }) => spec);
    const root = newRoot(released, paths, specs);
    const text = new TextEncoder().encode(serializeJson({ lead: '', trail: '', root }));
    await pending.write(modelName, [text]);
    const files = paths.map((name, index) => ({ name, byteLength: Math.min(shardBytes, total - index * shardBytes) }));
    return {
      files: [{ name: modelName, byteLength: text.byteLength }, ...files],
      architecture: architectureIn(root),
      warnings,
    };
  });
}

/** A model that was not TensorFlow.js' before, with those constraints alone that its weights obey. */
export const forTfjs = async (model: Model, values: TensorValues): Promise<Released> =>
  findTfjsSource(model) === undefined ? releaseConstraints(model, values) : { model, warnings: [] };

export interface PlannedWeight {
  readonly tensor: Tensor;
  readonly spec: WrittenSpec;
  readonly byteLength: number;
}

export async function planWeights(
  model: Model,
  values: TensorValues,
  options: NewTfjsOptions,
): Promise<readonly PlannedWeight[]> {
  const planned: PlannedWeight[] = [];
  for (const { name, tensor } of listTensors(model)) {
    const dtype = writtenDtype(tensor);
    const elements = tensor.shape.reduce((product, size) => product * size, 1);
    const wanted = dtype === 'float32' ? options.quantize?.(name) : undefined;
    const quantization = wanted === undefined ? undefined : await quantizationOf(wanted, name, tensor, values);
    const spec: WrittenSpec = {
      name,
      shape: tensor.shape,
      dtype,
      ...(quantization === undefined ? {} : { quantization: { ...quantization, original_dtype: 'float32' } }),
    };
    planned.push({ tensor, spec, byteLength: elements * DTYPE_BYTES[quantization?.dtype ?? dtype]! });
  }
  return planned;
}

/** TensorFlow.js computes in float32, and takes halves as such only. */
const writtenDtype = ({ dtype }: Tensor): string => (['int32', 'bool'].includes(dtype) ? dtype : 'float32');

async function quantizationOf(
  dtype: QuantizedDtype,
  name: string,
  tensor: Tensor,
  values: TensorValues,
): Promise<Quantization> {
  if (!QUANTIZED_DTYPES.includes(dtype))
    throw usageError('bad-option', `quantize gives "${dtype}" for the weight "${name}", which is no way to store it`, {
      where: { field: 'quantize' },
      hint: `give one of ${QUANTIZED_DTYPES.join(', ')}, or undefined for float32`,
    });
  if (dtype === 'float16') return { dtype };
  let range: ValueRange = { min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY };
  for await (const floats of floatChunks(tensor, values)) {
    for (const value of floats) range = { min: Math.min(range.min, value), max: Math.max(range.max, value) };
  }
  if (!Number.isFinite(range.max - range.min))
    throw usageError('cannot-quantize', `the weight "${name}" has values that are infinite or no numbers`, {
      where: { field: 'quantize' },
      hint: `${dtype} has no place for them: leave the weight out, by a pattern behind the dtype, or mend the model`,
    });
  return affineQuantization(dtype, range);
}

/** All weights as they are stored, one behind the other. */
export async function* storedBytes(
  planned: readonly PlannedWeight[],
  values: TensorValues,
): AsyncGenerator<Uint8Array> {
  for (const { tensor, spec } of planned) {
    if (spec.dtype !== 'float32') {
      yield* values.chunks(tensor);
      continue;
    }
    for await (const floats of floatChunks(tensor, values)) {
      yield spec.quantization === undefined
        ? new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength)
        : quantizeValues(floats, spec.quantization);
    }
  }
}

/** Takes a stream apart: each call gives the next so many bytes. */
function cutStream(stream: AsyncIterator<Uint8Array>): (length: number) => AsyncGenerator<Uint8Array> {
  let rest: Uint8Array = new Uint8Array();
  return async function* cut(length) {
    for (let wanted = length; wanted > 0; ) {
      if (rest.byteLength === 0) {
        const next = await stream.next();
        if (next.done) return;
        rest = next.value;
        continue;
      }
      const piece = rest.subarray(0, wanted);
      rest = rest.subarray(piece.byteLength);
      wanted -= piece.byteLength;
      yield piece;
    }
  };
}

export function newRoot(model: Model, paths: readonly string[], specs: readonly WrittenSpec[]): JsonObject {
  const { className, config } = lowerGraph(model.graph, 'keras2');
  const plain = {
    format: 'layers-model',
    generatedBy: `keras v${KERAS_VERSION}`,
    convertedBy: TOOL,
    modelTopology: { keras_version: KERAS_VERSION, backend: 'tensorflow', model_config: null },
    weightsManifest: [{ paths, weights: specs as unknown as Plain }],
  };
  const root = fromPlain(plain) as JsonObject;
  const named = withMember(fromPlain({ class_name: className }) as JsonObject, 'config', config);
  const topology = withMember(getMember(root, 'modelTopology') as JsonObject, 'model_config', named);
  // Where the official converter puts compile settings too.
  const compiled =
    model.trainingConfig === undefined ? topology : withMember(topology, 'training_config', model.trainingConfig);
  const whole = withMember(root, 'modelTopology', compiled);
  const metadata = writeRecord(undefined, model.record);
  return metadata === undefined ? whole : withMember(whole, 'userDefinedMetadata', metadata);
}
