import { type Container, isFolder, isTfjs } from '../../containers.js';
import { usageError } from '../../errors.js';
import type { Format, Model, Warning } from '../../model/model.js';
import { refuseUnknownOptions } from '../../nearest-names.js';
import type { PendingOutput, Storage } from '../../storage/storage.js';
import { forItsVersion } from '../conversion-warnings.js';
import { inBuiltOrder } from '../tfjs/built-order.js';
import type { NewTfjsOptions } from '../tfjs/write-new-tfjs.js';
import { WRITERS } from '../writers.js';
import type { OnProgress } from '../written-files.js';
import { checkOutput } from './check-output.js';
import { checkWritten } from './check-written.js';
import { listOutputNames, type OutputPlace } from './output-place.js';

/** Result of writing a model. */
export interface WriteResult {
  readonly path: string;
  readonly format: Format;
  /** Names of the files, relative to the folder of the model. */
  readonly files: readonly string[];
  readonly bytes: number;
  readonly warnings: readonly Warning[];
}

export interface WriteOptions extends NewTfjsOptions {
  /** Replace an existing output. */
  readonly force?: boolean;
  readonly onProgress?: OnProgress;
}

/** Every option for writing, with what it wants. */
const WANTED: Readonly<Record<keyof WriteOptions, readonly [kind: string, fits: (value: unknown) => boolean]>> = {
  force: ['true or false', (value) => typeof value === 'boolean'],
  onProgress: ['a function', (value) => typeof value === 'function'],
  quantize: ['a function that takes the name of a weight', (value) => typeof value === 'function'],
  shardBytes: ['a whole number of bytes above 0', (value) => Number.isSafeInteger(value) && Number(value) > 0],
};

const FOR_TFJS = ['quantize', 'shardBytes'] as const;

/**
 * Checks the options of a library call that writes a model.
 * @throws RetrofitError `bad-option` for one that there is not, that is of another kind, or that the format has no use for
 */
export function checkWriteOptions(options: WriteOptions, container: Container): void {
  refuseUnknownOptions(options, { ...WANTED, to: true, dialect: true });
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  for (const [name, value] of given) {
    const [kind, fits] = WANTED[name as keyof WriteOptions];
    if (!fits(value)) throw badOption(name, `${name} wants ${kind}`, `give ${kind}`);
  }
  const unused = FOR_TFJS.find((name) => !isTfjs(container) && options[name] !== undefined);
  if (unused !== undefined)
    throw badOption(unused, `${unused} is for TensorFlow.js models: Keras files have no such thing`, 'leave it out');
}

const badOption = (field: string, message: string, hint: string) =>
  usageError('bad-option', message, { where: { field }, hint });

/**
 * Writes a model to its place: whole, or not at all.
 * @throws RetrofitError `output-exists`, `output-is-input`, `cannot-write`, `input-changed`
 */
export async function writeTo(
  storage: Storage,
  model: Model,
  place: OutputPlace,
  options: WriteOptions,
): Promise<WriteResult> {
  const { result, pending } = await beginModel(storage, model, place, options);
  await pending.commit();
  return result;
}

/** A model that is written, and not yet visible. */
export interface PendingModel {
  /** The result once it is committed. */
  readonly result: WriteResult;
  readonly pending: Pick<PendingOutput, 'folder' | 'commit' | 'discard'>;
}

/**
 * Writes a model to a hidden folder; an output that it replaces stays until it is committed.
 * @throws RetrofitError as `writeTo` does
 */
export async function beginModel(
  storage: Storage,
  given: Model,
  place: OutputPlace,
  options: WriteOptions,
): Promise<PendingModel> {
  const { model: saved, warnings: ofVersion } = forItsVersion(given);
  const model = isTfjs(place.format.container) ? { ...saved, graph: inBuiltOrder(saved.graph) } : saved;
  const force = options.force ?? false;
  const { container } = place.format;
  await checkOutput(storage, model, place, force);
  const pending = await beginOutput(storage, place, force);
  try {
    const {
      files,
      architecture,
      isIntact,
      lost = [],
      warnings = [],
    } = await WRITERS[container](model, pending, place, options, options.onProgress ?? (() => {}));
    const unloadable = checkWritten(model, architecture);
    if (!isIntact) await model.ensureIntact?.();
    const unlike = await unlikeTfjsWarnings(model);
    for (const file of model.files) await storage.ensureUnchanged(file);
    const result = {
      path: place.path,
      format: place.format,
      files: files.map((file) => file.name),
      bytes: files.reduce((sum, file) => sum + file.byteLength, 0),
      warnings: [
        ...warnings,
        ...unloadable,
        ...unlike,
        ...ofVersion,
        ...(lost.length === 0 ? [] : [lostWarning(lost)]),
      ],
    };
    return { result, pending };
  } catch (error) {
    await pending.discard();
    throw error;
  }
}

async function unlikeTfjsWarnings({ asRead, ...model }: Model): Promise<readonly Warning[]> {
  if (asRead === undefined || !isTfjs(asRead.format.container) || isTfjs(model.format.container)) return [];
  return (await import('../tfjs/release-constraints.js')).constraintWarnings(model);
}

const MOST_NAMED = 3;

function lostWarning(lost: readonly string[]): Warning {
  const named = lost.slice(0, MOST_NAMED).join(', ');
  const rest = lost.length - MOST_NAMED;
  return {
    code: 'not-carried',
    message: 'left out: the file had to be rewritten, and these are neither strings nor numbers that a loader reads',
    where: rest > 0 ? `${named} and ${rest} more` : named,
  };
}

/**
 * Starts an output at its place.
 * @throws RetrofitError `output-exists`, `cannot-write`
 */
export const beginOutput = (storage: Storage, place: OutputPlace, force: boolean): Promise<PendingOutput> =>
  isFolder(place.format.container)
    ? storage.beginFolder(place.folder, force)
    : storage.beginFiles(place.folder, listOutputNames(place), force);
