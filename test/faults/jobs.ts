import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { readModel, retrofit, strip, writeModel } from '../../src/index.js';
import { nodeStorage } from '../../src/storage/node/node-storage.js';
import { fixturePath } from '../support/checkpoint-files.js';
import { bytesIn, makeFolders } from '../support/cli.js';
import { modelFolder } from '../support/fixtures.js';
import { hdf5Fixture } from '../support/hdf5-files.js';
import { buildZip } from '../support/zip-builder.js';
import type { Standing } from './tally.js';

/** A run of the command line that writes a model. */
export interface Job {
  readonly name: string;
  readonly command: 'add' | 'convert' | 'strip';
  /** The input's name. */
  readonly input: string;
  /** The output's name. */
  readonly output: string;
  /** Files the output consists of, the one that names it last; undefined for a folder. */
  readonly files?: readonly string[];
}

const file = (
  name: string,
  command: Job['command'],
  input: string,
  output: string,
  ...beside: readonly string[]
): Job => ({
  name,
  command,
  input,
  output,
  files: [...beside, output],
});

export const JOBS: readonly Job[] = [
  { name: 'add tfjs', command: 'add', input: 'model', output: 'out' },
  file('add keras-h5', 'add', 'model.h5', 'out.h5'),
  file('add keras-zip', 'add', 'model.keras', 'out.keras'),
  file('add keras-zip, packed', 'add', 'packed.keras', 'out.keras'),
  file('add keras-json', 'add', 'model.json', 'out.json', 'out.weights.h5'),
  file('add saved-model', 'add', 'saved', 'out.h5'),
  file('convert tfjs to keras-zip', 'convert', 'model', 'out.keras'),
  { name: 'convert keras-h5 to tfjs', command: 'convert', input: 'model.h5', output: 'out' },
  file('convert keras-h5, made anew', 'convert', 'foreign.h5', 'out.h5'),
  file('strip keras-zip', 'strip', 'with-modules.keras', 'out.keras'),
];

const FIXTURE = 'two-readers';

let inputs: Promise<string> | undefined;
const newFolder = makeFolders();

/** A folder with the inputs of all jobs, that nobody writes to. */
function makeInputs(): Promise<string> {
  inputs ??= (async () => {
    const folder = newFolder();
    const model = await readModel(modelFolder(FIXTURE));
    cpSync(fixturePath('tf-2.13'), join(folder, 'saved'), { recursive: true });
    for (const name of ['model', 'model.h5', 'model.keras']) await writeModel(model, join(folder, name));
    await writeModel(await readModel(join(folder, 'model.keras')), join(folder, 'model.json'), { to: 'keras-json' });
    await writeModel(retrofit(await readModel(join(folder, 'model.keras'))), join(folder, 'with-modules.keras'));
    cpSync(hdf5Fixture('model_foreign.h5'), join(folder, 'foreign.h5'));
    writeFileSync(join(folder, 'packed.keras'), await packed(join(folder, 'model.keras')));
    return folder;
  })();
  return inputs;
}

/** The same archive with its members deflated, as nobody's Keras writes it but every zip program does. */
async function packed(path: string): Promise<Buffer> {
  const archive = await nodeStorage.openZip(await nodeStorage.findFile(path));
  const members = [];
  for (const member of archive.members) {
    members.push({ name: member.name, method: 8, data: await archive.read(member, 2 ** 24) });
  }
  return buildZip(members);
}

/** A place where a job runs again and again. */
export interface Stand {
  readonly job: Job;
  /** Whether an older output stands there. */
  readonly hasOld: boolean;
  readonly root: string;
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Makes it as it was before the first run. */
  reset(): void;
  /** What stands where the output goes; `sloppy` where a run was killed and nobody has put things right. */
  standing(mode: 'sloppy' | 'strict'): Standing;
  /** All that stands where the output goes, in short. */
  digest(): string;
  isInputIntact(): boolean;
  /** What the next run does before its own work. */
  recover(): Promise<void>;
  /** Runs the job without faults, in this process, and checks that it gives the new output. */
  runAgain(): Promise<void>;
  /** Names left in the folder of the output and in the temporary folder; those of a living process are no concern. */
  left(living?: number): readonly string[];
}

