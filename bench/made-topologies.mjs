// Networks that nobody trained, of a size that few have.

const WIDE = { channels: 2048, units: 14 };

const entry = (className, name, config, ...inputs) => ({
  class_name: className,
  name,
  config: { name, trainable: true, dtype: 'float32', ...config },
  inbound_nodes: inputs.length === 0 ? [] : [inputs.map((input) => [input, 0, 0, {}])],
});

const convolution = (name, filters, size, input) =>
  entry(
    'Conv2D',
    name,
    { filters, kernel_size: [size, size], strides: [1, 1], padding: 'same', use_bias: false, activation: 'linear' },
    input,
  );

const functional = (name, layers) => ({
  class_name: 'Functional',
  config: {
    name,
    layers,
    input_layers: [[layers[0].name, 0, 0]],
    output_layers: [[layers.at(-1).name, 0, 0]],
  },
  keras_version: '2.21.0',
  backend: 'tensorflow',
});

/** 2.1 GB: 14 convolutions of 151 MB each. */
export function wideTopology() {
  const layers = [entry('InputLayer', 'input', { batch_input_shape: [null, 7, 7, WIDE.channels], sparse: false })];
  for (let unit = 1; unit <= WIDE.units; unit++) {
    layers.push(
      convolution(`conv_${unit}`, WIDE.channels, 3, layers.at(-1).name),
      entry('BatchNormalization', `norm_${unit}`, { axis: 3, momentum: 0.99, epsilon: 0.001 }, `conv_${unit}`),
      entry('Activation', `relu_${unit}`, { activation: 'relu' }, `norm_${unit}`),
    );
  }
  return functional('two_gigabytes', [
    ...layers,
    entry('GlobalAveragePooling2D', 'pool', {}, layers.at(-1).name),
    entry('Dense', 'predictions', { units: 10, activation: 'softmax', use_bias: true }, 'pool'),
  ]);
}

/** Residual units of four layers, one behind the other. */
export function deepTopology(layerCount) {
  const layers = [entry('InputLayer', 'input', { batch_input_shape: [null, 8, 8, 4], sparse: false })];
  for (let unit = 1; unit <= layerCount / 4; unit++) {
    const before = layers.at(-1).name;
    layers.push(
      convolution(`conv_${unit}`, 4, 1, before),
      entry('BatchNormalization', `norm_${unit}`, { axis: 3, momentum: 0.99, epsilon: 0.001 }, `conv_${unit}`),
      entry('Add', `add_${unit}`, {}, before, `norm_${unit}`),
      entry('Activation', `relu_${unit}`, { activation: 'relu' }, `add_${unit}`),
    );
  }
  return functional(`deep_${layerCount}`, layers);
}
