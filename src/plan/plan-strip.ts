import { inputError } from '../errors.js';
import { findGraph, type Model, type RecordedDoubling, scaleName, type Warning } from '../model/model.js';
import { plural } from '../plural.js';
import { badRecord, isRecorded, listRetrofittedModules, type RetrofittedModule } from './retrofitted-modules.js';

/** The plan of taking modules out. */
export interface StripPlan {
  readonly modules: readonly RetrofittedModule[];
  /** Tensors that were doubled, and how often. */
  readonly halved: readonly RecordedDoubling[];
}

/**
 * Lists the modules to take out and the weights doubled for them.
 * @throws RetrofitError whatever `listRetrofittedModules` throws; `no-record` where the file does not say which weights
 * were doubled
 */
export function planStrip(model: Model): StripPlan {
  const modules = listRetrofittedModules(model);
  if (!isRecorded(model.record)) return { modules, halved: halvedWithoutRecord(modules) };
  const { doubled } = model.record;
  for (const { graph: path, layer, weight } of doubled) {
    const owner = findGraph(model.graph, path)?.layers.find(({ name }) => name === layer);
    if (!owner?.weights.some(({ name }) => name === weight))
      throw badRecord(layer, `the weight "${weight}" of this layer was doubled, and is not there any more`);
  }
  return { modules, halved: doubled };
}

/** Where every gate is doubled, no weights were. */
function halvedWithoutRecord(modules: readonly RetrofittedModule[]): StripPlan['halved'] {
  const single = modules.find(({ isGateDoubled }) => !isGateDoubled);
  if (single === undefined) return [];
  throw inputError(
    'no-record',
    'the file no longer says which weights were doubled for its modules: the save() of Keras leaves the record out',
    {
      where: { layer: scaleName(single.name) },
      hint: 'give the file that se-retrofit wrote, before Keras saved it again, or put the trained weights into a copy of it, as docs/guides/keras.md of the repository shows',
    },
  );
}

/** The modules that do something: without them the model computes something else. */
export const listChanging = (
  { modules }: StripPlan,
  trained: readonly RetrofittedModule[],
): readonly RetrofittedModule[] => modules.filter((module) => !module.wasExact || trained.includes(module));

/** @param changing the modules that do something */
export const stripWarnings = ({ modules }: StripPlan, changing: readonly RetrofittedModule[]): readonly Warning[] =>
  changing.length === 0
    ? []
    : [
        {
          code: 'function-changes',
          message: `${changing.length} of ${plural(modules.length, 'module')} did something, which is gone now (se-retrofit bake keeps their mean gates)`,
          where: changing.length === 1 ? scaleName(changing[0]!.name) : null,
        },
      ];
