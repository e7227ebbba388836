import { fromPlain, type JsonObject } from '../../../json/json-value.js';
import { findOperation } from '../../../layers/operations.js';
import { addTranslated, outputOf } from './layer-builder.js';
import { asLayer, hasOnly, type OperationRule, onlyTensor, settingsOf } from './operation-rules.js';

/** Does a function of one tensor, number by number, as an Activation layer, where it has no settings. */
const asActivation =
  (activation: string): OperationRule =>
  (operation) => {
    const tensor = onlyTensor(operation);
    if (tensor === undefined || !hasOnly(settingsOf(operation))) return false;
    const { dtype } = outputOf(operation.builder, tensor);
    addTranslated(operation.builder, 'Activation', fromPlain({ dtype, activation }) as JsonObject, [tensor]);
    return true;
  };

/** Finds how to do an operation that is, by its record, an activation function or a layer. */
export function functionRule(id: string): OperationRule | undefined {
  const { activation, layer } = findOperation(id) ?? {};
  if (activation !== undefined) return asActivation(activation);
  if (layer === undefined) return undefined;
  return (operation) => {
    const tensor = onlyTensor(operation);
    const settings = layer.settings(settingsOf(operation));
    if (tensor === undefined || settings === undefined) return false;
    return asLayer(operation, layer.className, settings, [tensor]);
  };
}
