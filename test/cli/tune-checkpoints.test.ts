import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { bytesIn, expectFailure, makeFolders, namesIn, startRun } from '../support/cli.js';
import { runHere as run } from '../support/cli-here.js';
import { makeTunePlace, type TunePlace } from './tune-place.js';

const newFolder = makeFolders();

let place: TunePlace;
beforeAll(async () => {
  place = await makeTunePlace();
});

/** Starts a run and kills it when it has left its first checkpoint. */
async function killAfterFirstEpoch(words: readonly string[], checkpoint: string): Promise<void> {
  const { child, result } = startRun(words);
  while (!existsSync(checkpoint) && child.exitCode === null) await setTimeout(5);
  child.kill('SIGKILL');
  expect((await result).code).toBeNull();
}

describe('checkpoints', () => {
  test('a run that was killed comes to the very bytes of one that was not', async () => {
    const folder = newFolder();
    const [killed, whole, checkpoints] = ['killed', 'whole', 'checkpoints'].map((name) => join(folder, name));
    const options = ['--backend', 'cpu', '--train', 'all', '--epochs', '3', '--batch', '7', '--flip', '--shift', '2'];
    const words = ['tune', place.model('resnet-dropout'), place.images, ...options];
    await killAfterFirstEpoch(
      [...words, '-o', killed!, '--checkpoints', checkpoints!],
      join(checkpoints!, 'tune.checkpoint'),
    );
    expect(existsSync(killed!)).toBe(false);
    const resumed = await run([...words, '-o', killed!, '--checkpoints', checkpoints!, '--resume']);
    expect(resumed).toMatchObject({ code: 0, stderr: expect.stringMatching(/^goes on behind epoch [12] of 3\n/) });
    expect((await run([...words, '-o', whole!])).code).toBe(0);
    expect(bytesIn(killed!)).toEqual(bytesIn(whole!));
    expect(namesIn(checkpoints!)).toEqual(['tune.checkpoint']);

    // What is done is not done again.
    const again = await run([...words, '-o', join(folder, 'again'), '--checkpoints', checkpoints!, '--resume']);
    expect(again.stderr).not.toMatch(/^epoch/m);
    expect(bytesIn(join(folder, 'again'))).toEqual(bytesIn(whole!));
  });

  test('a loss that is no number ends the run; the checkpoint before it stays, and a lower learning rate goes on from it', async () => {
    const folder = newFolder();
    const [output, checkpoints] = [join(folder, 'tuned'), join(folder, 'checkpoints')];
    const words = ['--epochs', '3', '--train', 'all', '--checkpoints', checkpoints, '--quiet'];
    const tune = (...own: readonly string[]) => place.tune('resnet-dropout', output, ...words, ...own);
    // In the first epoch there is nothing to go on from.
    const first = await tune('--learning-rate', '1e30');
    expectFailure(
      first,
      3,
      /the loss of the training is no number any more, in epoch 1, step \d/,
      'lower --learning-rate',
    );
    expect(first.stderr).not.toContain('--resume');
    expect(namesIn(folder)).toEqual([]);

    await killAfterFirstEpoch(
      ['tune', place.model('resnet-dropout'), place.images, '-o', output, '--backend', 'cpu', '--batch', '8', ...words],
      join(checkpoints, 'tune.checkpoint'),
    );
    const before = bytesIn(checkpoints);
    // Another learning rate comes to another result: only if it is meant.
    const meant = ['--resume', '--learning-rate', '1e30'];
    expectFailure(await tune(...meant), 2, '--learning-rate was 0.001 and is 1e+30 now', '--force');
    expectFailure(
      await tune(...meant, '--force'),
      3,
      /no number any more, in epoch [23], step \d/,
      /--resume --force .* lower --learning-rate .* checkpoint of epoch [12]/,
    );
    expect(existsSync(output)).toBe(false);
    expect(bytesIn(checkpoints)).toEqual(before);
    const lower = await place.tune(
      'resnet-dropout',
      output,
      ...words.slice(0, -1),
      '--resume',
      '--force',
      '--learning-rate',
      '1e-4',
    );
    expect(lower).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^warning: --learning-rate was 0\.001 and is 0\.0001 now/m),
    });
  });

  test('without checkpoints nobody is told to go on from one', async () => {
    const result = await place.tune(
      'resnet-dropout',
      join(newFolder(), 'tuned'),
      '--learning-rate',
      '1e30',
      '--quiet',
      '--train',
      'all',
    );
    expectFailure(result, 3, 'lower --learning-rate');
    expect(result.stderr).not.toContain('--resume');
  });

  test('--resume where nothing is says so, and starts anew', async () => {
    const folder = newFolder();
    const checkpoints = join(folder, 'mistyped');
    const words = ['--checkpoints', checkpoints, '--resume'];
    const { code, stderr } = await place.tune('resnet-dropout', join(folder, 'tuned'), ...words);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^warning: .*mistyped holds no checkpoint to go on from: the training starts anew$/m);
    // What only says when the training ends may be another one.
    const again = await place.tune('resnet-dropout', join(folder, 'again'), ...words, '--patience', '1');
    expect(again).toMatchObject({ code: 0, stderr: expect.stringMatching(/^all 2 epochs are done\n/) });
  });

  test.each(['SIGINT', 'SIGTERM'] as const)('%s tells how to go on, if there is a checkpoint', async (signal) => {
    const folder = newFolder();
    const checkpoints = join(folder, 'checkpoints');
    const words = ['tune', place.model('resnet-dropout'), place.images, '-o', join(folder, 'tuned'), '--epochs', '500'];
    const { child, result } = startRun([...words, '--backend', 'cpu', '--checkpoints', checkpoints]);
    while (!existsSync(join(checkpoints, 'tune.checkpoint')) && child.exitCode === null) await setTimeout(5);
    // The file is there a moment before the run knows.
    await setTimeout(300);
    child.kill(signal);
    const { code, stderr } = await result;
    expect(code).toBe(signal === 'SIGINT' ? 130 : 143);
    expect(stderr).toMatch(
      /\nse-retrofit: interrupted; the checkpoint of epoch \d+ of 500 stays: [^\n]*--resume[^\n]*\n$/,
    );
    expect(namesIn(folder)).toEqual(['checkpoints/', 'checkpoints/tune.checkpoint']);
  });

  test('get a folder of their own', async () => {
    const folder = newFolder();
    const output = join(folder, 'tuned');
    const at = (path: string, ...words: readonly string[]) =>
      place.tune('resnet-dropout', output, '--checkpoints', path, '--quiet', ...words);
    const model = place.model('resnet-dropout');
    const before = bytesIn(model);
    for (const words of [[], ['--force'], ['--resume']])
      expectFailure(await at(model, ...words), 2, 'resnet-dropout', /holds "[^"]+", which is none/);
    expect(bytesIn(model)).toEqual(before);
    expectFailure(await at(join(model, 'model.json')), 2, 'model.json', 'a file stands where the folder');
    mkdirSync(join(folder, 'own'));
    writeFileSync(join(folder, 'own', '.gitignore'), '*');
    expect((await at(join(folder, 'own'))).code).toBe(0);
    expect(namesIn(join(folder, 'own'))).toEqual(['.gitignore', 'tune.checkpoint']);
  });

  test('those of other runs, and what is none, are refused', async () => {
    const folder = newFolder();
    const checkpoints = join(folder, 'checkpoints');
    const output = join(folder, 'tuned');
    expect((await place.tune('resnet-dropout', output, '--checkpoints', checkpoints, '--quiet')).code).toBe(0);
    const again = (name: string, ...words: readonly string[]) =>
      place.tune(name, join(folder, 'other'), '--checkpoints', checkpoints, '--quiet', ...words);
    expectFailure(await again('resnet-dropout'), 2, 'an earlier run left a checkpoint', '--resume');
    expectFailure(await again('resnet-dropout', '--resume', '--seed', '2'), 2, '--seed was 1 and is 2 now');
    expectFailure(
      await again('resnet-dropout', '--resume', '--validation', '0.5'),
      2,
      'images of the training are others',
    );
    expectFailure(await again('resnet-dropout', '--resume', '--epochs', '3'), 2, '--epochs was 2 and is 3 now');
    expectFailure(await again('resnet-dropout', '--resume', '--flip'), 2, '--flip was false and is true now');
    expectFailure(await again('quantized-uint8', '--resume'), 2, 'the model is another one');
    const path = join(checkpoints, 'tune.checkpoint');
    const bytes = readFileSync(path);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(path, bytes);
    expectFailure(await again('resnet-dropout', '--resume'), 2, 'tune.checkpoint', 'damaged');
    writeFileSync(path, 'something else');
    expectFailure(await again('resnet-dropout', '--resume'), 2, 'tune.checkpoint', 'is none of tune');
    expect((await again('resnet-dropout', '--force')).code).toBe(0);
  });

  test('--resume without a place for checkpoints, or with them in the new model, is refused', async () => {
    const output = join(newFolder(), 'tuned');
    expectFailure(await place.tune('resnet-dropout', output, '--resume'), 2, '--checkpoints');
    expectFailure(
      await place.tune('resnet-dropout', output, '--checkpoints', join(output, 'c')),
      2,
      'folder of the new model',
    );
  });
});
