import type { DIALECTS, LOADERS, WEIGHT_LAYOUTS } from './format-names.js';

type Loader = (typeof LOADERS)[number];
type Dialect = (typeof DIALECTS)[number];
type WeightLayout = (typeof WEIGHT_LAYOUTS)[number];

/** All that is known of a container, besides how its files are read and written: that is in formats/readers.ts and writers.ts. */
export interface ContainerFacts {
  /** The library whose files these are: a Keras need not load every kind of them. */
  readonly library: 'TensorFlow.js' | 'Keras';
  /** Loaders of its files. */
  readonly loaders: readonly Loader[];
  /** Endings of its file, the one that is written first; none where it is a folder that holds nothing else. */
  readonly endings: readonly string[];
  /** The ending of the weights, where these are in a file of their own beside an architecture, and keep their layout. */
  readonly weightsEnding?: string;
  /** Files by which a folder is known to hold one. */
  readonly folderFiles?: readonly string[];
  /** Nothing is put into its folder. */
  readonly isSealedFolder?: true;
  /** How its weights are laid out, in new files where others may be otherwise. */
  readonly weightLayout: WeightLayout;
  /** Where compile settings stand: in the architecture, or beside it. */
  readonly settings: 'topology' | 'beside';
  /** The Kerases that look for classes in the Python modules that the entries name. */
  readonly modules: readonly Dialect[];
  /** Its entries lose the Python modules beside the class, by which Keras 3 finds operations. */
  readonly isLegacy?: true;
  /** The one dialect it is written in. */
  readonly onlyDialect?: Dialect;
  /** Loaders that run Python code in its files without being asked to trust it. */
  readonly trustedBy?: readonly Loader[];
  /** Loaders that make one object of those with the same number. */
  readonly sharesObjectsIn?: readonly Loader[];
  /** Loaders that do not get the ellipsis in an index. */
  readonly losesEllipsisIn?: readonly Loader[];
}

/** The model in a folder of TensorFlow.js. */
export const MODEL_FILE = 'model.json';
/** The architecture, in a `.keras` archive or the folder it was not zipped in. */
export const CONFIG_FILE = 'config.json';
/** The version of Keras that saved it, and the date: it stands beside the architecture. */
export const METADATA_FILE = 'metadata.json';
/** The program of a SavedModel: its operations, and the objects that they belong to. */
export const GRAPH_FILE = 'saved_model.pb';
/** The layers of a Keras model in a SavedModel, since TensorFlow 2.5; before that they stand in the graph's file. */
export const LAYERS_FILE = 'keras_metadata.pb';

/** Every container that a model can be written in. */
const WRITTEN = {
  tfjs: {
    library: 'TensorFlow.js',
    loaders: ['tfjs'],
    endings: [],
    folderFiles: [MODEL_FILE],
    weightLayout: 'tfjs-manifest',
    settings: 'beside',
    modules: [],
    onlyDialect: 'keras2',
  },
  'keras-h5': {
    library: 'Keras',
    loaders: ['keras2', 'keras3'],
    endings: ['.h5', '.hdf5'],
    weightLayout: 'legacy-hdf5',
    settings: 'beside',
    modules: [],
    isLegacy: true,
    trustedBy: ['keras2'],
  },
  'keras-json': {
    library: 'Keras',
    loaders: ['keras2', 'keras3'],
    endings: ['.json'],
    weightsEnding: '.weights.h5',
    weightLayout: 'weights-hdf5',
    settings: 'topology',
    modules: ['keras3'],
  },
  'keras-zip': {
    library: 'Keras',
    loaders: ['keras2', 'keras3'],
    endings: ['.keras'],
    folderFiles: [CONFIG_FILE],
    weightLayout: 'weights-hdf5',
    settings: 'topology',
    modules: ['keras2', 'keras3'],
    sharesObjectsIn: ['keras3'],
    losesEllipsisIn: ['keras2'],
  },
} as const satisfies Readonly<Record<string, ContainerFacts>>;

/** Every container that a model is only read from. */
const ONLY_READ = {
  'saved-model': {
    library: 'Keras',
    loaders: ['keras2'],
    endings: [],
    folderFiles: [GRAPH_FILE, LAYERS_FILE],
    isSealedFolder: true,
    weightLayout: 'checkpoint',
    settings: 'beside',
    modules: [],
    trustedBy: ['keras2'],
  },
} as const satisfies Readonly<Record<string, ContainerFacts>>;

export type WrittenContainer = keyof typeof WRITTEN;
export type Container = WrittenContainer | keyof typeof ONLY_READ;

const FACTS: Readonly<Record<Container, ContainerFacts>> = { ...WRITTEN, ...ONLY_READ };

/** Containers that a model can be written in; values of `--to`. */
export const WRITTEN_CONTAINERS = Object.keys(WRITTEN) as readonly WrittenContainer[];
/** Containers that a model can be read from. */
export const CONTAINERS = Object.keys(FACTS) as readonly Container[];

/** What a model is written in by default where its own container is only read. */
const INSTEAD: WrittenContainer = 'keras-h5';

/** Returns what is known of a container: who loads its files, and how these are called. */
export const factsOfContainer = (container: Container): ContainerFacts => FACTS[container];

/** Tells whether the files of a container are put into a folder that holds nothing else. */
export const isFolder = (container: Container): boolean => FACTS[container].endings.length === 0;

/** Tells whether a container is one of TensorFlow.js. */
export const isTfjs = (container: Container): boolean => FACTS[container].library === 'TensorFlow.js';

const isWritten = (container: Container): container is WrittenContainer => container in WRITTEN;

/** Returns the container in which a model of another is written, where nothing else is asked for. */
export const writtenContainer = (container: Container): WrittenContainer =>
  isWritten(container) ? container : INSTEAD;

const endsIn = (name: string, ending: string | undefined): boolean =>
  ending !== undefined && name.toLowerCase().endsWith(ending);

/** Tells whether a file has one of the endings of a container's files. */
export const isNamedAs = (name: string, container: Container): boolean =>
  FACTS[container].endings.some((ending) => endsIn(name, ending));

/** Tells whether a file is called as weights beside an architecture are. */
export const isNamedAsWeights = (name: string): boolean =>
  WRITTEN_CONTAINERS.some((container) => endsIn(name, FACTS[container].weightsEnding));

/** Returns the container that a file's name asks for; that of weights alone asks for their architecture too. */
export const containerNamed = (name: string): WrittenContainer | undefined =>
  WRITTEN_CONTAINERS.find((container) => endsIn(name, FACTS[container].weightsEnding)) ??
  WRITTEN_CONTAINERS.find((container) => isNamedAs(name, container));

/** Takes the ending of a container's file off a name. */
export function withoutEnding(name: string): string {
  const ending = CONTAINERS.flatMap((container) => FACTS[container].endings).find((each) => endsIn(name, each)) ?? '';
  return name.slice(0, name.length - ending.length);
}
