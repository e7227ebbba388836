import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { RetrofitError, type RetrofitOptions, strip, writeModel } from '../../src/index.js';
import { isAll } from '../support/is-all.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { byTurns, isTurnOf, SEED } from '../support/turns.js';
import { describeOracle, listCatalogue, type SavedModel } from './oracle.js';
import { CONTAINERS, type KerasContainer, loadsItsOwn, readSaved, retrofitSaved, savedAs } from './saved-models.js';

// Straight after a retrofit, taking it out gives back every layer, attribute and tensor of what Keras had saved.

const folder = temporaryFolder();

/** An optimizer's state is left out by `add`. */
const OPTIMIZER: readonly string[] = ['/optimizer_weights', '/optimizer', '/_metadata'];

async function stripSaved(saved: SavedModel, to: string): Promise<SavedModel> {
  const plain = strip(await readSaved(saved));
  if (typeof saved === 'string') {
    return (await writeModel(plain, `${to}${saved.slice(saved.lastIndexOf('.'))}`, { force: true })).path;
  }
  const { path, files } = await writeModel(plain, `${to}.json`, { force: true });
  return { json: path, weights: join(to, '..', files.find((file) => file.endsWith('.h5'))!) };
}

/** Models whose stripped files Keras loads, to compute with them. */
const LOADED: readonly string[] = ['residual_shortcut_first', 'nested_functional', 'sequential_input'];

const OPTIONS: readonly Partial<RetrofitOptions>[] = [
  { granularity: 'conv', form: 'conv', bias: true },
  { placement: 'pre' },
  { placement: 'post' },
];

for (const kind of ['keras2', 'keras3'] as const) {
  describeOracle(kind, 'stripped straight after a retrofit', (keras) => {
    const models = listCatalogue(kind).filter(
      ({ name }, index) => LOADED.includes(name) || isTurnOf(kind, index, isTrap(name) ? 12 : 24),
    );
    const stripped = new Set<string>();
    describe.each(models.map(({ name }, index) => ({ name, index })))('$name', ({ name, index: turn }) => {
      const place = join(folder, `${kind}-${name}`);
      // What the last test loads in both, the other traps by turns in .keras or .h5, the rest in .keras.
      const containers = CONTAINERS.filter(
        (container, index) =>
          loadsItsOwn(kind, name + container) &&
          (isAll || (LOADED.includes(name) ? index < 2 : index === (isTrap(name) ? (turn + SEED) % 2 : 0))),
      );
      test.each(containers)('%s', async (container) => {
        await keras.make(name, place, saves(container));
        const before = savedAs(place, name, container);
        const ending = container.replaceAll('.', '-');
        // By turns, so that every option is tried on some models.
        const tried = isAll ? [{}, ...OPTIONS] : [isTrap(name) ? OPTIONS[turn % OPTIONS.length]! : {}];
        for (const options of tried) {
          const after = await retrofitSaved(before, `${place}/after${ending}`, options).catch(refused);
          if (after === undefined) continue;
          stripped.add(name);
          const added = await keras.compareFiles(before, after, { ignore: OPTIMIZER });
          expect(added.differences.length).toBeGreaterThan(3);
          const plain = await stripSaved(after, `${place}/plain${ending}`);
          const { differences } = await keras.compareFiles(before, plain, { ignore: OPTIMIZER });
          expect(differences, JSON.stringify(options)).toEqual([]);
        }
      });
    });

    test('most models take modules, and Keras loads what is left of them', async () => {
      expect(stripped.size).toBeGreaterThan(isAll ? 40 : 6);
      for (const name of byTurns(LOADED, LOADED.length, kind === 'keras2' ? 0 : 1)) {
        for (const ending of ['.keras', '.h5']) {
          const place = join(folder, `${kind}-${name}`);
          const plain = `${place}/plain${ending.replace('.', '-')}${ending}`;
          const { outputs } = await keras.compare(`${place}/${name}${ending}`, plain, { modes: ['eager'] });
          expect(outputs.map(({ eager, varied }) => ({ eager, varied }))).toEqual([{ eager: 0, varied: true }]);
        }
      }
    });
  });
}

for (const kind of ['keras2', 'keras3'] as const) {
  describeOracle(kind, 'saved again by Keras, which leaves the record out', (keras) => {
    const endings = (['.keras', '.h5'] as const).filter((_, index) => isTurnOf(kind, index));
    test.each(endings)('%s', async (ending) => {
      const resaved = async (name: string): Promise<string> => {
        const place = join(folder, `${kind}-${name}-again`);
        await keras.make(name, place, [ending]);
        const after = await retrofitSaved(savedAs(place, name, ending), `${place}/after`);
        await keras.saveAgain(after, [`${place}/again${ending}`]);
        return `${place}/again${ending}`;
      };
      const doubled = strip.bind(undefined, await readSaved(await resaved('residual_shortcut_first')));
      expect(doubled).toThrow(expect.objectContaining({ code: 'no-record' }));
      // Where every gate was doubled, nothing else was.
      const again = await resaved('dense_block');
      const plain = await stripSaved(again, again.replace('again.', 'plain.'));
      const before = again.replace(`again${ending}`, `dense_block${ending}`);
      const { outputs } = await keras.compare(before, plain, { modes: ['eager'] });
      expect(outputs.map(({ eager, varied }) => ({ eager, varied }))).toEqual([{ eager: 0, varied: true }]);
      expect(await keras.compareWeights(before, plain)).toMatchObject({
        doubled: [],
        halved: [],
        other: [],
        added: [],
        missing: [],
      });
    });
  });
}

const saves = (container: KerasContainer) =>
  container.endsWith('.h5') && container !== '.h5' ? (['.json', container] as const) : ([container] as const);

function refused(error: unknown): undefined {
  if (error instanceof RetrofitError) return undefined;
  throw error;
}

/** Where layers change places, lists are cut, or models hold models. */
function isTrap(name: string): boolean {
  return /shortcut_first|nested|sequential|frozen|long_names|compiled|shared|odd_names|slashes/.test(name);
}
