import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { RetrofitError } from '../../src/errors.js';
import * as library from '../../src/index.js';
import { type Content, readModel, retrofit, type WriteModelOptions, writeModel } from '../../src/web.js';
import { makeFolders } from '../support/cli.js';
import { isAll } from '../support/is-all.js';

// Models in every container, read from memory and written to it: the bytes are those that come off the disk.

const FIXTURES = fileURLToPath(new URL('../../fixtures/', import.meta.url));
const SEED = 20261129;
const SLICE = 24;
const newFolder = makeFolders();

const isModelFile = (path: string): boolean =>
  /\.(h5|hdf5|keras)$/.test(path) || /(^|\/)(model|config)\.json$/.test(path) || path.endsWith('.pb');

/** Files and folders that are models, or look so: paths in `fixtures`. */
const INPUTS: readonly string[] = [
  ...new Set(
    readdirSync(FIXTURES, { recursive: true, encoding: 'utf8' })
      .filter((path) => isModelFile(path) && !/^topologies/.test(path))
      .map((path) => (/\.(json|pb)$/.test(path) ? dirname(path) : path))
      .concat('early-keras3/stacked.json', 'sharded/net.json'),
  ),
].sort();

const TARGETS: readonly WriteModelOptions[] = [
  { output: 'out' },
  ...(['keras2', 'keras3'] as const).flatMap((dialect) => [
    { output: 'out.h5', dialect },
    { output: 'out.keras', dialect },
    { output: 'out.weights.h5', dialect, to: 'keras-json' as const },
  ]),
];

interface Case {
  readonly input: string;
  readonly target: WriteModelOptions;
  readonly kept: boolean;
}

const ALL: readonly Case[] = INPUTS.flatMap((input) =>
  TARGETS.flatMap((target) => [true, false].map((kept) => ({ input, target, kept }))),
);

/** Some of all cases, the same ones each time. */
function sliceOf(cases: readonly Case[]): readonly Case[] {
  let state = SEED;
  const random = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return cases
    .map((each) => ({ each, rank: random() }))
    .toSorted((a, b) => a.rank - b.rank)
    .slice(0, SLICE)
    .map(({ each }) => each);
}

const CASES = isAll ? ALL : sliceOf(ALL);

/** What lies at a path, by names as a browser has them; of JSON what lies beside it too. */
function filesAt(input: string): readonly (readonly [string, Blob])[] {
  const path = join(FIXTURES, input);
  const isFolder = statSync(path).isDirectory();
  const folder = isFolder || input.endsWith('.json') ? (isFolder ? path : dirname(path)) : undefined;
  const names =
    folder === undefined
      ? [basename(path)]
      : readdirSync(folder, { recursive: true, encoding: 'utf8' })
          .filter((name) => statSync(join(folder, name)).isFile())
          .filter((name) => isFolder || name === basename(path) || isBeside(name, basename(path, '.json')));
  return names
    .filter((name) => name !== 'expected.json')
    .map((name) => [
      isFolder ? join(basename(path), name) : name,
      new Blob([readFileSync(join(folder ?? dirname(path), name))]),
    ]);
}

const isBeside = (name: string, stem: string): boolean => name.startsWith(stem) && name.includes('.weights.');

const bytesOf = async (content: Content): Promise<Buffer> =>
  Buffer.from(await new Blob([content as Blob]).arrayBuffer());

const codeOr = async <T>(work: () => Promise<T>): Promise<T | string> => {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RetrofitError) return error.code;
    throw error;
  }
};

async function inMemory({ input, target, kept }: Case): Promise<ReadonlyMap<string, Buffer>> {
  const model = await readModel(filesAt(input));
  const files = await writeModel(kept ? model : retrofit(model, { ratio: 4 }), target);
  const folder = target.output === 'out' ? 'out/' : '';
  const wholes = [...files].map(async ([name, content]) => [folder + name, await bytesOf(content)] as const);
  return new Map((await Promise.all(wholes)).sort(([a], [b]) => (a < b ? -1 : 1)));
}

async function onDisk({ input, target: { output, ...options }, kept }: Case): Promise<ReadonlyMap<string, Buffer>> {
  const folder = newFolder();
  const model = await library.readModel(join(FIXTURES, input));
  await library.writeModel(kept ? model : library.retrofit(model, { ratio: 4 }), join(folder, output!), options);
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  const files = names.filter((name) => statSync(join(folder, name)).isFile());
  return new Map(files.map((name) => [name, readFileSync(join(folder, name))]));
}

describe('what comes out of memory is what comes off the disk, or is refused for the same reason', () => {
  test.each(
    CASES.map(
      (each) => [`${each.input} to ${each.target.output}, ${each.target.dialect ?? ''} ${each.kept}`, each] as const,
    ),
  )('%s', async (_, each) => {
    const [here, there] = [await codeOr(() => inMemory(each)), await codeOr(() => onDisk(each))];
    if (typeof here === 'string' || typeof there === 'string') expect(here).toEqual(there);
    else {
      expect([...here.keys()]).toEqual([...there.keys()]);
      for (const [name, bytes] of here) expect(bytes.equals(there.get(name)!), name).toBe(true);
    }
  });
});
