import { describe, expect, test } from 'vitest';
import { RetrofitError } from '../../src/index.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { describeOracle, listCatalogue } from './oracle.js';
import { CONTAINERS, expectExact, type KerasContainer, readSaved, retrofitSaved, savedAs } from './saved-models.js';

// Every block kind and trap of the catalogue, in both Kerases, in every container: real Keras loads what we write and
// computes the same numbers, difference 0.

const isAll = process.env.SE_RETROFIT_TEST_ALL === '1';

/** What Keras itself saves and cannot load again. */
const UNLOADABLE: Readonly<Record<string, readonly string[]>> = {
  keras2: [],
  keras3: [
    'operations.h5',
    'operations.legacy.h5',
    'mobilenet_v3.h5',
    'bfloat16_weights.h5',
    'bfloat16_weights.legacy.h5',
  ],
};

/** What is refused, and as what. */
const REFUSED: Readonly<Record<string, string>> = {
  se_already: 'already-retrofitted',
  efficientnet: 'already-retrofitted',
  time_distributed_model: 'nothing-found',
  // In a legacy file of Keras 2 nothing tells what an Add's operands are.
  'keras2 custom_layers.h5': 'nothing-chosen',
  'keras2 custom_two_outputs.h5': 'nothing-chosen',
  'layer_in_two_models.keras': 'unmappable-weights',
  'layer_in_two_models.weights.h5': 'unmappable-weights',
};

/** The tests of one Keras. */
export function testRetrofits(kind: 'keras2' | 'keras3'): void {
  const folder = temporaryFolder();
  describeOracle(kind, 'a retrofit computes what the model did', (keras) => {
    const models = listCatalogue(kind);
    test('the catalogue is there', () => expect(models.length).toBeGreaterThan(40));
    describe.each(models)('$name', ({ name, custom }) => {
      const place = `${folder}/${kind}-${name}`;
      const containers = CONTAINERS.filter(
        (container, index) => !UNLOADABLE[kind]!.includes(name + container) && (isAll || index < 2 || isTrap(name)),
      );
      test.each(containers)('%s', async (container) => {
        await keras.make(
          name,
          place,
          container.endsWith('.h5') && container !== '.h5' ? ['.json', container] : [container],
        );
        const before = savedAs(place, name, container);
        const refused = REFUSED[`${kind} ${name}${container}`] ?? REFUSED[name + container] ?? REFUSED[name];
        const written = retrofitSaved(before, `${place}/after${container === '.legacy.h5' ? '-legacy' : ''}`);
        if (refused !== undefined) {
          const error = await written.catch((thrown: unknown) => thrown);
          expect(error).toBeInstanceOf(RetrofitError);
          expect(error).toMatchObject({ code: refused });
          return;
        }
        await expectExact(keras, before, await written, { custom, modes: isAll ? ['eager', 'predict'] : ['eager'] });
      });
    });
  });

  describeOracle(kind, 'the modules learn, and Keras saves them again', (keras) => {
    const CONTAINER: KerasContainer = '.keras';
    test.each(['residual_shortcut_first', 'mobilenet_v2', 'vgg', 'root_frozen', 'compiled_branch_output'])(
      '%s',
      async (name) => {
        const place = `${folder}/${kind}-${name}-fit`;
        await keras.make(name, place, [CONTAINER]);
        const after = (await retrofitSaved(savedAs(place, name, CONTAINER), `${place}/after`)) as string;
        const isCompiled = name.startsWith('compiled');
        const fitted = await keras.fit(after, { useCompiled: isCompiled });
        expect(fitted.finite).toBe(true);
        const expands = fitted.trainable.filter((variable) => /^se_.*_expand\/kernel/.test(variable));
        expect(expands.length).toBeGreaterThan(0);
        expect(expands.filter((variable) => !fitted.changed.includes(variable))).toEqual([]);
        const again = `${place}/again.keras`;
        await keras.saveAgain(after, [again]);
        const read = await readSaved(again);
        expect(read.graph.layers.map((layer) => layer.name).sort()).toEqual(
          (await readSaved(after)).graph.layers.map((layer) => layer.name).sort(),
        );
      },
    );
  });
}

/** Where layers change places, lists are cut, or models hold models: the paths and lists are tried in every container. */
function isTrap(name: string): boolean {
  return /shortcut_first|nested|sequential_input$|frozen|long_names|compiled_with_state|shared|odd_names/.test(name);
}
