import type { Shape } from '../layers/layer-facts.js';
import { listViews, strideOf } from './graph-view.js';
import type { Network } from './network.js';

/** A layer as a list of them shows it. */
export interface ListedLayer {
  /** Its name, with the names of the nested models that hold it: `base/conv1`. */
  readonly name: string;
  readonly className: string;
  /** Output shape of its first call, the batch first; null where it is not known. */
  readonly shape: Shape | null;
  readonly stage: number;
}

/** Every layer of a model, those of nested models behind the model's own, each by its first call. */
export const listLayers = ({ view, stageOf }: Network): readonly ListedLayer[] =>
  [...listViews(view)].flatMap((inner) => {
    const seen = new Set<string>();
    return inner.nodes.flatMap(({ id, layer }): readonly ListedLayer[] => {
      if (seen.has(layer.name)) return [];
      seen.add(layer.name);
      return [
        {
          name: [...inner.path, layer.name].join('/'),
          className: layer.className,
          shape: inner.shapes[id]?.[0] ?? null,
          stage: stageOf(strideOf(inner, { node: id, tensor: 0 })),
        },
      ];
    });
  });
