import type { SymbolicTensor } from '@tensorflow/tfjs-layers';
import {
  type LayersModel,
  layers,
  model as makeModel,
  sequential,
  input as symbolicInput,
} from '@tensorflow/tfjs-layers';
import { randomIndex } from './pairwise.js';
import { tf } from './tensorflow.js';

type Features = SymbolicTensor;
type Random = (limit: number) => number;
type Activation = 'relu' | 'elu' | 'linear' | 'sigmoid' | 'relu6' | 'swish';

const ACTIVATIONS: readonly Activation[] = ['relu', 'relu', 'relu', 'elu', 'linear', 'relu6', 'swish'];

/**
 * A small network made at random by real TensorFlow.js: branches, merges, strides, activations, nesting and sharing,
 * with random weights and batch-norm statistics. The same seed gives the same network.
 */
export function randomNetwork(seed: number): LayersModel {
  const random = randomIndex(seed);
  const input = openInput(random(3) === 0 ? [null, null, null, 3] : [null, 16, 16, 3]);
  let features: Features = convUnit(input, 4 + random(5), random);
  const taps: Features[] = [];
  const steps = 2 + random(5);
  for (let step = 0; step < steps; step++) {
    features = PARTS[random(PARTS.length)]!(features, random);
    if (random(6) === 0) taps.push(features);
  }
  const outputs = [head(features, random), ...taps.slice(0, random(2)).map((tap) => head(tap, random))];
  const network = makeModel({ inputs: input, outputs: outputs.length === 1 ? outputs[0]! : outputs });
  randomiseWeights(network, random);
  return network;
}

const openInput = (shape: (number | null)[]): Features => symbolicInput({ batchShape: shape });

const channelsOf = (features: Features): number => features.shape.at(-1)!;
const apply = (layer: { apply(inputs: Features | Features[]): unknown }, inputs: Features | Features[]): Features =>
  layer.apply(inputs) as Features;

function activate(features: Features, random: Random): Features {
  switch (random(7)) {
    case 0:
      return apply(layers.leakyReLU({ alpha: 0.2 }), features);
    case 1:
      return apply(layers.prelu({ sharedAxes: [1, 2] }), features);
    case 2:
      return apply(layers.reLU({ maxValue: 6 }), features);
    default:
      return apply(layers.activation({ activation: ACTIVATIONS[random(ACTIVATIONS.length)]! }), features);
  }
}

function conv(features: Features, filters: number, kernelSize: number, strides: number, random: Random): Features {
  const common = {
    kernelSize,
    strides,
    padding: 'same' as const,
    useBias: random(2) === 0,
    activation: random(4) === 0 ? ('relu' as const) : ('linear' as const),
  };
  if (random(5) === 0) return apply(layers.separableConv2d({ ...common, filters }), features);
  return apply(layers.conv2d({ ...common, filters }), features);
}

const norm = (features: Features, random: Random): Features =>
  random(5) === 0
    ? features
    : apply(layers.batchNormalization({ scale: random(6) > 0, center: random(6) > 0 }), features);

const convUnit = (features: Features, filters: number, random: Random): Features =>
  activate(norm(conv(features, filters, 3, 1, random), random), random);

function downsample(features: Features, random: Random): Features {
  const pools = [
    layers.maxPooling2d({ poolSize: 2, padding: 'same' }),
    layers.averagePooling2d({ poolSize: 2, padding: 'same' }),
  ];
  return random(3) === 0
    ? activate(conv(features, channelsOf(features) + 2, 3, 2, random), random)
    : apply(pools[random(2)]!, features);
}

function residual(features: Features, random: Random): Features {
  const isProjected = random(3) === 0;
  const filters = isProjected ? channelsOf(features) + random(4) : channelsOf(features);
  const stride = isProjected ? 1 + random(2) : 1;
  let main = norm(conv(convUnit(features, filters, random), filters, 3, stride, random), random);
  if (random(4) === 0) main = apply(layers.dropout({ rate: 0.2 }), main);
  const shortcut = isProjected
    ? norm(apply(layers.conv2d({ filters, kernelSize: 1, strides: stride, padding: 'same' }), features), random)
    : features;
  const sum = apply(layers.add(), random(2) === 0 ? [main, shortcut] : [shortcut, main]);
  return random(4) === 0 ? sum : activate(sum, random);
}

