// Makes an untrained residual network for digits, whose stages are 28, 14, 7, 4 and 2 pixels wide, or of other strides.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { initializers, input, layers, model } from '@tensorflow/tfjs-layers';

/**
 * Writes the network as a TensorFlow.js model: a stem, then one residual unit a stage.
 * @param {string} folder
 * @param {number} seed of the initial weights
 * @param {readonly number[]} channels of the stages, the stem first
 * @param {readonly number[]} strides of the same
 */
export async function writeDigitNetwork(folder, seed, [stem, ...others], [first, ...later] = [1, 2, 2, 2, 2]) {
  await tf.setBackend('cpu');
  let drawn = 0;
  const kernelInitializer = () => initializers.heNormal({ seed: seed * 1000 + drawn++ });
  const convolution = (tensor, name, filters, kernelSize, strides) =>
    layers.batchNormalization({ name: `${name}_bn`, momentum: 0.9 }).apply(
      layers
        .conv2d({
          name,
          filters,
          kernelSize,
          strides,
          padding: 'same',
          useBias: false,
          kernelInitializer: kernelInitializer(),
        })
        .apply(tensor),
    );
  const relu = (tensor, name) => layers.reLU({ name }).apply(tensor);

  const image = input({ shape: [28, 28, 1], name: 'image' });
  let features = relu(convolution(image, 'conv1', stem, 3, first), 'conv1_relu');
  for (const [index, width] of others.entries()) {
    const name = `conv${index + 2}_1`;
    const shortcut = convolution(features, `${name}_shortcut`, width, 1, later[index]);
    const narrowed = relu(convolution(features, `${name}_a`, width, 3, later[index]), `${name}_a_relu`);
    const convolved = convolution(narrowed, `${name}_b`, width, 3, 1);
    features = relu(layers.add({ name: `${name}_add` }).apply([convolved, shortcut]), `${name}_relu`);
  }
  const pooled = layers.globalAveragePooling2d({ name: 'pool' }).apply(features);
  const digits = layers
    .dense({ name: 'digits', units: 10, activation: 'softmax', kernelInitializer: kernelInitializer() })
    .apply(pooled);
  const network = model({ inputs: image, outputs: digits, name: 'digits_resnet' });
  mkdirSync(folder, { recursive: true });
  await network.save({ save: async (artifacts) => saveTo(folder, artifacts) });
}

function saveTo(folder, { modelTopology, weightSpecs, weightData }) {
  const weightsManifest = [{ paths: ['weights.bin'], weights: weightSpecs }];
  writeFileSync(join(folder, 'weights.bin'), Buffer.from(weightData));
  writeFileSync(join(folder, 'model.json'), JSON.stringify({ format: 'layers-model', modelTopology, weightsManifest }));
  return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
}
