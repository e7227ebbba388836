import type { Diagram, DiagramBox } from '../block-diagram.js';

/** Boxes on a grid: rows by the longest way to them, columns by branch; edges as ways between the boxes. */
export interface DiagramLayout {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly { readonly box: DiagramBox; readonly x: number; readonly y: number }[];
  readonly edges: readonly Edge[];
}

export interface Edge {
  readonly from: number;
  readonly to: number;
  readonly points: readonly (readonly [number, number])[];
}

export const BOX = { width: 216, height: 38 } as const;
const GAP = { column: 26, row: 24 } as const;
/** Way of an edge that passes boxes by. */
const LANE = 16;

interface Place {
  readonly row: number;
  readonly column: number;
}

/** Rows of a column that boxes and edges take, the first and the last; the bottom of the last one is free. */
type Rows = readonly [number, number];

interface Grid {
  readonly places: ReadonlyMap<number, Place>;
  /** By column. */
  readonly used: Rows[][];
}

/** Lays out a diagram, inputs above their readers. */
export function layOut({ boxes, arrows }: Diagram): DiagramLayout {
  const grid = placeBoxes(boxes, arrows);
  const { places } = grid;
  const rows = 1 + Math.max(...[...places.values()].map(({ row }) => row));
  const taken = new Set([...places.values()].map(({ row, column }) => `${row} ${column}`));
  const readings = new Map<number, number>();
  for (const { to } of arrows) readings.set(to, (readings.get(to) ?? 0) + 1);
  const lanes: Rows[][] = [];
  const edges = arrows.map(({ from, to }): Edge => {
    const [source, target] = [places.get(from)!, places.get(to)!];
    const points = directWay(source, target, readings.get(to)! > 1, taken) ?? laneWay(source, target, grid.used, lanes);
    return { from, to, points };
  });
  return {
    width: leftOf(grid.used.length) - GAP.column + (lanes.length > 0 ? GAP.column / 2 + lanes.length * LANE : 0),
    height: topOf(rows) - GAP.row,
    boxes: boxes.map((box) => ({ box, x: leftOf(places.get(box.id)!.column), y: topOf(places.get(box.id)!.row) })),
    edges,
  };
}

const leftOf = (column: number): number => column * (BOX.width + GAP.column);
const topOf = (row: number): number => row * (BOX.height + GAP.row);
const middleOf = (column: number): number => leftOf(column) + BOX.width / 2;
const centreOf = (row: number): number => topOf(row) + BOX.height / 2;

/** Puts boxes into chains that go on with their longest branch, and each chain into the first column that has room. */
function placeBoxes(boxes: readonly DiagramBox[], arrows: Diagram['arrows']): Grid {
  const inputs = new Map<number, number[]>(boxes.map(({ id }) => [id, []]));
  const readers = new Map<number, number[]>(boxes.map(({ id }) => [id, []]));
  for (const { from, to } of arrows) {
    inputs.get(to)!.push(from);
    readers.get(from)!.push(to);
  }
  const rows = new Map<number, number>();
  for (const { id } of boxes) rows.set(id, 1 + Math.max(-1, ...inputs.get(id)!.map((input) => rows.get(input)!)));
  const heights = new Map<number, number>();
  for (const { id } of boxes.toReversed()) {
    heights.set(id, 1 + Math.max(-1, ...readers.get(id)!.map((reader) => heights.get(reader)!)));
  }
  // A box aside starts a chain of its own, and no chain goes on from it.
  const isAside = new Set(boxes.filter((box) => box.isAside).map(({ id }) => id));
  const heirOf = (id: number): number | undefined =>
    readers
      .get(id)!
      .filter((reader) => isAside.has(id) === isAside.has(reader))
      .sort((left, right) => heights.get(right)! - heights.get(left)!)[0];
  const chains: number[][] = [];
  const chainOf = new Map<number, number[]>();
  for (const { id } of boxes) {
    // Where branches meet, the first chain goes on: the one with the longest way.
    const [before] = inputs
      .get(id)!
      .filter((input) => heirOf(input) === id && chainOf.get(input)!.at(-1) === input)
      .sort((left, right) => chains.indexOf(chainOf.get(left)!) - chains.indexOf(chainOf.get(right)!));
    const chain = before === undefined ? [] : chainOf.get(before)!;
    if (before === undefined) chains.push(chain);
    chain.push(id);
    chainOf.set(id, chain);
  }
  const used: Rows[][] = [];
  const places = new Map<number, Place>();
  for (const chain of chains) {
    const last = chain.at(-1)!;
    const column = takeRoom(used, [
      rows.get(chain[0]!)!,
      Math.max(...[last, ...readers.get(last)!].map((id) => rows.get(id)!)),
    ]);
    for (const id of chain) places.set(id, { row: rows.get(id)!, column });
  }
  return { places, used };
}

