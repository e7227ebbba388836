import { createHash } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { RetrofitError } from '../../src/errors.js';
import { hdf5Bytes } from '../../src/storage/hdf5/hdf5-bytes.js';
import { makeView } from '../../src/storage/hdf5/hdf5-file.js';
import { readSuperblock } from '../../src/storage/hdf5/superblock.js';
import type { Hdf5File } from '../../src/storage/hdf5.js';
import { inflate } from '../../src/storage/node/hdf5/file-bytes.js';

/** What a file says to each question that has an answer, as JSON. */
export type Answers = ReadonlyMap<string, string>;

export interface Judge {
  /** What HDF5's own library says; undefined where it does not come to an end. */
  ask(bytes: Uint8Array): Promise<Answers | undefined>;
  end(): Promise<unknown>;
}

interface Said {
  readonly answers: Answers;
  readonly isSound: boolean;
}

/** Longer than HDF5 takes for any file here. */
const MOST_MILLISECONDS = 3000;

export function startJudge(): Judge {
  let worker: Worker | undefined;
  const end = async () => {
    await worker?.terminate();
    worker = undefined;
  };
  return {
    end,
    ask: async (bytes) => {
      worker ??= new Worker(new URL('./hdf5-judge-worker.mjs', import.meta.url), { execArgv: [], stderr: true });
      const asked = worker;
      const said = await new Promise<Said | undefined>((resolve) => {
        const timer = setTimeout(() => resolve(undefined), MOST_MILLISECONDS);
        const settle = (found: Said | undefined) => {
          clearTimeout(timer);
          resolve(found);
        };
        asked.removeAllListeners('message').once('message', settle);
        asked.removeAllListeners('error').once('error', () => settle(undefined));
        asked.postMessage(bytes);
      });
      if (said?.isSound !== true) await end();
      return said?.answers;
    },
  };
}

/** The same questions, asked here. Whatever is thrown but a RetrofitError is thrown on. */
export function answersOf(bytes: Uint8Array): Answers {
  const answers = new Map<string, string>();
  const ask = <T>(question: string, answer: () => T): T | undefined => {
    try {
      const found = answer();
      answers.set(question, JSON.stringify(found));
      return found;
    } catch (error) {
      if (!(error instanceof RetrofitError)) throw error;
      return undefined;
    }
  };
  const file = orNothing(() => openBytes(bytes));
  if (file === undefined) return answers;
  const visit = (path: string, kind: 'group' | 'dataset'): void => {
    for (const name of ask(`attributes of ${path}`, () => file.listAttributes(path).toSorted()) ?? [])
      ask(`texts of ${path}@${name}`, () => attributeOf(file, path, name));
    if (kind === 'dataset') visitDataset(path);
    else
      for (const child of ask(`list ${path}`, () => file.list(path)) ?? [])
        visit(`${path === '/' ? '' : path}/${child.name}`, child.kind);
  };
  const visitDataset = (path: string): void => {
    const dataset = orNothing(() => file.dataset(path));
    if (dataset === undefined) return;
    const { dtype, shape, byteLength } = dataset;
    const hasNumbers = dtype !== 'string' && dtype !== 'other';
    ask(`dataset ${path}`, () => ({ dtype, shape, ...(hasNumbers ? { byteLength } : {}) }));
    if (hasNumbers)
      ask(`values of ${path}`, () => {
        const hash = createHash('sha256');
        for (const piece of file.chunks(dataset)) hash.update(piece);
        return hash.digest('hex');
      });
  };
  visit('/', 'group');
  return answers;
}

/** An open file over bytes in memory. */
export function openBytes(bytes: Uint8Array): Hdf5File {
  const file = hdf5Bytes({
    byteLength: bytes.byteLength,
    read: (address, byteLength) => new Uint8Array(bytes.subarray(address, address + byteLength)),
  });
  readSuperblock(file);
  return makeView(file, inflate).reader;
}

/** Texts and how they are kept, or how many of something else there are. */
function attributeOf(file: Hdf5File, path: string, name: string): unknown {
  const kind = file.textKind(path, name);
  if (kind !== undefined) return { texts: file.readTexts(path, name), kind };
  try {
    return { count: file.readTexts(path, name)?.length };
  } catch (error) {
    if (error instanceof RetrofitError && error.message.startsWith('something else')) return 'something else';
    throw error;
  }
}

function orNothing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof RetrofitError)) throw error;
    return undefined;
  }
}
