import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { bytesIn, copyFixture, expectFailure, makeFolders, namesIn, run, startRun } from '../support/cli.js';
import { writeDigits } from '../support/digits.js';
import { modelFolder } from '../support/fixtures.js';
import { isAll } from '../support/is-all.js';
import { buildModel, groupOf, layerOf, weightOf, writeBuilt } from '../support/model-builder.js';

const newFolder = makeFolders();

const SHARDS = 48;
const SHARD_BYTES = 4 * 2 ** 20;

/** A model of about 200 MB, nearly all of it holes that take no room on the disk: writing it takes a while. */
function largeModel(folder: string): string {
  const model = buildModel();
  const units = (SHARDS * SHARD_BYTES) / 16;
  layerOf(model, 'classes').config.units = units;
  layerOf(model, 'classes').config.use_bias = false;
  weightOf(model, 'classes/kernel').shape = [4, units];
  const { weights } = groupOf(model);
  const others = weights.filter(({ name }) => !name.startsWith('classes/'));
  const bytes = others.reduce((sum, { shape }) => sum + 4 * (shape as number[]).reduce((a, b) => a * b), 0);
  const shards = Array.from({ length: SHARDS }, (_, index) => `zeros${index}.bin`);
  model.files = new Map([['weights.bin', new Uint8Array(bytes)]]);
  model.json.weightsManifest = [
    { paths: ['weights.bin'], weights: others },
    { paths: shards, weights: weights.filter(({ name }) => name === 'classes/kernel') },
  ];
  const path = writeBuilt(folder, model);
  for (const shard of shards) {
    writeFileSync(join(folder, shard), '');
    truncateSync(join(folder, shard), SHARD_BYTES);
  }
  return path;
}

const hiddenIn = (folder: string) => readdirSync(folder).filter((name) => name.startsWith('.'));

/** Waits until a run has begun to write: its hidden folder holds something. */
async function untilItWrites(folder: string): Promise<void> {
  for (let tries = 0; tries < 20_000; tries++) {
    const [hidden] = hiddenIn(folder);
    if (hidden !== undefined && readdirSync(join(folder, hidden)).length > 2) return;
    await wait(1);
  }
  throw new Error('the run wrote nothing');
}

const INTERRUPTED = 'se-retrofit: interrupted; nothing written\n';

/** What --json promises of every failure. */
const expectReport = (stdout: string, command: string) =>
  expect(JSON.parse(stdout)).toEqual({
    version: 1,
    command,
    error: {
      code: 'interrupted',
      message: 'interrupted; nothing written',
      where: { file: null, layer: null, field: null },
      hint: null,
    },
  });