/** The first column in which the rows are free; they are taken. */
function takeRoom(used: Rows[][], rows: Rows): number {
  const found = used.findIndex((taken) => taken.every((other) => !meet(other, rows)));
  const column = found < 0 ? used.push([]) - 1 : found;
  used[column]!.push(rows);
  return column;
}

const meet = ([first, last]: Rows, [otherFirst, otherLast]: Rows): boolean => first <= otherLast && otherFirst <= last;

/** Finds a path with at most two corners that meets no box; undefined where there is none. */
function directWay(
  source: Place,
  target: Place,
  isMerge: boolean,
  taken: ReadonlySet<string>,
): Edge['points'] | undefined {
  const isColumnFree = (column: number, first: number, end: number) =>
    span(first, end).every((row) => !taken.has(`${row} ${column}`));
  const [from, to] = [
    [middleOf(source.column), topOf(source.row) + BOX.height],
    [middleOf(target.column), topOf(target.row)],
  ] as const;
  if (source.column === target.column) {
    return isColumnFree(source.column, source.row + 1, target.row) ? [from, to] : undefined;
  }
  const isRowFree = span(Math.min(source.column, target.column) + 1, Math.max(source.column, target.column)).every(
    (column) => !taken.has(`${target.row} ${column}`),
  );
  if (isMerge && isRowFree && isColumnFree(source.column, source.row + 1, target.row + 1)) {
    const side = leftOf(target.column) + (source.column > target.column ? BOX.width : 0);
    return [from, [from[0], centreOf(target.row)], [side, centreOf(target.row)]];
  }
  if (!isColumnFree(target.column, source.row + 1, target.row)) return undefined;
  // Where features fork, below the box.
  const fork = from[1] + FORK;
  return [from, [from[0], fork], [to[0], fork], to];
}

const FORK = GAP.row / 2 - 4;

/** Between the rows to a free column, or to a lane right of all boxes, and back. */
function laneWay(source: Place, target: Place, used: Rows[][], lanes: Rows[][]): Edge['points'] {
  const rows: Rows = [source.row + 1, target.row - 1];
  const free = used.findIndex((taken, column) => column > source.column && taken.every((other) => !meet(other, rows)));
  if (free >= 0) used[free]!.push(rows);
  const x = free >= 0 ? leftOf(free) + LANE : leftOf(used.length) - GAP.column / 2 + takeRoom(lanes, rows) * LANE;
  const fork = topOf(source.row) + BOX.height + FORK;
  const join = topOf(target.row) - GAP.row / 2;
  // Off the middle, where the straight ways are.
  const [sourceX, targetX] = [middleOf(source.column) + BOX.width / 4, middleOf(target.column) + BOX.width / 4];
  return [
    [sourceX, topOf(source.row) + BOX.height],
    [sourceX, fork],
    [x, fork],
    [x, join],
    [targetX, join],
    [targetX, topOf(target.row)],
  ];
}

const span = (first: number, end: number): readonly number[] =>
  Array.from({ length: Math.max(0, end - first) }, (_, index) => first + index);
