import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { planRetrofit, type RetrofitOptions } from '../../src/index.js';
import { isAll } from '../support/is-all.js';
import { randomIndex } from '../support/pairwise.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { isTurnOf, SEED } from '../support/turns.js';
import { describeOracle } from './oracle.js';
import { CONTAINERS, expectExact, filesOf, readSaved, retrofitSaved, savedAs } from './saved-models.js';

// Networks of keras.applications at their real size, with random weights and statistics, in every container.

interface Network {
  readonly name: string;
  /** Sites and added parameters at r = 16, as docs/PAPER.md has them. */
  readonly sites: number;
  readonly params: number;
  readonly options?: Partial<RetrofitOptions>;
  /** Options with which every chosen block holds a module already. */
  readonly refused?: Partial<RetrofitOptions>;
}

const NETWORKS: readonly Network[] = [
  { name: 'MobileNetV2', sites: 17, params: 28_544 },
  { name: 'DenseNet121', sites: 4, params: 303_104 },
  { name: 'ResNet50', sites: 16, params: 2_514_944 },
  { name: 'VGG16', sites: 13, params: 226_304 },
  { name: 'MobileNet', sites: 13, params: 479_744 },
  { name: 'InceptionV3', sites: 11, params: 1_650_944 },
  // All blocks of the one and most of the others' have SE modules of their own.
  {
    name: 'EfficientNetB0',
    sites: 3,
    params: 205_024,
    options: { at: ['stem_activation', 'block2b_add', 'top_activation'] },
    refused: {},
  },
  { name: 'MobileNetV3Small', sites: 2, params: 192, refused: { stages: ['last'] } },
  { name: 'MobileNetV3Large', sites: 7, params: 3_456, refused: { stages: ['last'] } },
];

const KINDS = ['keras2', 'keras3'] as const;
const folder = temporaryFolder();

/** Soon built and loaded. */
const SMALL: readonly string[] = ['MobileNetV2', 'MobileNet', 'EfficientNetB0', 'MobileNetV3Small', 'MobileNetV3Large'];

/** All of them in test:all, else a small one in one Keras, from the seed. */
function chosenFor(kind: (typeof KINDS)[number]) {
  const rows = NETWORKS.flatMap((network) => CONTAINERS.map((container) => ({ ...network, container }))).filter(
    // Keras 3 itself cannot load the .h5 file it saves of a model with operations.
    ({ name, container }) => !(kind === 'keras3' && name.startsWith('MobileNetV3') && container === '.h5'),
  );
  if (isAll) return rows;
  const random = randomIndex(SEED + KINDS.indexOf(kind));
  const small = rows.filter(({ name }) => SMALL.includes(name));
  return [small[random(small.length)]!];
}

for (const kind of KINDS.filter((each) => isTurnOf(each, 0))) {
  describeOracle(kind, `networks of real size, seed ${SEED}`, (keras) => {
    test.each(chosenFor(kind))(
      '$name $container',
      { timeout: 900_000 },
      async ({ name, sites, params, options, refused, container }) => {
        const place = join(folder, kind);
        await keras.make(`applications/${name}`, place, filesOf(container));
        const before = savedAs(place, name, container);
        const model = await readSaved(before);
        const plan = planRetrofit(model, options);
        expect([plan.sites.length, plan.params.added]).toEqual([sites, params]);
        if (refused !== undefined) {
          expect(() => planRetrofit(model, refused)).toThrow(expect.objectContaining({ code: 'already-retrofitted' }));
        }
        const after = await retrofitSaved(before, join(place, 'after'), options);
        await expectExact(keras, before, after, { modes: isAll ? ['eager', 'predict'] : ['eager'] });
        rmSync(place, { recursive: true });
      },
    );
  });
}
