import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { listLoaders } from '../../src/formats/verdict/loaders.js';
import { RetrofitError } from '../../src/index.js';
import { isAll } from '../support/is-all.js';
import { randomIndex } from '../support/pairwise.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { isTurnOf, SEED } from '../support/turns.js';
import { describeOracle, listCatalogue } from './oracle.js';
import { CONTAINERS, expectExact, filesOf, loadsItsOwn, readSaved, retrofitSaved, savedAs } from './saved-models.js';

// Every block kind and trap of the catalogue, in both Kerases, in every container: real Keras loads what we write and
// computes the same numbers, difference 0.

/** What is refused, and as what. */
const REFUSED: Readonly<Record<string, string>> = {
  se_already: 'already-retrofitted',
  efficientnet: 'already-retrofitted',
  // In a legacy file of Keras 2 nothing tells what an Add's operands are.
  'keras2 custom_layers.h5': 'nothing-chosen',
  'keras2 custom_two_outputs.h5': 'nothing-chosen',
  'layer_in_two_models.keras': 'unmappable-weights',
  'layer_in_two_models.weights.h5': 'unmappable-weights',
};

/** Compiled with losses by output name. */
const COMPILED: readonly string[] = ['compiled_by_name', 'compiled_branch_output'];

/** The tests of one Keras. */
export function testRetrofits(kind: 'keras2' | 'keras3'): void {
  const folder = temporaryFolder();
  describeOracle(kind, 'a retrofit computes what the model did', (keras) => {
    const models = listCatalogue(kind);
    test('the catalogue is there', () => expect(models.length).toBeGreaterThan(40));
    const ranked = models.map((model, rank) => ({ ...model, rank }));
    // What both have, each has by turns, the traps more often.
    const ofBoth = models.filter(({ kinds }) => kinds.length === 2);
    const chosen = ranked.filter(({ rank }) => {
      const turn = ofBoth.indexOf(models[rank]!);
      return turn < 0 || isTurnOf(kind, turn, isTrap(models[rank]!.name) ? 16 : 28);
    });
    describe.each(chosen)('$name', ({ name, custom, rank }) => {
      const place = `${folder}/${kind}-${name}`;
      // Traps in .keras and in one more, the others in one; another seed changes in which.
      const possible = CONTAINERS.filter((container) => loadsItsOwn(kind, name + container));
      const random = randomIndex(SEED + rank);
      const first = isTrap(name) ? 0 : random(possible.length);
      const more = isTrap(name) ? 1 + random(possible.length - 1) : first;
      const containers = possible.filter((_, index) => isAll || index === first || index === more);
      // Built once for all of them.
      let making: Promise<unknown> | undefined;
      const make = () => (making ??= keras.make(name, place, [...new Set(containers.flatMap(filesOf))]));
      test.each(containers)('%s', async (container) => {
        await make();
        const before = savedAs(place, name, container);
        const refused = REFUSED[`${kind} ${name}${container}`] ?? REFUSED[name + container] ?? REFUSED[name];
        const written = retrofitSaved(before, `${place}/after${container === '.legacy.h5' ? '-legacy' : ''}`);
        if (refused !== undefined) {
          const error = await written.catch((thrown: unknown) => thrown);
          expect(error).toBeInstanceOf(RetrofitError);
          expect(error).toMatchObject({ code: refused });
          return;
        }
        if (container === '.keras' && !custom) {
          const { graph } = await readSaved(before);
          expect(listLoaders(graph, 'keras-zip').find(({ loader }) => loader === kind)).toMatchObject({ ok: true });
        }
        await expectExact(keras, before, await written, { custom, modes: isAll ? ['eager', 'predict'] : ['eager'] });
      });
    });
  });

  describeOracle(kind, 'the modules learn, and Keras saves them again', (keras) => {
    const cases = [
      ...['residual_shortcut_first', 'mobilenet_v2', 'root_frozen', 'vgg'].map((name) => [name, '.keras'] as const),
      ...COMPILED.flatMap((name) => (['.keras', '.h5'] as const).map((container) => [name, container] as const)),
    ];
    test.each(cases.filter((_, index) => isTurnOf(kind, index, 8)))('%s%s', async (name, container) => {
      const place = `${folder}/${kind}-${name}${container}-fit`;
      await keras.make(name, place, ['.keras', container]);
      const after = (await retrofitSaved(savedAs(place, name, container), `${place}/after`)) as string;
      const useCompiled = COMPILED.includes(name);
      const fitted = await keras.fit(after, { useCompiled });
      expect(fitted.finite).toBe(true);
      if (useCompiled) {
        // The losses have found their outputs. Keras 3.15 cannot train what it saved as .h5 itself.
        const { loss } = await keras.fit(savedAs(place, name, '.keras'), { useCompiled });
        expect(fitted.loss).toBeCloseTo(loss!, 5);
      }
      const expands = fitted.trainable.filter((variable) => /^se_.*_expand\/kernel/.test(variable));
      expect(expands.length).toBeGreaterThan(0);
      expect(expands.filter((variable) => !fitted.changed.includes(variable))).toEqual([]);
      const again = `${place}/again.keras`;
      await keras.saveAgain(after, [again]);
      const read = await readSaved(again);
      expect(read.graph.layers.map((layer) => layer.name).sort()).toEqual(
        (await readSaved(after)).graph.layers.map((layer) => layer.name).sort(),
      );
    });
  });

  describeOracle(kind, 'the traps are sprung', (keras) => {
    test('a module moves layers that it does not touch', async () => {
      const place = `${folder}/${kind}-moved`;
      await keras.make('residual_shortcut_first', place, ['.keras']);
      const before = savedAs(place, 'residual_shortcut_first', '.keras');
      const after = await retrofitSaved(before, `${place}/after`);
      const names = (await keras.layers(before)).map(({ name }) => name);
      const moved = (await keras.layers(after)).map(({ name }) => name).filter((name) => !name.startsWith('se_'));
      expect(moved.toSorted()).toEqual(names.toSorted());
      expect(moved).not.toEqual(names);
    });

    test.each(['.h5', '.legacy.h5'] as const)('long_names%s holds its lists of names in pieces', async (container) => {
      const place = `${folder}/${kind}-pieces${container}`;
      await keras.make('long_names', place, filesOf(container));
      const before = savedAs(place, 'long_names', container);
      for (const saved of [before, await retrofitSaved(before, `${place}/after`)]) {
        const bytes = readFileSync(typeof saved === 'string' ? saved : saved.weights);
        expect(bytes.includes('layer_names1\0')).toBe(true);
        expect(bytes.includes('layer_names\0')).toBe(false);
      }
    });
  });
}

/** Where layers change places, lists are cut, or models hold models: the paths and lists are tried in every container. */
function isTrap(name: string): boolean {
  return /shortcut_first|nested|sequential_input$|frozen|long_names|compiled_with_state|shared|odd_names|bfloat16_weights/.test(
    name,
  );
}
