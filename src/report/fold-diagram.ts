import { count } from '../plural.js';
import type { Diagram, DiagramBox } from './block-diagram.js';

/** Shorter runs are shown layer by layer. */
const LEAST_RUN = 3;

/** Shortens a long block: runs of layers without forks, merges and changes become one box each. */
export function foldDiagram({ boxes, arrows }: Diagram): Diagram {
  const degree = (end: 'from' | 'to', id: number) => arrows.filter((arrow) => arrow[end] === id).length;
  const isPlain = ({ id, kind, tag }: DiagramBox) =>
    kind === 'layer' && tag === undefined && degree('from', id) === 1 && degree('to', id) === 1;
  const plain = new Map(boxes.filter(isPlain).map((box) => [box.id, box]));
  const runs: DiagramBox[][] = [];
  const runOf = new Map<number, DiagramBox[]>();
  for (const box of plain.values()) {
    const before = runOf.get(arrows.find(({ to }) => to === box.id)!.from);
    const run = before ?? [];
    if (before === undefined) runs.push(run);
    run.push(box);
    runOf.set(box.id, run);
  }
  const folded = new Map(
    runs.filter((run) => run.length >= LEAST_RUN).flatMap((run) => run.map(({ id }) => [id, run])),
  );
  const standIn = (id: number): number => folded.get(id)?.[0]?.id ?? id;
  return {
    boxes: boxes.flatMap((box) => {
      const run = folded.get(box.id);
      if (run === undefined) return [box];
      return run[0] === box ? [runBox(run)] : [];
    }),
    arrows: arrows
      .map(({ from, to }) => ({ from: standIn(from), to: standIn(to) }))
      .filter(({ from, to }) => from !== to),
  };
}

/** `6 layers`, and the convolutions among them. */
function runBox(run: readonly DiagramBox[]): DiagramBox {
  const convolutions = run.filter(({ isConvolution }) => isConvolution).map(({ title }) => title);
  return { ...run[0]!, title: `${count(run.length)} layers`, name: convolutions.join(', ') };
}
