import type { layers as kinds, LayerVariable } from '@tensorflow/tfjs-layers';
import type { LayerCall, LayerCalls } from './layer-calls.js';
import type { Clipping } from './quick-gradients.js';
import { factsOfRunning } from './watch-layers.js';

/** Fields of a TensorFlow.js convolution that its type does not declare. */
export interface Convolution {
  readonly kernel?: LayerVariable;
  readonly depthwiseKernel?: LayerVariable;
  readonly bias?: LayerVariable | null;
  readonly activation?: { getClassName(): string } | null;
  readonly strides: [number, number];
  readonly dilationRate: number | readonly number[];
  readonly padding: string;
  readonly dataFormat: string;
}

/** Fields of a TensorFlow.js batch norm that its type does not declare. */
export interface BatchNorm {
  /** A list of one number in some files. */
  readonly axis: number | readonly [number];
  readonly momentum: number;
  readonly epsilon: number;
  /** Absent where the layer was made without `scale` or `center`. */
  readonly gamma?: LayerVariable | null;
  readonly beta?: LayerVariable | null;
  readonly movingMean: LayerVariable;
  readonly movingVariance: LayerVariable;
}

/** A convolution and what follows it, one behind the other, which may be computed as one operation. */
export interface ConvolutionUnit {
  readonly members: readonly LayerCall[];
  readonly convolution: kinds.Layer;
  /** A batch norm over the convolution's channels. */
  readonly norm: kinds.Layer | undefined;
  readonly activation: Clipping | undefined;
}

export const isBatchNorm = (layer: kinds.Layer): boolean => factsOfRunning(layer).usesBatchStatistics === true;

/**
 * Finds the convolutions of a model with what follows them and is read by nobody else.
 * @param isFree whether a layer may be in one
 * @returns the calls in their order, those of a unit in the place of its first
 */
export function findUnits(
  { outputs, calls }: LayerCalls,
  isFree: (layer: kinds.Layer) => boolean,
): readonly (LayerCall | ConvolutionUnit)[] {
  const readers = new Map<number, LayerCall[]>();
  for (const call of calls) {
    for (const value of call.inputs) {
      const found = readers.get(value);
      if (found === undefined) readers.set(value, [call]);
      else found.push(call);
    }
  }
  const onlyReader = ({ outputs: made }: LayerCall): LayerCall | undefined => {
    const found = readers.get(made[0]!) ?? [];
    return found.length === 1 && !outputs.includes(made[0]!) && isFree(found[0]!.layer) ? found[0] : undefined;
  };
  const joined = new Set<LayerCall>();
  return calls.flatMap((call): readonly (LayerCall | ConvolutionUnit)[] => {
    if (joined.has(call)) return [];
    const { layer } = call;
    const own = activationOf(layer);
    if (!isFree(layer) || !isConvolution(layer) || own === undefined) return [call];
    const next = own === 'linear' ? onlyReader(call) : undefined;
    const norm = next !== undefined && isOverChannels(next.layer) ? next : undefined;
    const last = own === 'linear' ? onlyReader(norm ?? call) : undefined;
    const isActivation = last !== undefined && factsOfRunning(last.layer).role === 'activation';
    const ending = isActivation ? activationOf(last.layer) : own;
    const found = ending === 'linear' ? undefined : ending;
    const members = [call, norm, found !== undefined && isActivation ? last : undefined].filter(
      (each) => each !== undefined,
    );
    for (const member of members) joined.add(member);
    return [{ members, convolution: layer, norm: norm?.layer, activation: found }];
  });
}

/** Tells whether a layer can begin a unit. Dilated convolutions have no gradient in TensorFlow.js. */
function isConvolution(layer: kinds.Layer): boolean {
  const { padding, dataFormat, dilationRate } = layer as unknown as Convolution;
  const isPlain = (padding === 'same' || padding === 'valid') && dataFormat === 'channelsLast';
  const { convolution, spatialRank } = factsOfRunning(layer);
  const isKnown = spatialRank === 2 && (convolution === 'standard' || convolution === 'depthwise');
  return isKnown && isPlain && [dilationRate].flat().every((rate) => rate === 1 || rate === null);
}

/**
 * Returns the activation that a convolution or layer ends in: `linear` or one that a unit can end with, else undefined.
 */
export function activationOf(layer: kinds.Layer): Clipping | 'linear' | undefined {
  const { activation, maxValue } = layer as unknown as Convolution & { readonly maxValue?: number | null };
  const { functionName } = factsOfRunning(layer);
  const name = functionName ? functionName({ max_value: maxValue }) : (activation?.getClassName() ?? 'linear');
  return name === 'relu' || name === 'relu6' || name === 'linear' ? name : undefined;
}

/** Tells whether a batch norm amounts to one factor and one offset for each channel of a convolution's output. */
const isOverChannels = (layer: kinds.Layer): boolean =>
  isBatchNorm(layer) && [(layer as unknown as BatchNorm).axis].flat().every((axis) => [3, -1].includes(axis as number));
