import { refusal } from '../errors.js';
import type { Model } from '../model/model.js';

/** @throws RetrofitError `code-denied` for a model with a layer that runs code or reads files when it is loaded */
export function denyCode(model: Model): void {
  const found = model.warnings.find((warning) => warning.code === 'carried-code');
  if (found === undefined) return;
  throw refusal('code-denied', `with --deny-code: ${found.message}`, {
    where: { file: model.path, ...(found.where === null ? {} : { layer: found.where }) },
    hint: 'leave --deny-code out if you trust where the model comes from',
  });
}
