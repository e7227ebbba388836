import { inputError } from '../errors.js';
import { findGraph, type Graph, type Model, type RecordedDoubling, type Warning } from '../model/model.js';
import { type FoundModule, readModule } from '../se/read-module.js';
import { listViews, viewGraph } from '../stages/graph-view.js';

/** A module to take out. */
export interface StripModule extends FoundModule {
  /** Names of the nested models around it. */
  readonly graph: readonly string[];
  /** The stage in its name. */
  readonly stage: number | null;
  /** Whether it changes nothing as long as it is not trained. */
  readonly wasExact: boolean;
}

/** Everything that taking modules out will do. */
export interface StripPlan {
  readonly modules: readonly StripModule[];
  /** Tensors that were doubled, and how often. */
  readonly halved: readonly RecordedDoubling[];
}

/**
 * Decides what taking the modules out means: which they are, and what was doubled for them.
 * @throws RetrofitError `no-modules` for a model without modules of ours, `changed-module` for one that is no longer what
 * was put in, `no-record` where the file does not say what was doubled, `bad-record`
 */
export function planStrip(model: Model): StripPlan {
  const { record, graph } = model;
  if (record === undefined || record.modules.length === 0) return planWithoutRecord(graph);
  const modules = record.modules.map(({ name, graph: path, exactBy }): StripModule => {
    const inner = findGraph(graph, path);
    if (inner === undefined)
      throw badRecord(path.join('/'), `the module "${name}" is recorded in a model that is not there`);
    const module = readModule(inner, name);
    if (module.isGateDoubled !== (exactBy === 'doubled-gate')) {
      throw badRecord(`${name}_scale`, 'the record says something else of this gate than the model does');
    }
    return { ...module, graph: path, stage: stageIn(name), wasExact: exactBy !== null };
  });
  for (const { graph: path, layer, weight } of record.doubled) {
    const owner = findGraph(graph, path)?.layers.find(({ name }) => name === layer);
    if (!owner?.weights.some(({ name }) => name === weight))
      throw badRecord(layer, `the weight "${weight}" of this layer was doubled, and is not there any more`);
  }
  return { modules, halved: record.doubled };
}

/** Keras leaves the record out when it saves a model again: names and structure are what is left. */
function planWithoutRecord(root: Graph): StripPlan {
  const found = [...listViews(viewGraph(root))].flatMap(({ modules, graph, path }) =>
    modules.map(({ name, kind }) => ({ name, kind, graph, path })),
  );
  const ours = found.filter(({ kind }) => kind === 'se-retrofit');
  if (ours.length === 0) throw noModules(found.length);
  const modules = ours.map(
    ({ name, graph, path }): StripModule => ({
      ...readModule(graph, name),
      graph: path,
      stage: stageIn(name),
      wasExact: true,
    }),
  );
  const single = modules.find(({ isGateDoubled }) => !isGateDoubled);
  if (single === undefined) return { modules, halved: [] };
  throw inputError(
    'no-record',
    'the file no longer says which weights were doubled for its modules: Keras left that out when it saved the model again',
    {
      where: { layer: `${single.name}_scale` },
      hint: 'give the file that se-retrofit wrote, before Keras saved it again',
    },
  );
}

/** The modules that do something: without them the model computes something else. */
export const listChanging = ({ modules }: StripPlan, trained: readonly StripModule[]): readonly StripModule[] =>
  modules.filter((module) => !module.wasExact || trained.includes(module));

/** @param changing the modules that do something */
export const stripWarnings = ({ modules }: StripPlan, changing: readonly StripModule[]): readonly Warning[] =>
  changing.length === 0
    ? []
    : [
        {
          code: 'function-changes',
          message: `without ${changing.length} of its ${modules.length} modules the model computes something else (se-retrofit bake keeps their mean gates)`,
          where: `${changing[0]!.name}_scale`,
        },
      ];

const stageIn = (name: string): number | null => {
  const stage = /^se_(\d+)/.exec(name)?.[1];
  return stage === undefined ? null : Number(stage);
};

const noModules = (foreign: number) =>
  inputError(
    'no-modules',
    foreign === 0
      ? 'the model has no SE modules'
      : `the model's SE modules (${foreign}) were not put in by se-retrofit: they belong to it`,
    { hint: 'give a model that se-retrofit wrote; see what is there with: se-retrofit inspect' },
  );

const badRecord = (layer: string, message: string) =>
  inputError('bad-record', message, {
    where: { layer },
    hint: 'the model was changed since its modules were put in: go back to the file that se-retrofit wrote',
  });