describe('interrupted while it writes', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('%s leaves nothing and exits with %i', async (signal, code) => {
    const folder = newFolder();
    const model = largeModel(join(folder, 'large'));
    const { child, result } = startRun([model, '-o', join(folder, 'out'), ...(signal === 'SIGINT' ? ['--json'] : [])]);
    await untilItWrites(folder);
    child.kill(signal);
    const { stdout, ...ended } = await result;
    expect(ended).toMatchObject({ code, stderr: INTERRUPTED });
    if (signal === 'SIGINT') expectReport(stdout, 'add');
    else expect(stdout).toBe('');
    expect(readdirSync(folder)).toEqual(['large']);
  });

  test('the old output stays when --force is interrupted', async () => {
    const folder = newFolder();
    const old = copyFixture('vgg', folder);
    const before = bytesIn(old);
    const model = largeModel(join(folder, 'large'));
    const { child, result } = startRun([model, '-o', old, '--force']);
    await untilItWrites(folder);
    child.kill('SIGINT');
    expect((await result).code).toBe(130);
    expect(bytesIn(old)).toEqual(before);
    expect(readdirSync(folder).sort()).toEqual(['large', 'vgg']);
  });

  test('what SIGKILL leaves is cleared by the next run', async () => {
    const folder = newFolder();
    const model = largeModel(join(folder, 'large'));
    const { child, result } = startRun([model, '-o', join(folder, 'out')]);
    await untilItWrites(folder);
    child.kill('SIGKILL');
    await result;
    expect(existsSync(join(folder, 'out'))).toBe(false);
    expect(hiddenIn(folder)).toHaveLength(1);
    const small = copyFixture('vgg', folder);
    expect((await run([small, '-o', join(folder, 'out')])).code).toBe(0);
    expect(readdirSync(folder).sort()).toEqual(['large', 'out', 'vgg']);
  });

  test('at any moment: the output is there whole, or not at all', async () => {
    const folder = newFolder();
    const model = copyFixture('resnet-v1', folder);
    expect((await run([model, '-o', join(folder, 'whole')])).code).toBe(0);
    const whole = bytesIn(join(folder, 'whole'));
    for (let moment = 0; moment < 16; moment++) {
      const output = join(folder, `out${moment}`);
      const { child, result } = startRun([model, '-o', output]);
      await wait(40 + moment * 15);
      child.kill(moment % 2 === 0 ? 'SIGINT' : 'SIGTERM');
      const { code } = await result;
      // null: the signal came before the program was loaded.
      expect([0, 130, 143, null]).toContain(code);
      if (existsSync(output)) expect(bytesIn(output)).toEqual(whole);
      else expect(code).not.toBe(0);
      expect(hiddenIn(folder)).toEqual([]);
    }
  });
});

describe('interrupted while it computes', () => {
  // One batch that takes minutes, in which nothing of JavaScript has its turn.
  const endless = ['--backend', 'cpu', '--samples', '100000', '--batch', '100000'];
  const model = modelFolder('resnet-v1');

  test('a signal ends it long before it is done, and nothing of the result is shown', async () => {
    const runs = (['SIGINT', 'SIGTERM'] as const).map((signal) => ({
      signal,
      ...startRun(['verify', model, model, ...endless, ...(signal === 'SIGINT' ? ['--json'] : [])]),
    }));
    await wait(3000);
    const sent = performance.now();
    for (const { child, signal } of runs) child.kill(signal);
    const [interrupted, ended] = await Promise.all(runs.map(({ result }) => result));
    expect(interrupted).toMatchObject({ code: 130, stderr: INTERRUPTED });
    expectReport(interrupted!.stdout, 'verify');
    expect(ended).toMatchObject({ code: 143, stdout: '', stderr: INTERRUPTED });
    // About half a second where nothing else runs.
    expect(performance.now() - sent).toBeLessThan(6000);
  });

  test('killed at once by a second signal: what was begun goes, and the folder that was made for it', async () => {
    const folder = newFolder();
    await writeDigits(join(folder, 'digits'), [1, 4], 2);
    const report = join(folder, 'new', 'report');
    const words = ['excite', modelFolder('efficientnet-like'), join(folder, 'digits'), '-o', report];
    const { child, result } = startRun([...words, '--backend', 'cpu']);
    while (!existsSync(join(folder, 'new')) || hiddenIn(join(folder, 'new')).length === 0) await wait(5);
    child.kill('SIGINT');
    child.kill('SIGINT');
    expect(await result).toMatchObject({ code: 130, stdout: '', stderr: INTERRUPTED });
    expect(readdirSync(folder)).toEqual(['digits']);
  });

  test.skipIf(process.platform !== 'linux')('a computation that somebody else ends is no success', async () => {
    const { child, result } = startRun(['verify', model, model, ...endless]);
    await wait(2000);
    const children = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8');
    process.kill(Number(children.trim()), 'SIGKILL');
    expect(await result).toMatchObject({ code: null, stdout: '' });
    expect(child.signalCode).toBe('SIGKILL');
  });
});

const ROUNDS = isAll ? 6 : 2;

