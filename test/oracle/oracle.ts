import { execFileSync, spawn } from 'node:child_process';
import { createConnection } from 'node:net';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { describe, inject } from 'vitest';
import type { Kind } from './environment.js';

// Real Keras as the judge. One long-lived process for each Keras and test file, started by the first question; the
// requests are the functions of judge.py.

const SERVER = fileURLToPath(new URL('keras_server.py', import.meta.url));
const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const PATIENCE_MILLISECONDS = 300_000;

/** A saved model: one file, or an architecture with its weights. */
export type SavedModel = string | { readonly json: string; readonly weights: string };

export type Extension =
  | '.h5'
  | '.keras'
  | '.json'
  | '.weights.h5'
  | '.weights.json'
  | '.legacy.h5'
  | '.tf'
  | '.traced.tf'
  | '.ckpt';

/** A model of catalogue.py. */
export interface CatalogueModel {
  readonly name: string;
  readonly purpose: string;
  readonly kinds: readonly Kind[];
  /** Keras needs custom_objects to load it. */
  readonly custom: boolean;
  /** Training mode draws random numbers. */
  readonly random: boolean;
}

/** How two models differ on the same inputs; null stands for a number that is none. */
export interface ComparedOutput {
  readonly before: string;
  readonly after: string;
  /** The largest difference when called layer by layer: `model(x, training=False)`. */
  readonly eager?: number | null;
  /** The same under `predict`, where a compiler may fuse operations. */
  readonly predict?: number | null;
  /** How far `predict` takes the model before from its own eager numbers. */
  readonly rounding?: number | null;
  readonly training?: number | null;
  readonly finite: boolean;
  readonly largest: number | null;
  /** More than two different numbers, where there are more. */
  readonly varied: boolean;
}

/** What became of every variable, by name. */
export interface ComparedWeights {
  readonly unchanged: readonly string[];
  /** Once, or twice by two sites. */
  readonly doubled: readonly string[];
  readonly halved: readonly string[];
  readonly other: readonly string[];
  readonly added: readonly string[];
  readonly missing: readonly string[];
}

export interface Fitted {
  readonly loss: number | null;
  readonly finite: boolean;
  readonly changed: readonly string[];
  readonly trainable: readonly string[];
}

/** What came of some steps of training: the loss of each, and the weights by name. */
export interface Trained {
  readonly losses: readonly number[];
  readonly values: Readonly<Record<string, Tensor>>;
}

interface Tensor {
  readonly shape: readonly number[];
  readonly base64: string;
}

type Options = Readonly<Record<string, unknown>>;

/** One Keras, to be asked. */
export interface Oracle {
  /** Builds a model with random weights and statistics, and saves it in each way asked for. */
  make(
    model: string,
    folder: string,
    saves: readonly Extension[],
  ): Promise<{ readonly files: Readonly<Record<Extension, string>> }>;
  /** Saves the `model` that some lines of Python make of `keras`, its layers `L`, `np` and `tf`, with random weights. */
  build(code: string, to: readonly string[]): Promise<unknown>;
  /** Loads both and runs them on the same inputs; with `weights`, what became of those too. */
  compare(
    before: SavedModel,
    after: SavedModel,
    options?: Options,
  ): Promise<{ readonly outputs: readonly ComparedOutput[]; readonly weights?: ComparedWeights }>;
  compareWeights(before: SavedModel, after: SavedModel, options?: Options): Promise<ComparedWeights>;
  /** Saves the model with one variable changed. */
  change(
    model: SavedModel,
    to: string,
    variable: string,
    change: { readonly add?: number; readonly times?: number },
  ): Promise<unknown>;
  /** Every attribute and its kind of text, config and tensor of two saved models that is not the same, as lines. */
  compareFiles(
    before: SavedModel,
    after: SavedModel,
    options?: { readonly ignore?: readonly string[] },
  ): Promise<{ readonly differences: readonly string[] }>;
  /** How the texts of an HDF5 file's attributes are kept, by `path@name`; the dtype of what holds no texts. */
  textKinds(path: string): Promise<Readonly<Record<string, string>>>;
  /** Trains for a step. */
  fit(model: SavedModel, options?: Options): Promise<Fitted>;
  saveAgain(model: SavedModel, to: readonly string[], options?: Options): Promise<unknown>;
  /** Trains with images [n, height, width, channels] and labels, and saves the result. */
  trainSteps(model: SavedModel, to: string, options: Options): Promise<Trained>;
  /** The variables that train when some lines of Python have been run on the model. */
  trainedAfter(model: SavedModel, code: string): Promise<readonly string[]>;
  /** The weights by name. */
  values(model: SavedModel): Promise<Trained['values']>;
  /** Names of `model.layers`, nested models' inside. */
  layers(model: SavedModel, options?: Options): Promise<readonly { readonly name: string }[]>;
  outputs(
    model: SavedModel,
    options?: Options,
  ): Promise<{
    readonly inputs: readonly Tensor[];
    readonly outputs: readonly Tensor[];
    /** With `training`: what comes out in training mode. */
    readonly trained?: readonly Tensor[];
    /** How the outputs are held together: numbers in the places of the tensors. */
    readonly structure: unknown;
  }>;
  /** The gates that multiplications read, for each multiplication and each of its calls: [images, channels]. */
  gates(
    model: SavedModel,
    scales: readonly { readonly path: readonly string[]; readonly input: number }[],
    inputs: readonly Tensor[],
  ): Promise<readonly (readonly Tensor[])[]>;
  /** Saves a model again, with random weights everywhere. */
  randomised(model: SavedModel, to: string): Promise<unknown>;
  /** The losses, metrics, optimizers and schedules that it ships. */
  compileNames(): Promise<readonly string[]>;
  /** What keras.applications' `preprocess_input` makes of colours. */
  preprocess(pixels: readonly number[], mode: string): Promise<Tensor>;
}

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

