import {
  type Graph,
  listGraphs,
  type Model,
  mapGraphs,
  type RecordedModule,
  type RetrofitRecord,
  samePath,
} from '../model/model.js';
import { describeFrozen, freezeAgain } from '../model/unfreeze.js';
import { tensorsByKey } from '../model/weight-key.js';
import { doublingKey, type Plan, type Site } from '../plan/plan.js';

/** Returns the record extended by the changes that a plan makes to the model: all that is needed to undo them. */
export function extendRecord({ record, graph: before }: Model, plan: Plan): RetrofitRecord {
  const doubled = new Map((record?.doubled ?? []).map((entry) => [doublingKey(entry), entry]));
  const tensors = tensorsByKey(before);
  for (const entry of plan.doublings) {
    const known = doubled.get(doublingKey(entry));
    const quantization =
      known === undefined ? tensors.get(doublingKey(entry))?.quantization?.texts : known.quantization;
    doubled.set(doublingKey(entry), {
      ...entry,
      exponent: (known?.exponent ?? 0) + entry.exponent,
      ...(quantization === undefined ? {} : { quantization }),
    });
  }
  const sequential = [...(record?.sequential ?? []), ...sequentialBefore(before, plan)];
  const frozen = describeFrozen(before) ?? record?.frozen;
  return {
    ...record,
    version: 1,
    modules: [...(record?.modules ?? []), ...plan.sites.map(recordedModule)],
    doubled: [...doubled.values()],
    ...(sequential.length === 0 ? {} : { sequential }),
    ...(frozen === undefined ? {} : { frozen }),
  };
}

const recordedModule = ({ name, after, graph, exactBy, doublings }: Site): RecordedModule => ({
  name,
  after,
  graph,
  exactBy,
  doubled: doublings.map(({ layer, weight }) => ({ layer, weight })),
});

/** The Sequential models that a plan makes functional. */
function sequentialBefore(root: Graph, { sites }: Plan): NonNullable<RetrofitRecord['sequential']> {
  return [...listGraphs(root)].flatMap(({ graph, path }) =>
    graph.kind === 'sequential' && graph.read !== undefined && sites.some((site) => samePath(site.graph, path))
      ? [
          {
            graph: path,
            text: graph.read.sequentialText.describe(graph.read),
            ...(graph.layers[0]!.implicit && { hasNoInput: true }),
          },
        ]
      : [],
  );
}

/** Undoes all changes but the layers when the last module is gone: the model's form, and which layers are frozen. */
export function restoreForm(graph: Graph, record: RetrofitRecord | undefined): Graph {
  const formed = mapGraphs(graph, (inner, path) => {
    const own = record?.sequential?.find((entry) => samePath(entry.graph, path));
    return (own && inner.read?.sequentialText.restore(inner, own)) ?? inner;
  });
  return record?.frozen === undefined ? formed : freezeAgain(formed, record.frozen);
}
