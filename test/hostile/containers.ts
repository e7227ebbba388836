import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WrittenContainer } from '../../src/containers.js';
import { readModel, writeModel } from '../../src/index.js';
import type { Dialect } from '../../src/model/model.js';
import { membersOf } from '../fuzz/zip-records.mjs';
import { modelFolder } from '../support/fixtures.js';
import { editCopy, readFileWith } from '../support/hdf5-files.js';
import { type BuiltMember, buildZip } from '../support/zip-builder.js';

/** A way to say one model in files: whoever is hostile can use any of them. */
export interface Writing {
  readonly container: WrittenContainer;
  readonly dialect: Dialect;
}

export const WRITINGS: readonly Writing[] = [
  { container: 'tfjs', dialect: 'keras2' },
  ...(['keras-h5', 'keras-zip', 'keras-json'] as const).flatMap((container) =>
    (['keras2', 'keras3'] as const).map((dialect) => ({ container, dialect })),
  ),
];

/** The file to name on the command line. */
const MODEL_FILES: Readonly<Record<WrittenContainer, string>> = {
  tfjs: 'model.json',
  'keras-h5': 'net.h5',
  'keras-zip': 'net.keras',
  'keras-json': 'net.json',
};
export const modelFileOf = ({ container }: Writing): string => MODEL_FILES[container];

/** Where the weights lie. */
export const weightsFileOf = ({ container }: Writing): string =>
  ({ tfjs: 'group1-shard1of2.bin', 'keras-h5': 'net.h5', 'keras-zip': 'net.keras', 'keras-json': 'net.weights.h5' })[
    container
  ];

/** A small residual network with a dropout, as the writing says it, in a folder that is made for it. */
export async function writeWhole(folder: string, { container, dialect }: Writing): Promise<void> {
  if (container === 'tfjs') {
    const filter = (path: string) => !path.endsWith('expected.json');
    return cpSync(modelFolder('resnet-dropout'), folder, { recursive: true, filter });
  }
  mkdirSync(folder, { recursive: true });
  const model = await readModel(modelFolder('resnet-dropout'));
  await writeModel(model, join(folder, MODEL_FILES[container]), { to: container, dialect });
}

/** Changes the JSON of the model's architecture, as a text. */
export async function editText(folder: string, writing: Writing, edit: (text: string) => string): Promise<void> {
  const path = join(folder, modelFileOf(writing));
  switch (writing.container) {
    case 'keras-h5': {
      const text = await readFileWith(path, (file) => file.readText('/', 'model_config')!);
      const changed = await editCopy(path, join(folder, '..'), 'changed.h5', async (editor) =>
        editor.writeText('/', 'model_config', edit(text)),
      );
      writeFileSync(path, readFileSync(changed));
      return;
    }
    case 'keras-zip':
      return editMembers(path, (member) =>
        member.name === 'config.json' ? { ...member, data: edit(String(member.data)) } : member,
      );
    default:
      writeFileSync(path, edit(readFileSync(path, 'utf8')));
  }
}

/** Changes the weights: those of an archive too. */
export function editWeights(folder: string, writing: Writing, edit: (bytes: Buffer) => Uint8Array): void {
  const path = join(folder, weightsFileOf(writing));
  if (writing.container !== 'keras-zip') writeFileSync(path, edit(readFileSync(path)));
  else
    editMembers(path, (member) =>
      member.name === 'model.weights.h5' ? { ...member, data: edit(member.data as Buffer) } : member,
    );
}

/** Makes an archive anew, with other members. */
export function editMembers(path: string, change: (member: BuiltMember) => BuiltMember): void {
  const members = membersOf(readFileSync(path)) as [string, Buffer][];
  writeFileSync(path, buildZip(members.map(([name, data]) => change({ name, data }))));
}