/** A process that answers. */
interface Server {
  readonly requests: Writable;
  readonly answers: Readable;
  /** What it says when it ends by itself. */
  readonly onEnd: (listener: (message: string) => void) => void;
}

let listed: string | undefined;

/** The models of catalogue.py that a Keras makes; none where there is no Python. */
export function listCatalogue(kind: Kind): readonly CatalogueModel[] {
  const { python, missing } = inject('oracle');
  if (python === undefined || missing[kind] !== undefined) return [];
  const script = 'import json, catalogue; print(json.dumps(catalogue.describe()))';
  listed ??= execFileSync(python, ['-c', script], { cwd: FOLDER, encoding: 'utf8' });
  return (JSON.parse(listed) as readonly CatalogueModel[]).filter((model) => model.kinds.includes(kind));
}

const oracles = new Map<Kind, Oracle>();

/** The Keras of this kind for the test files of a worker: its process begins with the first question, and ends with the worker. */
export function oracle(kind: Kind): Oracle {
  const known = oracles.get(kind) ?? startOracle(kind);
  oracles.set(kind, known);
  return known;
}

function startOracle(kind: Kind): Oracle {
  let running: Promise<(name: string, request: Options) => Promise<unknown>> | undefined;
  const ask = async <T>(name: string, request: Options): Promise<T> => {
    running ??= start();
    return (await running)(name, request) as Promise<T>;
  };
  return {
    make: (model, folder, saves) => ask('make', { model, folder, saves }),
    build: (code, to) => ask('build', { code, to }),
    compare: (before, after, options) => ask('compare', { before, after, ...options }),
    compareWeights: (before, after, options) => ask('compareWeights', { before, after, ...options }),
    change: (model, to, variable, change) => ask('change', { model, to, variable, ...change }),
    compareFiles: (before, after, options) => ask('compareFiles', { before, after, ...options }),
    textKinds: (path) => ask('textKinds', { path }),
    fit: (model, options) => ask('fit', { model, ...options }),
    saveAgain: (model, to, options) => ask('saveAgain', { model, to, ...options }),
    trainSteps: (model, to, options) => ask('trainSteps', { model, to, ...options }),
    trainedAfter: (model, code) => ask('trainedAfter', { model, code }),
    values: (model) => ask('values', { model }),
    layers: (model, options) => ask('layers', { model, ...options }),
    outputs: (model, options) => ask('outputs', { model, ...options }),
    gates: (model, scales, inputs) => ask('gates', { model, scales, inputs }),
    randomised: (model, to) => ask('randomised', { model, to }),
    compileNames: () => ask('compileNames', {}),
    preprocess: (pixels, mode) => ask('preprocess', { pixels, mode }),
  };

  async function start() {
    const server = startServer(kind);
    const waiting = new Map<number, (answer: Answer) => void>();
    server.onEnd((message) => {
      for (const [id, settle] of waiting)
        settle({ id, error: { message: `the process of ${kind} ended: ${message}` } });
    });
    const ready = new Promise<void>((resolve) => {
      createInterface({ input: server.answers }).on('line', (line) => {
        const answer = JSON.parse(line) as Answer;
        if (answer.id === undefined) resolve();
        else waiting.get(answer.id)?.(answer);
      });
    });
    await withPatience(ready, `${kind} to start`);
    let last = 0;
    return async (name: string, request: Options): Promise<unknown> => {
      const id = ++last;
      const answer = new Promise<Answer>((resolve) => {
        waiting.set(id, resolve);
      });
      server.requests.write(`${JSON.stringify({ id, do: name, ...request })}\n`);
      const { result, error } = await withPatience(answer, `${kind} to answer ${name}`);
      waiting.delete(id);
      if (error !== undefined) throw new Error(`${kind}, ${name}: ${error.message}`);
      return result;
    };
  }
}

/** A fork of the process that has imported this Keras, where there is one, or else a process of its own. */
function startServer(kind: Kind): Server {
  const path = inject('kerasSockets')?.[kind];
  if (path !== undefined) {
    const socket = createConnection(path);
    const onEnd: Server['onEnd'] = (listener) => {
      socket.on('close', () => listener('the connection was closed'));
      socket.on('error', (error) => listener(error.message));
    };
    socket.unref();
    return { requests: socket, answers: socket, onEnd };
  }
  const started = spawn(inject('oracle').python!, [SERVER, kind], { stdio: ['pipe', 'pipe', 'pipe'] });
  started.unref();
  let messages = '';
  started.stderr.on('data', (chunk: Buffer) => {
    messages = (messages + chunk.toString()).slice(-4000);
  });
  return {
    requests: started.stdin,
    answers: started.stdout,
    onEnd: (listener) => started.on('exit', () => listener(messages)),
  };
}

function withPatience<T>(work: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited too long for ${what}`)), PATIENCE_MILLISECONDS);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** Tests that ask a Keras; skipped, with the reason, where it is not to be had. */
export function describeOracle(kind: Kind, title: string, tests: (keras: Oracle) => void): void {
  const reason = inject('oracle').missing[kind];
  if (reason === undefined) describe(`${kind}: ${title}`, () => tests(oracle(kind)));
  else describe.skip(`${kind}: ${title} (${reason})`, () => tests(oracle(kind)));
}

/** A tensor of numbers, to be sent. */
export const tensorOf = (shape: readonly number[], values: Float32Array): Tensor => ({
  shape,
  base64: Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64'),
});

/** The numbers of a tensor. */
export const numbersOf = ({ base64 }: Tensor): Float32Array =>
  new Float32Array(Uint8Array.from(Buffer.from(base64, 'base64')).buffer);
