import { fromPlain, type JsonObject, type PlainObject } from '../../../json/json-value.js';
import { addTranslated, outputOf } from './layer-builder.js';
import { asLayer, hasOnly, type OperationRule, onlyTensor, settingsOf } from './operation-rules.js';

// Functions of one tensor, number by number.

/** Writes a function as an Activation layer, where its settings are the defaults. */
const activation =
  (name: string, isDefault: (settings: PlainObject) => boolean = (settings) => hasOnly(settings)): OperationRule =>
  (operation) => {
    const tensor = onlyTensor(operation);
    if (tensor === undefined || !isDefault(settingsOf(operation))) return false;
    const { dtype } = outputOf(operation.builder, tensor);
    addTranslated(operation.builder, 'Activation', fromPlain({ dtype, activation: name }) as JsonObject, [tensor]);
    return true;
  };

/** A function whose settings are those of a layer. */
const layer =
  (className: string, toSettings: (settings: PlainObject) => PlainObject | undefined): OperationRule =>
  (operation) => {
    const tensor = onlyTensor(operation);
    const settings = toSettings(settingsOf(operation));
    if (tensor === undefined || settings === undefined) return false;
    return asLayer(operation, className, settings, [tensor]);
  };

const isExact = (settings: PlainObject) => hasOnly(settings, 'approximate') && settings.approximate !== true;
const isOverLastAxis = (settings: PlainObject) => hasOnly(settings, 'axis') && (settings.axis ?? -1) === -1;
const isPlainElu = (settings: PlainObject) => hasOnly(settings, 'alpha') && (settings.alpha ?? 1) === 1;

/** The default is that of the functions; the layer has another one. */
const leakyRelu = layer('LeakyReLU', (settings) =>
  hasOnly(settings, 'negative_slope', 'alpha')
    ? { alpha: settings.negative_slope ?? settings.alpha ?? 0.2 }
    : undefined,
);

/** Rules by the name of the class in Keras 3. */
export const FUNCTIONS: Readonly<Record<string, OperationRule>> = {
  Relu: activation('relu'),
  Relu6: activation('relu6'),
  Sigmoid: activation('sigmoid'),
  Silu: activation('silu'),
  Tanh: activation('tanh'),
  Elu: activation('elu', isPlainElu),
  Selu: activation('selu'),
  Softplus: activation('softplus'),
  Softsign: activation('softsign'),
  Mish: activation('mish'),
  HardSigmoid: activation('hard_sigmoid'),
  HardSilu: activation('hard_silu'),
  Gelu: activation('gelu', isExact),
  Softmax: activation('softmax', isOverLastAxis),
  LogSoftmax: activation('log_softmax', isOverLastAxis),
  LeakyRelu: leakyRelu,
  Identity: layer('Identity', (settings) => (hasOnly(settings) ? {} : undefined)),
  // keras.activations.relu with a slope or a ceiling.
  ReLU: layer('ReLU', (settings) => settings),
};