function inception(features: Features, random: Random): Features {
  const branches = Array.from({ length: 2 + random(2) }, () => convUnit(features, 2 + random(4), random));
  if (random(2) === 0)
    branches.push(apply(layers.maxPooling2d({ poolSize: 3, strides: 1, padding: 'same' }), features));
  return apply(layers.concatenate(), branches);
}

function dense(features: Features, random: Random): Features {
  let joined = features;
  for (let link = 0; link < 2; link++) joined = apply(layers.concatenate(), [joined, convUnit(joined, 3, random)]);
  return random(2) === 0 ? joined : convUnit(joined, 6, random);
}

function bottleneck(features: Features, random: Random): Features {
  const expanded = convUnit(features, channelsOf(features) * 2, random);
  const filtered = apply(
    layers.reLU({ maxValue: 6 }),
    norm(apply(layers.depthwiseConv2d({ kernelSize: 3, padding: 'same', useBias: false }), expanded), random),
  );
  return apply(
    layers.batchNormalization(),
    apply(layers.conv2d({ filters: channelsOf(features), kernelSize: 1, useBias: false }), filtered),
  );
}

function shared(features: Features, random: Random): Features {
  const layer = layers.conv2d({ filters: channelsOf(features), kernelSize: 3, padding: 'same' });
  const first = activate(apply(layer, features), random);
  const second = activate(apply(layer, first), random);
  return random(2) === 0 ? second : apply(layers.add(), [first, second]);
}

function nested(features: Features, random: Random): Features {
  const filters = channelsOf(features);
  if (random(2) === 0) {
    const block = sequential({
      layers: [
        layers.conv2d({
          filters,
          kernelSize: 3,
          padding: 'same',
          inputShape: [null, null, filters],
        }),
        layers.batchNormalization(),
        layers.activation({ activation: 'relu' }),
      ],
    });
    const once = apply(block, features);
    return random(2) === 0 ? apply(layers.add(), [features, once]) : apply(block, once);
  }
  const input = openInput([null, null, null, filters]);
  const inner = makeModel({ inputs: input, outputs: residual(residual(input, random), random) });
  const once = apply(inner, features);
  return channelsOf(once) === filters && random(2) === 0 ? apply(inner, once) : once;
}

function hourglass(features: Features, random: Random): Features {
  const down = convUnit(
    apply(layers.maxPooling2d({ poolSize: 2, padding: 'same' }), features),
    channelsOf(features),
    random,
  );
  const up = apply(layers.upSampling2d({ size: [2, 2] }), down);
  return apply(layers.concatenate(), [convUnit(up, 4, random), convUnit(up, 2, random)]);
}

function excited(features: Features): Features {
  const channels = channelsOf(features);
  const pooled = apply(layers.globalAveragePooling2d({}), features);
  const gate = apply(
    layers.dense({ units: channels, activation: 'sigmoid' }),
    apply(layers.dense({ units: 2, activation: 'relu' }), pooled),
  );
  return apply(layers.multiply(), [features, apply(layers.reshape({ targetShape: [1, 1, channels] }), gate)]);
}

const PARTS = [
  convUnit6,
  residual,
  residual,
  inception,
  dense,
  bottleneck,
  shared,
  nested,
  downsample,
  hourglass,
  excited,
];

function convUnit6(features: Features, random: Random): Features {
  return convUnit(features, 3 + random(4), random);
}

/** Without a softmax over the whole network: random ones saturate it, and zeros and ones hide every difference. */
function head(features: Features, random: Random): Features {
  switch (random(4)) {
    case 0:
      return features;
    case 1:
      return apply(layers.conv2d({ filters: 3, kernelSize: 1, activation: 'softmax' }), features);
    case 2:
      return apply(layers.dense({ units: 4 }), apply(layers.globalMaxPooling2d({}), features));
    default:
      return apply(layers.dense({ units: 4 }), apply(layers.globalAveragePooling2d({}), features));
  }
}

function randomiseWeights(network: LayersModel, random: Random): void {
  for (const weight of network.weights) {
    const length = weight.shape.reduce<number>((product, size) => product * size!, 1);
    const isVariance = weight.name.includes('moving_variance');
    const values = Float32Array.from({ length }, () => (random(2001) - 1000) / 1000);
    weight.write(
      tf.tensor(
        isVariance ? values.map((value) => 0.3 + Math.abs(value)) : values.map((value) => value * 0.8),
        weight.shape as number[],
      ),
    );
  }
}
