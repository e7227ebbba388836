import fc from 'fast-check';
import { copyOf, listPlaces, textOf, treeOf } from './json-tree.mjs';

// A change is plain data, so that it can be printed, kept and made smaller. Places are counted modulo what there is.

/** Values that are wrong, or on the edge, almost anywhere. */
const ODD_TOKENS = [
  ...['null', 'true', 'false', '0', '-1', '1', '2', '3', '0.5', '-0', '1e400', 'NaN', '-Infinity', '1e308', '1e-320'],
  ...['4294967296', '9007199254740993', '""', '"x"', '"__proto__"', '"../x"', '"a\\u0000b"', '"\\ud800"', '[]', '{}'],
  ...['[[]]', '[null,null]', '[1,2,3]', '[null,4,4,3]', '{"class_name":"x","config":{}}', '"/"', '"float16"', '"1"'],
];

const ACTIVATIONS = ['relu', 'linear', 'sigmoid', 'tanh', 'softmax', 'elu', 'selu', 'relu6', 'swish', 'hard_sigmoid'];
const CLASSES = [
  ...['Activation', 'ReLU', 'LeakyReLU', 'ELU', 'Softmax', 'Dropout', 'SpatialDropout2D', 'GaussianNoise', 'Masking'],
  ...['BatchNormalization', 'LayerNormalization', 'UnitNormalization', 'Conv2D', 'DepthwiseConv2D', 'SeparableConv2D'],
  ...['Dense', 'MaxPooling2D', 'AveragePooling2D', 'GlobalAveragePooling2D', 'GlobalMaxPooling2D', 'UpSampling2D'],
  ...['Add', 'Subtract', 'Multiply', 'Average', 'Maximum', 'Minimum', 'Concatenate', 'ZeroPadding2D', 'Cropping2D'],
  ...['Flatten', 'Permute', 'Reshape', 'RepeatVector', 'Rescaling', 'PReLU', 'Lambda', 'Functional', 'Sequential'],
];
const strings = (names) => names.map((name) => JSON.stringify(name));

/** Values that make another model, which may well load: by the key they stand under. */
const VALUES_OF = {
  activation: [...strings(ACTIVATIONS), 'null'],
  function: strings(ACTIVATIONS),
  class_name: strings(CLASSES),
  padding: strings(['same', 'valid', 'causal', 'SAME']),
  data_format: strings(['channels_last', 'channels_first']),
  dtype: strings(['float32', 'float16', 'bfloat16', 'int32', 'float64', 'mixed_float16', 'bool', 'uint8']),
  strides: ['1', '2', '[1,1]', '[2,2]', '[1,2]', '[2]', '3'],
  dilation_rate: ['1', '2', '[2,2]', '[1,1]'],
  axis: ['-1', '1', '3', '[3]', '[1]', '0', '2', '[1,2]'],
  kernel_regularizer: ['null', '{"class_name":"L2","config":{"l2":0.01}}', '"l2"'],
  kernel_constraint: [
    'null',
    '{"class_name":"NonNeg","config":{}}',
    '{"class_name":"MaxNorm","config":{"max_value":0.01}}',
  ],
  activity_regularizer: ['null', '{"class_name":"L2","config":{"l2":0.01}}'],
  interpolation: strings(['nearest', 'bilinear']),
  trainable: ['true', 'false'],
  use_bias: ['true', 'false'],
  scale: ['true', 'false', '2', '0.5'],
  center: ['true', 'false'],
  keepdims: ['true', 'false'],
  epsilon: ['0.001', '0.1', '0', '-1', '1e-7'],
  max_value: ['null', '6', '0.1', '0', '-1'],
  negative_slope: ['0', '0.1', '1'],
  threshold: ['0', '0.1', '1'],
  alpha: ['0', '0.1', '-1'],
  groups: ['1', '2', '3'],
  batch_input_shape: ['[null,8,8,3]', '[null,null,null,3]', '[2,16,16,3]', '[null,16,16,4]', 'null'],
  quantization: [
    'null',
    '{"dtype":"uint8","scale":0.1,"min":-1}',
    '{"dtype":"uint16","scale":0.1,"min":-1,"original_dtype":"float32"}',
    '{"dtype":"float16","original_dtype":"float32"}',
  ],
};

const place = fc.nat(2 ** 30);

/** A change of a JSON text. */
export const jsonEdit = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('known'), place, from: place }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('same-key'), place, from: place }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('odd'), place, from: place }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('number'), place, by: fc.constantFrom(-1, 1, 2, -2, 0.5, 16) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('any'), place, from: place }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('remove', 'twice'), place }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('exchange', 'rename'), place, from: place }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('shuffle', 'shorten'), place, from: place }) },
);

/**
 * A JSON text, changed.
 * @param {string} text
 * @param {readonly any[]} edits
 */
export function mutateJson(text, edits) {
  const tree = treeOf(JSON.parse(text));
  for (const edit of edits) apply(tree, edit);
  return textOf(tree);
}

function apply(tree, { kind, place: at, from, by }) {
  const all = listPlaces(tree);
  const pick = (places, number) => places[number % places.length];
  const choose = CHOICES[kind];
  const places = choose === undefined ? all : all.filter(choose);
  if (places.length === 0) return;
  const found = pick(places, at);
  const alike = () => all.filter(({ key }) => key === found.key);
  switch (kind) {
    case 'known':
      return put(found, { token: pick(VALUES_OF[found.key], from) });
    case 'same-key':
      return put(found, copyOf(pick(alike(), from).node));
    case 'odd':
      return put(found, { token: pick(ODD_TOKENS, from) });
    case 'any':
      return put(found, copyOf(pick(all, from).node));
    case 'number':
      return put(found, {
        token: String(Math.abs(by) === 1 ? Number(found.node.token) + by : Number(found.node.token) * by),
      });
    case 'remove':
      return listOf(found).splice(found.at, 1);
    case 'twice':
      return listOf(found).push(copyOf(listOf(found)[found.at]));
    case 'rename':
      found.container.members[found.at][0] = pick(all, from).key;
      return;
    case 'exchange': {
      const other = pick(alike(), from);
      const kept = copyOf(found.node);
      put(found, copyOf(other.node));
      return put(other, kept);
    }
    case 'shuffle':
      return found.node.items.reverse().push(...found.node.items.splice(0, from % found.node.items.length));
    default:
      found.node.items.length = from % found.node.items.length;
  }
}

/** Where a change of a kind makes sense. */
const CHOICES = {
  known: ({ key, container }) => container.members !== undefined && Object.hasOwn(VALUES_OF, key),
  number: ({ node }) => /^-?\d/.test(node.token ?? ''),
  rename: ({ container }) => container.members !== undefined,
  shuffle: ({ node }) => (node.items?.length ?? 0) > 1,
  shorten: ({ node }) => (node.items?.length ?? 0) > 0,
};

const listOf = ({ container }) => container.members ?? container.items;

function put({ container, at }, node) {
  if (container.members) container.members[at][1] = node;
  else container.items[at] = node;
}
