import type { PlainObject } from '../json/json-value.js';
import type { Layer } from '../model/model.js';
import type { Site } from '../plan/plan.js';
import { count } from '../plural.js';
import type { FoundBlock } from '../stages/block.js';
import type { ExistingModule } from '../stages/existing-modules.js';
import type { GraphView } from '../stages/graph-view.js';

/** A layer of a block, or a layer outside that the block reads or is read by. */
export interface DiagramBox {
  readonly id: number;
  readonly kind: 'layer' | 'added' | 'there' | 'outside';
  readonly title: string;
  readonly name: string;
  /** Label of the change to it. */
  readonly tag: string | undefined;
  /** Whether it stands beside the features, as the gate's layers do. */
  readonly isAside: boolean;
  readonly isConvolution?: boolean;
}

/** Layers and arrows between them, inputs before readers. */
export interface Diagram {
  readonly boxes: readonly DiagramBox[];
  readonly arrows: readonly { readonly from: number; readonly to: number }[];
}

/**
 * One block layer by layer, with the module it holds.
 * @param site the site whose module this is, once a retrofit has put it in; undefined for a module that was there
 */
export function blockDiagram({ view, nodes, post, end }: FoundBlock, module?: ExistingModule, site?: Site): Diagram {
  const own = new Set([...nodes, post.node, ...(module?.nodes ?? [])]);
  const inOrder = [...own].sort((left, right) => left - right);
  const inputsOf = (id: number): ReadonlySet<number> => new Set(view.nodes[id]!.inputs.map(({ node }) => node));
  const entries = [...new Set(inOrder.flatMap((id) => [...inputsOf(id)]))].filter((id) => !own.has(id));
  const kindOf = (id: number): DiagramBox['kind'] => {
    if (module?.nodes.includes(id) !== true) return 'layer';
    return site === undefined ? 'there' : 'added';
  };
  const last = [post.node, end, module?.scale ?? end].reduce((left, right) => Math.max(left, right));
  const exit = view.nodes.length;
  return {
    boxes: [
      ...entries.map((id): DiagramBox => outside(id, `from ${view.nodes[id]!.layer.className}`, nameAt(view, id))),
      ...inOrder.map(
        (id): DiagramBox => ({
          id,
          kind: kindOf(id),
          title: layerTitle(view.nodes[id]!.layer),
          name: nameAt(view, id),
          tag: site === undefined ? undefined : changeIn(view, id, site),
          isAside: module?.nodes.includes(id) === true && id !== module.scale,
          isConvolution: view.facts[id]!.role === 'convolution',
        }),
      ),
      { ...outside(exit, ...exitWords(view, last)), tag: site?.exactBy === 'consumers' ? 'kernels × 2' : undefined },
    ],
    arrows: [...inOrder.flatMap((id) => [...inputsOf(id)].map((from) => ({ from, to: id }))), { from: last, to: exit }],
  };
}

const outside = (id: number, title: string, name: string): DiagramBox => ({
  id,
  kind: 'outside',
  title,
  name,
  tag: undefined,
  isAside: false,
});

const nameAt = (view: GraphView, id: number): string => view.nodes[id]!.layer.name;

function exitWords(view: GraphView, last: number): readonly [string, string] {
  const [first, ...more] = view.nodes[last]!.readers.map(({ node }) => view.nodes[node]!.layer);
  if (first === undefined) return ['output of the model', ''];
  return [`to ${first.className}`, more.length === 0 ? first.name : `${first.name} + ${count(more.length)} more`];
}

/** `gamma, beta × 2`; a gate that is added to itself is `gate × 2`. */
function changeIn(view: GraphView, id: number, { name: base, doublings }: Site): string | undefined {
  const name = nameAt(view, id);
  if (name === `${base}_double`) return 'gate × 2';
  const own = doublings.filter(({ graph, layer }) => layer === name && graph.join('/') === view.path.join('/'));
  if (own.length === 0) return undefined;
  return `${own.map(({ weight }) => weight).join(', ')} × 2`;
}

/** `Conv2D 3 × 3, stride 2, relu` */
function layerTitle({ className, settings }: Layer): string {
  const size = sizeOf(settings, 'kernel_size') ?? sizeOf(settings, 'pool_size');
  const stride = sizeOf(settings, 'strides');
  const { units, activation } = settings;
  const details = [
    ...(typeof units === 'number' ? [count(units)] : []),
    ...(size === undefined ? [] : [size.join(' × ')]),
    ...(stride?.some((step) => step > 1) && size !== undefined ? [`stride ${Math.max(...stride)}`] : []),
    ...(typeof activation === 'string' && activation !== 'linear' ? [activation] : []),
  ];
  return [className, details.join(', ')].join(' ').trim();
}

function sizeOf(settings: PlainObject, key: string): readonly number[] | undefined {
  const sizes = [settings[key]].flat().filter((size) => typeof size === 'number');
  return sizes.length === 0 ? undefined : sizes;
}
