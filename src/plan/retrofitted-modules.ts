import { inFile, inputError } from '../errors.js';
import { findGraph, type Graph, type Model, type RetrofitRecord, scaleName } from '../model/model.js';
import { readModule } from '../se/read-module.js';
import type { PlacedModule } from '../se/remove-modules.js';
import { shellWord } from '../shell-word.js';
import { listViews, viewGraph } from '../stages/graph-view.js';

/** A module that se-retrofit put in. */
export interface RetrofittedModule extends PlacedModule {
  /** The stage in its name. */
  readonly stage: number | null;
  /** Whether it changes nothing as long as it is not trained. */
  readonly wasExact: boolean;
}

/**
 * Lists the modules that the file's record names; where Keras left the record out, when it saved the model again, those
 * that have our names and structure.
 * @throws RetrofitError `no-modules` for a model without modules of ours, `changed-module` for one that differs from
 * the recorded structure, `bad-record`
 */
export function listRetrofittedModules({ path, record, graph }: Model): readonly RetrofittedModule[] {
  try {
    return isRecorded(record)
      ? record.modules.map((module) => recordedModule(graph, module))
      : modulesByName(graph, path);
  } catch (error) {
    throw inFile(error, path);
  }
}

/** Tells whether a record lists modules. */
export const isRecorded = (record: RetrofitRecord | undefined): record is RetrofitRecord =>
  record !== undefined && record.modules.length > 0;

function recordedModule(root: Graph, { name, graph, exactBy }: RetrofitRecord['modules'][number]): RetrofittedModule {
  const inner = findGraph(root, graph);
  if (inner === undefined)
    throw badRecord(graph.join('/'), `the module "${name}" is recorded in a model that is not there`);
  const module = readModule(inner, name);
  if (module.isGateDoubled !== (exactBy === 'doubled-gate')) {
    throw badRecord(scaleName(name), 'the record says something else of this gate than the model does');
  }
  return { ...module, graph, stage: stageIn(name), wasExact: exactBy !== null };
}

function modulesByName(root: Graph, file: string): readonly RetrofittedModule[] {
  const found = [...listViews(viewGraph(root))].flatMap(({ modules, graph, path }) =>
    modules.map(({ name, kind }) => ({ name, kind, graph, path })),
  );
  const ours = found.filter(({ kind }) => kind === 'se-retrofit');
  if (ours.length === 0) throw noModules(found.length, file);
  return ours.map(({ name, graph, path }) => ({
    ...readModule(graph, name),
    graph: path,
    stage: stageIn(name),
    wasExact: true,
  }));
}

const stageIn = (name: string): number | null => {
  const stage = /^se_(\d+)/.exec(name)?.[1];
  return stage === undefined ? null : Number(stage);
};

const noModules = (foreign: number, file: string) =>
  inputError(
    'no-modules',
    foreign === 0
      ? 'the model has no SE modules'
      : `the model's SE modules (${foreign}) were not put in by se-retrofit: they belong to it`,
    {
      facts: { foreign },
      hint: `give a model that se-retrofit wrote; see what is there with: se-retrofit inspect ${shellWord(file)}`,
    },
  );

export const badRecord = (layer: string, message: string) =>
  inputError('bad-record', message, {
    where: { layer },
    hint: 'the model was changed since its modules were put in: go back to the file that se-retrofit wrote',
  });
