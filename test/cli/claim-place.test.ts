import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkClaim } from '../../src/cli/claim-place.js';
import { readModel } from '../../src/index.js';
import type { Model } from '../../src/model/model.js';
import { fixturePath } from '../support/checkpoint-files.js';
import { temporaryFolder } from '../support/temporary-folder.js';

// Reports are put over nothing that was read, and into no folder that is a whole.

const folder = temporaryFolder();

const claim = (model: Model, ...path: readonly string[]) =>
  checkClaim({ path: join(folder, ...path), flag: 'html', would: 'the page would' }, model, undefined);

test('a SavedModel folder', async () => {
  cpSync(fixturePath('tf-2.13'), join(folder, 'net'), { recursive: true });
  const model = await readModel(join(folder, 'net'));
  for (const path of ['saved_model.pb', 'fingerprint.pb', 'new.html', 'variables/new.html'])
    await expect(claim(model, 'net', path), path).rejects.toMatchObject({ code: 'output-is-input' });
  await claim(model, 'net.html');
});

test('a checkpoint, and the text that named it', async () => {
  cpSync(fixturePath('checkpoint'), join(folder, 'kept'), { recursive: true });
  cpSync(fixturePath('model.json'), join(folder, 'net.json'));
  writeFileSync(join(folder, 'kept', 'checkpoint'), 'model_checkpoint_path: "net"\n');
  const model = await readModel(join(folder, 'net.json'), { weights: join(folder, 'kept') });
  for (const path of ['net.json', 'kept/net.index', 'kept/checkpoint'])
    await expect(claim(model, path), path).rejects.toMatchObject({ code: 'output-is-input' });
  await claim(model, 'kept/page.html');
});
