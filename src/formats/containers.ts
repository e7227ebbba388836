import { getMember, type JsonDocument } from '../json/json-value.js';
import type { Container, Dialect, Model, Warning, WeightLayout, WrittenContainer } from '../model/model.js';
import type { FindOptions, FoundFile, PendingOutput, Storage } from '../storage/storage.js';
import { isForeignZip } from './find/foreign-files.js';
import { CONFIG_MEMBER, METADATA_MEMBER } from './keras/archive-members.js';
import type { WrittenArchitecture } from './output/check-written.js';
import type { OutputPlace } from './output/output-place.js';
import { findTfjsSource } from './tfjs/tfjs-source.js';
import type { NewTfjsOptions } from './tfjs/write-new-tfjs.js';

/** Options for reading a model. */
export interface ReadOptions extends FindOptions {
  /** The file with the weights, or a checkpoint, for an architecture's JSON. */
  readonly weights?: string;
}

/** The beginning of a file, and its JSON if it is one: formats are told apart by these. */
export interface FileContent {
  readonly file: FoundFile;
  readonly head: Uint8Array;
  readonly json: JsonDocument | undefined;
}

/** A writer's report of the model it wrote. */
export interface WrittenFiles {
  readonly architecture: WrittenArchitecture;
  readonly files: readonly { readonly name: string; readonly byteLength: number }[];
  /** The weights were copied unchanged, and their checksum compared. */
  readonly isIntact?: boolean;
  /** Objects of the old files that the new ones cannot hold, by their paths; nothing that a loader reads. */
  readonly lost?: readonly string[];
  readonly warnings?: readonly Warning[];
}

export type OnProgress = (doneBytes: number, totalBytes: number) => void;

/** Facts of a container that loaders and writers depend on. */
interface ContainerFacts {
  /** Where compile settings stand: in the architecture, or beside it. */
  readonly settings: 'topology' | 'beside';
  /** The Kerases that look for classes in the Python modules that the entries name. */
  readonly modules: readonly Dialect[];
  /** Its entries lose the Python modules beside the class, by which Keras 3 finds operations. */
  readonly isLegacy?: true;
  /** The one dialect it is written in. */
  readonly onlyDialect?: Dialect;
}

/**
 * A container that is read from one file, and written. Its reader and its writer import their modules when they run.
 */
export interface WrittenContainerFacts extends ContainerFacts {
  /** The ending of its file; undefined for a folder that holds nothing else. */
  readonly ending: string | undefined;
  /** The names that ask for it. A name in `.json` is for `jsonContainer` to judge, one without an ending is a folder's. */
  readonly names?: RegExp;
  /** How weights are laid out in new files. */
  readonly weightLayout: WeightLayout;
  /** The weights are in a file of their own beside the architecture, and keep their layout. */
  readonly hasWeightsBeside?: true;
  /** Whether a file of this content is one. */
  readonly recognises: (content: FileContent) => boolean;
  readonly read: (storage: Storage, content: FileContent, options: ReadOptions) => Promise<Model>;
  readonly write: (
    model: Model,
    pending: PendingOutput,
    place: OutputPlace,
    options: NewTfjsOptions,
    onProgress: OnProgress,
  ) => Promise<WrittenFiles>;
}

const HDF5_SIGNATURE = '\x89HDF\r\n\x1a\n';

const startsWith = ({ head }: FileContent, signature: string): boolean =>
  String.fromCharCode(...head.subarray(0, signature.length)) === signature;

const hasMember = ({ json }: FileContent, ...keys: readonly string[]): boolean =>
  json !== undefined && keys.some((key) => getMember(json.root, key) !== undefined);

/** Every container that can be written, in the order in which they are asked whether they recognise a file. */
export const WRITTEN: Readonly<Record<WrittenContainer, WrittenContainerFacts>> = {
  tfjs: {
    ending: undefined,
    settings: 'beside',
    modules: [],
    onlyDialect: 'keras2',
    weightLayout: 'tfjs-manifest',
    recognises: (content) => hasMember(content, 'modelTopology', 'weightsManifest', 'format'),
    read: async (...of) => (await import('./tfjs/read-tfjs.js')).readTfjs(...of),
    write: async (model, pending, { modelName }, options, onProgress) =>
      findTfjsSource(model) !== undefined && options.quantize === undefined && options.shardBytes === undefined
        ? (await import('./tfjs/write-tfjs.js')).writeTfjs(model, pending, modelName, onProgress)
        : (await import('./tfjs/write-new-tfjs.js')).writeNewTfjs(model, pending, modelName, options, onProgress),
  },
  'keras-json': {
    ending: '.json',
    names: /\.weights\.h5$/i,
    settings: 'topology',
    modules: ['keras3'],
    weightLayout: 'weights-hdf5',
    hasWeightsBeside: true,
    recognises: (content) => hasMember(content, 'class_name') && hasMember(content, 'config'),
    read: async (storage, content, options) => {
      if (options.weights === undefined && (await isUnzipped(storage, content)))
        return (await import('./keras/read-keras-zip.js')).readKerasFolder(storage, content.file, options);
      return (await import('./keras/read-keras-json.js')).readKerasJson(storage, content, options);
    },
    write: async (model, pending, place, _, onProgress) =>
      (await import('./keras/write-keras.js')).writeKerasJson(model, pending, place, onProgress),
  },
  'keras-h5': {
    ending: '.h5',
    names: /(?<!\.weights)\.h5$|\.hdf5$/i,
    settings: 'beside',
    modules: [],
    isLegacy: true,
    weightLayout: 'legacy-hdf5',
    recognises: (content) => startsWith(content, HDF5_SIGNATURE),
    read: async (storage, content) => (await import('./keras/read-keras-h5.js')).readKerasH5(storage, content),
    write: async (model, pending, place, _, onProgress) =>
      (await import('./keras/write-keras.js')).writeKerasH5(model, pending, place, onProgress),
  },
  'keras-zip': {
    ending: '.keras',
    names: /\.keras$/i,
    settings: 'topology',
    modules: ['keras2', 'keras3'],
    weightLayout: 'weights-hdf5',
    recognises: (content) => startsWith(content, 'PK') && !isForeignZip(content),
    read: async (storage, content) => (await import('./keras/read-keras-zip.js')).readKerasZip(storage, content),
    write: async (model, pending, place, _, onProgress) =>
      (await import('./keras/write-keras.js')).writeKerasZip(model, pending, place, onProgress),
  },
};

/** Tells whether an architecture stands in the folder of an unzipped `.keras` archive. */
async function isUnzipped(storage: Storage, { file }: FileContent): Promise<boolean> {
  if (storage.nameOf(file.path) !== CONFIG_MEMBER) return false;
  return (await storage.kindOf(storage.join(storage.folderOf(file.path), METADATA_MEMBER))) === 'file';
}

const FACTS: Readonly<Record<Container, ContainerFacts>> = {
  ...WRITTEN,
  'saved-model': { settings: 'beside', modules: [] },
};

export const factsOfContainer = (container: Container): ContainerFacts => FACTS[container];

/** Tells whether the files of a container are put into a folder that holds nothing else. */
export const isFolder = (container: WrittenContainer): boolean => WRITTEN[container].ending === undefined;
