import { isPlainObject, type Plain } from '../../json/json-value.js';
import { tfjsHasLoss, tfjsHasMetric, tfjsHasOptimizer } from '../../layers/compile-objects.js';

/** Reason why TensorFlow.js refuses compile settings: one of their fields, and why. */
export interface SettingsBlocker {
  readonly field: string;
  readonly reason: string;
}

/**
 * The first thing in `trainingConfig` that TensorFlow.js does not load: it compiles the model by them at once.
 * @param outputs names of the output layers
 * Source: `loadTrainingConfig` and `compile` in tfjs-layers 4.22 (src/engine/training.ts).
 */
export function findSettingsBlocker(settings: Plain, outputs: readonly string[]): SettingsBlocker | undefined {
  if (settings === null) return undefined;
  const fields = isPlainObject(settings) ? settings : {};
  const unsupported = UNSUPPORTED.find((field) => !isNothing(fields[field]));
  if (unsupported !== undefined) return { field: unsupported, reason: 'is not supported' };
  return (
    optimizerBlocker(fields.optimizer_config) ?? lossBlocker(fields.loss, outputs) ?? metricBlocker(fields.metrics)
  );
}

const UNSUPPORTED: readonly string[] = ['weighted_metrics', 'loss_weights', 'sample_weight_mode'];

const isNothing = (value: Plain | undefined) => value === undefined || value === null;

function optimizerBlocker(optimizer: Plain | undefined): SettingsBlocker | undefined {
  const field = 'optimizer_config';
  const name = isPlainObject(optimizer) ? optimizer.class_name : undefined;
  if (typeof name !== 'string') return { field, reason: 'is missing' };
  return tfjsHasOptimizer(name) ? undefined : { field, reason: `is ${name}, an optimizer it does not have` };
}

function lossBlocker(loss: Plain | undefined, outputs: readonly string[]): SettingsBlocker | undefined {
  const unknown = Object.keys(isPlainObject(loss) ? loss : {}).find((name) => !outputs.includes(name));
  if (unknown !== undefined) return { field: `loss.${unknown}`, reason: 'names an output that does not exist' };
  if (isNothing(loss) || (Array.isArray(loss) && loss.length !== outputs.length))
    return { field: 'loss', reason: 'has not one entry for each output' };
  const losses = isPlainObject(loss) ? Object.values(loss) : [loss].flat();
  const wrong = losses.filter((each) => typeof each !== 'string' || !tfjsHasLoss(each));
  return wrong.length === 0 ? undefined : { field: 'loss', reason: saying(wrong[0], 'a loss') };
}

function metricBlocker(metrics: Plain | undefined): SettingsBlocker | undefined {
  if (isNothing(metrics) || typeof metrics === 'string') return undefined;
  const isByOutput = isPlainObject(metrics);
  const given = isByOutput ? Object.values(metrics) : [metrics].flat();
  const wrong = given.flatMap((metric): readonly Plain[] => {
    // Python's names are understood where they stand by themselves; lists are examined only by output.
    if (!Array.isArray(metric))
      return typeof metric === 'string' && tfjsHasMetric(metric, true) ? [] : [metric ?? null];
    const names = isByOutput ? (metric as readonly Plain[]) : [];
    return names.filter((name) => typeof name === 'string' && !tfjsHasMetric(name, false));
  });
  return wrong.length === 0 ? undefined : { field: 'metrics', reason: saying(wrong[0], 'a metric') };
}

const saying = (value: Plain | undefined, kind: string): string =>
  typeof value === 'string' ? `is "${value}", ${kind} it does not have` : `is an object, not the name of ${kind}`;