describe('two runs on one output at once', () => {
  test('one wins, the other is refused, the output is whole', async () => {
    const folder = newFolder();
    const model = copyFixture('resnet-v1', folder);
    expect((await run([model, '-o', join(folder, 'alone')])).code).toBe(0);
    const alone = bytesIn(join(folder, 'alone'));
    for (let round = 0; round < ROUNDS; round++) {
      const output = join(folder, `out${round}`);
      const results = await Promise.all([run([model, '-o', output]), run([model, '-o', output])]);
      expect(results.map(({ code }) => code).sort()).toEqual([0, 2]);
      expectFailure(results.find(({ code }) => code === 2)!, 2, 'exists');
      expect(bytesIn(output)).toEqual(alone);
      expect(hiddenIn(folder)).toEqual([]);
    }
  });

  test('with --force: each wins or is told, the output is whole', async () => {
    const folder = newFolder();
    const model = copyFixture('resnet-v1', folder);
    const output = join(folder, 'out');
    expect((await run([model, '-o', output])).code).toBe(0);
    const whole = bytesIn(output);
    for (let round = 0; round < ROUNDS; round++) {
      const results = await Promise.all([1, 2, 3].map(() => run([model, '-o', output, '--force'])));
      expect(results.map(({ code }) => code)).toContain(0);
      for (const result of results) if (result.code !== 0) expectFailure(result, 2, 'out');
      expect(bytesIn(output)).toEqual(whole);
      expect(hiddenIn(folder)).toEqual([]);
    }
  });
});

describe('a place that cannot be written', () => {
  // Root may write everywhere: the run is somebody else's then.
  test('a read-only folder: 5', async () => {
    const folder = newFolder();
    const model = copyFixture('resnet-v1', newFolder());
    for (const path of [dirname(folder), dirname(model), model]) chmodSync(path, 0o755);
    chmodSync(folder, 0o555);
    const anyone = process.getuid?.() === 0 ? { uid: 65534 } : {};
    expectFailure(await run([model, '-o', join(folder, 'out')], anyone), 5, 'out', 'denied');
    chmodSync(folder, 0o755);
    expect(readdirSync(folder)).toEqual([]);
  });

  test.skipIf(process.platform !== 'linux')('a file system without files of ours: 5', async () => {
    const model = copyFixture('resnet-v1', newFolder());
    expectFailure(await run([model, '-o', '/proc/se-retrofit/out']), 5, '/proc/se-retrofit/out');
  });

  test('a file where a folder on the way should be: 5', async () => {
    const folder = newFolder();
    const model = copyFixture('resnet-v1', folder);
    expectFailure(await run([model, '-o', join(model, 'model.json', 'out')]), 5, 'out', 'not a folder');
    expect(namesIn(folder).filter((name) => name.includes('out'))).toEqual([]);
  });

  test('a name that is too long: 5', async () => {
    const folder = newFolder();
    const model = copyFixture('resnet-v1', folder);
    expectFailure(await run([model, '-o', join(folder, 'x'.repeat(256))]), 5, 'too long', 'a shorter name with -o');
    // A file too, while it is built.
    const file = ['convert', model, '-o', join(folder, `${'x'.repeat(250)}.keras`)];
    expectFailure(await run(file), 5, 'too long', 'nothing was left behind');
    expectFailure(await run(['inspect', `${'x'.repeat(300)}.h5`]), 4, 'no such file', 'too long for a file');
    expect(readdirSync(folder)).toEqual(['resnet-v1']);
  });

  test('folders made on the way go again when the run fails', async () => {
    const folder = newFolder();
    const model = copyFixture('resnet-v1', folder);
    mkdirSync(join(folder, 'there'));
    expectFailure(await run([model, '-o', join(folder, 'there', 'new', 'x'.repeat(256))]), 5, 'too long');
    expect(namesIn(join(folder, 'there'))).toEqual([]);
  });
});
