import type { ChangedLayer } from '../formats/compare/compare-layers.js';
import type { WeightsVerdict } from '../formats/compare/compare-weights.js';
import type { SkippedImage } from '../images/image-batches.js';
import type { Format } from '../model/model.js';
import { count, plural } from '../plural.js';
import type { BackendName } from '../runtime/backend-names.js';
import type { Verification } from '../runtime/verify-models.js';
import { printable } from './printable.js';
import type { VerifyReport } from './report-schemas.js';

/** Result of comparing two models. */
export interface Verified {
  readonly layers: readonly ChangedLayer[];
  readonly weights: WeightsVerdict;
  /** Whether weights have other values, those of modules that se-retrofit put in, and no others. */
  readonly onlyModules: boolean;
  readonly verification: Verification;
  readonly backend: BackendName;
  readonly tolerance: number;
}

/** A model that a command read. */
export interface InputModel {
  readonly path: string;
  readonly format: Format;
  readonly layers: number;
  readonly bytes: number;
}

/** Result of a run of `verify`. */
export interface Comparison extends Verified {
  readonly tool: string;
  readonly before: InputModel;
  readonly after: InputModel;
  readonly milliseconds: number;
  readonly skipped: readonly SkippedImage[];
}

/** Tells whether the second model may stand for the first: without a tolerance every weight has to be there too. */
export const isVerified = ({ weights, verification, tolerance }: Verified): boolean =>
  tolerance === 0
    ? verification.identical && weights.changed.length === 0
    : verification.maxAbsDiff !== null && verification.maxAbsDiff <= tolerance;

export const verifyReport = (comparison: Comparison): VerifyReport => {
  const { tool, before, after, tolerance, verification, skipped, milliseconds } = comparison;
  return {
    version: 1,
    command: 'verify',
    tool,
    before: { ...before, format: { ...before.format } },
    after: { ...after, format: { ...after.format } },
    tolerance,
    ...verifiedFields(comparison),
    skipped: skipped.map((image) => ({ ...image })),
    timing: verification.timing && { ...verification.timing },
    milliseconds,
  };
};

/** Fields of a comparison in a report, by itself or as a part of another one. */
export const verifiedFields = ({ layers, weights, onlyModules, verification, backend }: Verified) => {
  const { identical, maxAbsDiff, outputs, firstDifference, examples, numbers, bothNaN } = verification;
  return {
    identical,
    maxAbsDiff,
    outputs: outputs.map((output) => ({ ...output })),
    firstDifference,
    backend,
    examples,
    numbers,
    bothNaN,
    layersChanged: layers.map((change) => ({ ...change })),
    weights: { ...weights, onlyModules, changed: weights.changed.map((change) => ({ ...change })) },
  };
};

/** Summarises the comparison of the weights in one line. */
export function weightsLine(
  { checked, doubled, quantized, added, changed }: WeightsVerdict,
  onlyModules: boolean,
): string {
  const [first] = changed;
  if (onlyModules)
    return `only the modules' weights have changed: ${count(changed.length)} of ${plural(checked, 'weight')}`;
  const facts = [
    ...(doubled > 0 ? [`${count(doubled)} doubled as recorded`] : []),
    ...(quantized > 0 ? [`${count(quantized)} as near as they are quantised`] : []),
  ];
  const more = added > 0 ? `; ${count(added)} more in the second model` : '';
  if (first === undefined)
    return `${checked === 1 ? 'the one weight is' : `all ${count(checked)} weights are`} there${facts.length > 0 ? `, ${facts.join(', ')}` : ''}${more}`;
  const others = changed.length > 1 ? `, and ${count(changed.length - 1)} more` : '';
  return (
    `${count(changed.length)} of ${plural(checked, 'weight')} ${changed.length === 1 ? 'is' : 'are'} not as recorded: ` +
    `"${printable(first.weight)}" of "${printable(first.layer)}" ${WEIGHT_REASONS[first.reason]}${others}`
  );
}

const WEIGHT_REASONS: Readonly<Record<WeightsVerdict['changed'][number]['reason'], string>> = {
  missing: 'is missing',
  shape: 'has another shape',
  values: 'has other values',
  doubled: "is doubled, and no record says so (Keras' save() leaves it out)",
};

/** Warns of layers whose settings differ; undefined where none do. */
export function layersLine({ layers }: Pick<Verified, 'layers'>): string | undefined {
  const [first] = layers;
  if (first === undefined) return undefined;
  const others = layers.length > 1 ? `, and ${count(layers.length - 1)} more layers` : '';
  return `"${printable(first.layer)}" is not what it was: ${printable(first.field)}${others}; equal outputs of a few inputs prove little then`;
}

/** Warns of outputs that are NaN in both models; undefined where none is. */
export function nanLine({ verification: { numbers, bothNaN } }: Pick<Verified, 'verification'>): string | undefined {
  if (bothNaN === 0) return undefined;
  if (bothNaN === numbers)
    return 'every number of every output is NaN in both models: that they are equal proves nothing; look at the weights and the inputs';
  return `${count(bothNaN)} of ${count(numbers)} numbers of the outputs are NaN in both models, at the same places: they count as equal, and prove nothing`;
}

/** Summarises the comparison, a line each. */
export function verifiedLines(verified: Verified): readonly string[] {
  const { weights, onlyModules, verification, backend, tolerance } = verified;
  const { identical, outputs, firstDifference, examples, timing } = verification;
  const differ =
    tolerance > 0 && isVerified(verified) ? `differ by no more than the tolerance of ${tolerance}` : 'differ';
  const where = `${count(examples)} ${examples === 1 ? 'example' : 'examples'}, ${backend}`;
  return [
    weightsLine(weights, onlyModules),
    identical
      ? `the outputs are identical, bit for bit (${where})`
      : `the outputs ${differ} (${where}): ${outputs.map(({ name, maxAbsDiff }) => `${printable(name)} by ${difference(maxAbsDiff)}`).join(', ')}`,
    ...(firstDifference === null ? [] : [`they part at "${printable(firstDifference)}"`]),
    ...(timing === null
      ? []
      : [
          `${milliseconds(timing.before)} ms an example before, ${milliseconds(timing.after)} ms after; run by turns ${timing.ratio.toFixed(3)} times as long`,
        ]),
  ];
}

/** Formats the largest difference. */
export const difference = (maxAbsDiff: number | null): string =>
  maxAbsDiff === null
    ? 'NaN or infinity'
    : maxAbsDiff === 0
      ? '0 (a sign of zero)'
      : `up to ${maxAbsDiff.toPrecision(3)}`;

const milliseconds = (time: number): string => (time < 10 ? time.toPrecision(3) : time.toFixed(1));
