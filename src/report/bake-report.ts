import type { SkippedImage } from '../images/image-batches.js';
import type { Warning } from '../model/model.js';
import type { BakedModule } from '../plan/plan-bake.js';
import { count, plural } from '../plural.js';
import type { ExcitedModule } from '../runtime/excite-model.js';
import type { AccuracyKept, NoAccuracy } from '../tune/accuracy-kept.js';
import { type Conversion, convertReport } from './json-report.js';
import { accuracyWords, printable, share } from './printable.js';
import type { BakeReport } from './report-schemas.js';
import type { Table } from './table.js';

/** Result of a run of `bake`. */
export interface BakeRun extends Conversion {
  readonly options: Readonly<Record<string, unknown>>;
  readonly images: number;
  readonly preprocess: string;
  readonly backend: string;
  /** Modules that are gone. */
  readonly baked: readonly Pick<BakedModule, 'name' | 'stage' | 'road'>[];
  /** Modules that stay, and why: their gates vary, or the format has no layer to take their place. */
  readonly kept: readonly { readonly name: string; readonly reason: 'varies' | 'no-place' }[];
  readonly gates: ReadonlyMap<string, ExcitedModule>;
  readonly accuracy: AccuracyKept | NoAccuracy;
  readonly params: { readonly before: number; readonly after: number };
  readonly skipped: readonly SkippedImage[];
}

/** Returns how much a module's gates move from image to image, as a share of their range. */
export const spreadOf = ({ variances }: ExcitedModule): number => Math.sqrt(variances.total);

/** Makes the report of `bake --json`. */
export const bakeReport = ({
  options,
  images,
  preprocess,
  backend,
  baked,
  kept,
  gates,
  accuracy,
  params,
  skipped,
  ...conversion
}: BakeRun): BakeReport => ({
  ...convertReport(conversion),
  command: 'bake',
  options: { ...options },
  images,
  preprocess,
  backend,
  modules: baked.map(({ name, stage, road }) => ({ name, stage, road, spread: spreadOf(gates.get(name)!) })),
  kept: kept.map(({ name, reason }) => ({ name, reason, spread: spreadOf(gates.get(name)!) })),
  accuracy: 'missing' in accuracy ? null : { ...accuracy },
  params: { ...params },
  skipped: skipped.map((image) => ({ ...image })),
});

const ROADS: Readonly<Record<BakedModule['road'], string>> = {
  upstream: 'into the weights before it',
  downstream: 'into the weights behind it',
  fixed: 'into a layer that multiplies each channel',
};

const KEPT: Readonly<Record<BakeRun['kept'][number]['reason'], string>> = {
  varies: 'stays: its gates vary',
  'no-place': 'stays: no layer of this format could take its place',
};

/** One row a module: how much its gates move, and where they went. */
export const bakeTable = ({ baked, kept, gates }: BakeRun): Table => ({
  head: ['module', 'gates move by', 'gates went'],
  rightAligned: new Set([1]),
  rows: [
    ...baked.map(({ name, road }) => [printable(name), moved(gates.get(name)!), ROADS[road]]),
    ...kept.map(({ name, reason }) => [printable(name), moved(gates.get(name)!), KEPT[reason]]),
  ],
});

const moved = (module: ExcitedModule): string => share(spreadOf(module));

/** Summarises a run in a line or two. */
export const bakeLines = ({ baked, images, params, accuracy }: BakeRun): readonly string[] => [
  `${plural(baked.length, 'module')} baked on ${plural(images, 'image')}: ${count(params.before)} -> ${plural(params.after, 'parameter')}`,
  ...('missing' in accuracy
    ? []
    : [
        `accuracy on these images: ${accuracyWords(accuracy.before, images)} before, ${accuracyWords(accuracy.after, images)} after`,
      ]),
];

/** Warns that no accuracy is given, where labelled images let one expect it. */
export function accuracyWarnings(accuracy: BakeRun['accuracy']): readonly Warning[] {
  if (!('missing' in accuracy) || accuracy.missing === 'labels') return [];
  const reason =
    accuracy.missing === 'classes'
      ? `the images lie in ${plural(accuracy.folders, 'folder')} and the model has ${plural(accuracy.units, 'class', 'classes')}`
      : 'the output of the model says no class';
  return [{ code: 'no-accuracy', message: `the accuracy cannot be told: ${reason}`, where: null }];
}

/** Images that were left out. */
export const skippedWarnings = (skipped: readonly SkippedImage[]): readonly Warning[] =>
  skipped.map(({ path, reason }) => ({
    code: 'skipped-image',
    message: `left out, it cannot be decoded: ${reason}`,
    where: path,
  }));
