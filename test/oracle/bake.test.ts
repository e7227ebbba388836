import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  bake,
  type Model,
  planBake,
  RetrofitError,
  type RetrofitOptions,
  retrofit,
  writeModel,
} from '../../src/index.js';
import { withConstantGates } from '../support/constant-gates.js';
import { isAll } from '../support/is-all.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { isTurnOf } from '../support/turns.js';
import { describeOracle, listCatalogue } from './oracle.js';
import { loadsItsOwn, readSaved, savedAs } from './saved-models.js';

// Real Keras computes the same with constant gates folded away as with modules whose gates are those constants.

const folder = temporaryFolder();

const OPTIONS: readonly Partial<RetrofitOptions>[] = [
  {},
  { placement: 'pre' },
  { placement: 'post', form: 'conv' },
  { placement: 'identity' },
  { granularity: 'conv' },
];

/** The places that a model of the catalogue names itself. */
function sitesIn({ graph }: Model): Partial<RetrofitOptions> {
  const at = graph.layers.map(({ name }) => name).filter((name) => name.startsWith('site_'));
  return at.length === 0 ? {} : { at, placement: 'standard', granularity: 'block' };
}

function refused(error: unknown): undefined {
  if (error instanceof RetrofitError) return undefined;
  throw error;
}

/** What is tried by default; all with SE_RETROFIT_TEST_ALL. */
const CHOSEN =
  /^(residual_shortcut_first|bottleneck|preactivation|inception|dense_block|mobilenet_v.|vgg|separable|nested|sequential_input|shared|siamese|conv.d|unet|prelu|factors|.*float16)/;

/** Half precision rounds every step. */
const toleranceOf = (name: string): number => (name.includes('float16') ? 2e-2 : 1e-5);

for (const kind of ['keras2', 'keras3'] as const) {
  describeOracle(kind, 'baked', (keras) => {
    const baked = new Set<string>();
    const models = listCatalogue(kind).filter(
      ({ name }, index) => isAll || (CHOSEN.test(name) && isTurnOf(kind, index, name.startsWith('factors') ? 2 : 14)),
    );
    describe.each(models)('$name', ({ name, custom }) => {
      const more = /inception|nested|conv.d|residual/.test(name) ? 2 : 1;
      test.each(name.startsWith('factors') ? [{}] : isAll ? OPTIONS : OPTIONS.slice(0, more))('%o', async (options) => {
        const place = join(folder, `${kind}-${name}`);
        const ending =
          'placement' in options && options.placement === 'pre' && loadsItsOwn(kind, `${name}.h5`) ? '.h5' : '.keras';
        await keras.make(name, place, [ending]);
        const after = await readSaved(savedAs(place, name, ending))
          .then((before) => retrofit(before, { ratio: 4, ...options, ...sitesIn(before), bias: true }))
          .catch(refused);
        if (after === undefined) return;
        const { model, gates } = withConstantGates(after);
        const [constant, folded] = [`${place}/constant${ending}`, `${place}/baked${ending}`];
        await writeModel(model, constant, { force: true });
        await writeModel(bake(await readSaved(constant), gates), folded, { force: true });
        // Each of these has weights that can take the factors.
        if (name.startsWith('factors')) {
          const road = name === 'factors_back' ? 'upstream' : 'downstream';
          const others = planBake(model).modules.filter((module) => module.road !== road);
          expect(others.map((module) => module.features[0]!.layer)).toEqual([]);
        }
        const { outputs } = await keras.compare(constant, folded, { modes: ['eager'], custom });
        expect(outputs.length).toBeGreaterThan(0);
        for (const { eager, largest, finite, varied } of outputs) {
          expect({ finite, varied }).toEqual({ finite: true, varied: true });
          expect(eager).toBeLessThanOrEqual(toleranceOf(name) * largest!);
        }
        baked.add(name);
      });
    });

    test('most models were baked', () => expect(baked.size).toBeGreaterThan(models.length / 2));
  });
}
