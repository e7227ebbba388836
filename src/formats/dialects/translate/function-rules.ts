import { findOperation } from '../../../layers/operations/known-operations.js';
import type { OperationFacts } from '../../../layers/operations/operation-facts.js';
import { asLayer, hasOnly, type OperationRule, onlyTensor, settingsOf } from './operation-rules.js';

const asActivation = (activation: string): OperationFacts['layer'] => ({
  className: 'Activation',
  settings: (settings) => (hasOnly(settings) ? { activation } : undefined),
});

/** Finds how to do an operation that is, by its record, an activation function or a layer. */
export function functionRule(id: string): OperationRule | undefined {
  const { activation, layer = activation === undefined ? undefined : asActivation(activation) } =
    findOperation(id) ?? {};
  if (layer === undefined) return undefined;
  return (operation) => {
    const tensor = onlyTensor(operation);
    const settings = layer.settings(settingsOf(operation));
    if (tensor === undefined || settings === undefined) return false;
    return asLayer(operation, layer.className, settings, [tensor]);
  };
}
