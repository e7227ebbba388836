import type { PlainObject } from '../../json/json-value.js';
import { reluScaling } from '../activation-layers.js';
import { activationCommutes, isProbability, isRectifier, LEAKY_SLOPE } from '../activations.js';
import { COMMUTES, sameShape } from '../layer-facts.js';
import { type OperationFacts, type OperationTable, OTHER } from './operation-facts.js';

/** Facts of an operation that does what an activation does, perhaps with settings of its own. */
const like = (activation: string): OperationFacts => {
  const config = { activation };
  return {
    role: 'activation',
    isElementwise: true,
    outputShape: sameShape,
    isRectifier: () => isRectifier(config),
    scaling: () => (activationCommutes(config) ? COMMUTES : undefined),
    ...(isProbability(config) ? { makesProbabilities: true } : {}),
  };
};

const is = (activation: string): OperationFacts => ({ ...like(activation), activation });

const isEmpty = (settings: PlainObject): boolean => Object.keys(settings).length === 0;

export const ACTIVATION_OPERATIONS: OperationTable = {
  'nn.Relu': { ...is('relu'), functions: 'nn.relu' },
  // keras.activations.relu with a slope or a ceiling; the layer of this name says the same things.
  ReLU: { ...like('relu'), scaling: reluScaling, layer: { className: 'ReLU', settings: (settings) => settings } },
  'nn.LeakyRelu': {
    ...like('leaky_relu'),
    functions: 'nn.leaky_relu',
    layer: {
      className: 'LeakyReLU',
      settings: ({ negative_slope, alpha = LEAKY_SLOPE, ...others }) =>
        isEmpty(others) ? { alpha: negative_slope ?? alpha } : undefined,
    },
  },
  'nn.Relu6': { ...is('relu6'), functions: 'nn.relu6' },
  'nn.Silu': { ...is('silu'), functions: 'nn.silu nn.swish' },
  'nn.Elu': { ...is('elu'), functions: 'nn.elu', harmless: { alpha: 1 } },
  'nn.Selu': { ...is('selu'), functions: 'nn.selu' },
  'nn.Gelu': { ...is('gelu'), functions: 'nn.gelu', harmless: { approximate: false } },
  HardSilu: is('hard_silu'),
  Mish: is('mish'),
  Celu: like('celu'),
  'nn.Softplus': { ...is('softplus'), functions: 'nn.softplus math.softplus' },
  'nn.Softsign': { ...is('softsign'), functions: 'nn.softsign' },
  'nn.LogSoftmax': { ...is('log_softmax'), functions: 'nn.log_softmax', harmless: { axis: -1 } },
  'numpy.Tanh': { ...is('tanh'), functions: 'math.tanh nn.tanh tanh' },
  LogSigmoid: like('log_sigmoid'),
  HardTanh: like('hard_tanh'),
  'nn.Sigmoid': { ...is('sigmoid'), functions: 'nn.sigmoid math.sigmoid sigmoid' },
  HardSigmoid: is('hard_sigmoid'),
  'nn.Softmax': { ...is('softmax'), functions: 'nn.softmax', harmless: { axis: -1 } },
  Identity: {
    ...OTHER,
    functions: 'identity',
    layer: { className: 'Identity', settings: (settings) => (isEmpty(settings) ? settings : undefined) },
  },
};