/** Makes a place for a job. `hasOld`: an older output stands there and is to be replaced. */
export async function makeStand(job: Job, hasOld: boolean): Promise<Stand> {
  const from = await makeInputs();
  const root = newFolder();
  const [input, output, temporary, spare] = ['in', 'out', 'tmp', 'old'].map((name) => join(root, name)) as [
    string,
    string,
    string,
    string,
  ];
  for (const folder of [input, output, temporary, spare]) mkdirSync(folder);
  for (const name of [job.input, ...(job.input === 'model.json' ? ['model.weights.h5'] : [])]) {
    cpSync(join(from, name), join(input, name), { recursive: true });
  }
  const to = job.output.endsWith('.json') ? { to: 'keras-json' as const } : {};
  const path = join(output, job.output);
  const write = async (force: boolean) => {
    const read = await readModel(join(input, job.input));
    const after = job.command === 'add' ? retrofit(read) : job.command === 'strip' ? strip(read) : read;
    await writeModel(after, path, { ...to, force });
  };
  const writeOld = async () =>
    writeModel(
      retrofit(await readModel(join(from, 'model.keras')), { ratio: 2, seed: 7 }),
      join(spare, job.output),
      to,
    );
  if (hasOld) await writeOld();
  const before = bytesIn(input);
  const old = bytesIn(spare);
  await write(false);
  const whole = bytesIn(output);
  expect(whole).not.toEqual(old);
  const namesFile = job.files?.at(-1) ?? `${job.output}/model.json`;
  const isSame = (found: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>) =>
    found.size === other.size && [...other].every(([name, digest]) => found.get(name) === digest);

  const stand: Stand = {
    job,
    hasOld,
    root,
    words: [
      ...(job.command === 'add' ? [] : [job.command]),
      join(input, job.input),
      '-o',
      path,
      '--quiet',
      ...(job.output.endsWith('.json') ? ['--to', 'keras-json'] : []),
      ...(hasOld ? ['--force'] : []),
    ],
    env: { TMPDIR: temporary },
    reset: () => {
      rmSync(output, { recursive: true, force: true });
      cpSync(spare, output, { recursive: true });
    },
    standing: (mode) => {
      const found = new Map([...bytesIn(output)].filter(([name]) => !name.startsWith('.')));
      if (isSame(found, whole)) return 'new';
      if (hasOld && isSame(found, old)) return 'old';
      return found.size === 0 || (mode === 'sloppy' && !found.has(namesFile)) ? 'absent' : 'other';
    },
    digest: () => JSON.stringify([...bytesIn(output)]),
    isInputIntact: () => isSame(bytesIn(input), before),
    recover: async () => {
      const { files } = job;
      const pending = await (files === undefined
        ? nodeStorage.beginFolder(path, true)
        : nodeStorage.beginFiles(output, files, true));
      await pending.discard();
    },
    runAgain: async () => {
      const { TMPDIR } = process.env;
      process.env.TMPDIR = temporary;
      try {
        await write(true);
      } finally {
        if (TMPDIR === undefined) delete process.env.TMPDIR;
        else process.env.TMPDIR = TMPDIR;
      }
      expect(isSame(bytesIn(output), whole), 'the next run gives the new output and leaves nothing else').toBe(true);
    },
    left: (living) => [
      ...readdirSync(output).filter((name) => name.startsWith('.')),
      ...readdirSync(temporary).filter(
        (name) => ![living, process.pid].some((id) => name.startsWith(`se-retrofit-${id}-`)),
      ),
    ],
  };
  stand.reset();
  return stand;
}
