import { describe, expect, test } from 'vitest';
import { surveyRetrofit } from '../../src/plan/plan-retrofit.js';
import { blockDiagram, type Diagram } from '../../src/report/block-diagram.js';
import { blockFigure, blockSvg } from '../../src/report/figures/block-figure.js';
import { BOX, layOut } from '../../src/report/figures/diagram-layout.js';
import { foldDiagram } from '../../src/report/fold-diagram.js';
import { retrofit } from '../../src/transforms/retrofit.js';
import { readTopology, TOPOLOGY_EXPECTATIONS } from '../support/fixtures.js';
import { listElements, parseMarkup, textOf } from '../support/markup.js';
import { boxesOf, overlap } from '../support/text-boxes.js';

const blocksOf = (name: string, isRetrofitted = false) => {
  const model = readTopology(name);
  const plan = surveyRetrofit(model);
  if (!isRetrofitted) return plan.network.blocks.map(({ occurrences: [found], module }) => blockDiagram(found, module));
  const { blocks } = surveyRetrofit(retrofit(model, plan)).network;
  return blocks.map(({ occurrences: [found], module, stage, number }) => {
    const site = plan.sites.find((each) => each.stage === stage && each.block === number);
    return blockDiagram(found, module, site);
  });
};

/** What is wrong with a layout: boxes on others, ways through boxes. */
function faultsOf(diagram: Diagram): readonly string[] {
  const { boxes, edges, width, height } = layOut(diagram);
  const rectangles = boxes.map(({ box, x, y }) => ({
    text: `${box.title} ${box.name}`,
    left: x,
    right: x + BOX.width,
    top: y,
    bottom: y + BOX.height,
  }));
  const outside = rectangles.filter(({ right, bottom }) => right > width || bottom > height);
  const clashes = rectangles.flatMap((one, index) =>
    rectangles.slice(index + 1).filter((other) => overlap(one, other)),
  );
  const crossings = edges.flatMap(({ points }) =>
    points.slice(1).flatMap(([x, y], index) => {
      const [fromX, fromY] = points[index]!;
      // A little less than the way, which begins and ends at boxes.
      const way = {
        text: '',
        left: Math.min(x, fromX) + (x === fromX ? -0.1 : 0.1),
        right: Math.max(x, fromX) - (x === fromX ? -0.1 : 0.1),
        top: Math.min(y, fromY) + (y === fromY ? -0.1 : 0.1),
        bottom: Math.max(y, fromY) - (y === fromY ? -0.1 : 0.1),
      };
      return rectangles.filter((box) => overlap(way, box));
    }),
  );
  return [...outside, ...clashes, ...crossings].map(({ text }) => text);
}

describe.each(Object.keys(TOPOLOGY_EXPECTATIONS))('%s', (name) => {
  test.each([false, true])(
    'no box stands on another and no way goes through one; with modules: %j',
    (isRetrofitted) => {
      for (const diagram of blocksOf(name, isRetrofitted)) {
        expect(faultsOf(diagram)).toEqual([]);
        expect(faultsOf(foldDiagram(diagram))).toEqual([]);
      }
    },
  );
});

test('every call of the block, each once, and what it reads', () => {
  const plan = surveyRetrofit(readTopology('resnet50'));
  const block = plan.network.blocks[0]!;
  const [{ view, nodes, post }] = block.occurrences;
  const { boxes, arrows } = blockDiagram(block.occurrences[0]);
  const layers = boxes.filter(({ kind }) => kind === 'layer').map(({ id }) => id);
  expect(new Set(layers)).toEqual(new Set([...nodes, post.node]));
  for (const id of layers) {
    const read = arrows.filter(({ to }) => to === id).map(({ from }) => from);
    expect(new Set(read)).toEqual(new Set(view.nodes[id]!.inputs.map(({ node }) => node)));
  }
  expect(boxes.filter(({ kind }) => kind === 'outside').map(({ title }) => title)).toEqual([
    'from MaxPooling2D',
    'to Conv2D',
  ]);
});

test('the module that a retrofit adds is marked, and so is what was doubled', () => {
  const [residual] = blocksOf('resnet50', true);
  const added = residual!.boxes.filter(({ kind }) => kind === 'added');
  expect(added.map(({ name }) => name)).toEqual([
    'se_2_1_squeeze',
    'se_2_1_reduce',
    'se_2_1_expand',
    'se_2_1_reshape',
    'se_2_1_scale',
  ]);
  expect(residual!.boxes.filter(({ tag }) => tag !== undefined).map(({ name, tag }) => [name, tag])).toEqual([
    ['conv2_block1_3_bn', 'gamma, beta × 2'],
  ]);
  const [dense] = blocksOf('densenet121', true);
  expect(dense!.boxes.find(({ tag }) => tag !== undefined)).toMatchObject({ name: 'se_2_1_double', tag: 'gate × 2' });
  const [inception] = blocksOf('inception-v3', true);
  expect(inception!.boxes.at(-1)).toMatchObject({ kind: 'outside', tag: 'kernels × 2' });
  const [own] = blocksOf('efficientnet-b0');
  expect(own!.boxes.filter(({ kind }) => kind === 'there')).toHaveLength(5);
});

test('folded: the same ways in and out, runs of layers as one', () => {
  const [dense] = blocksOf('densenet121');
  const folded = foldDiagram(dense!);
  expect(folded.boxes.map(({ title }) => title)).toEqual([
    'from MaxPooling2D',
    ...Array.from({ length: 6 }, () => ['6 layers', 'Concatenate']).flat(),
    'to BatchNormalization',
  ]);
  expect(folded.boxes[1]!.name).toBe('Conv2D 1 × 1, Conv2D 3 × 3');
});

test('texts fit into their boxes, and the words tell the picture', () => {
  const panels = [{ title: 'Before', diagram: blocksOf('mobilenet-v2')[1]! }];
  const figure = blockFigure('A bottleneck', panels);
  expect(textOf(parseMarkup(blockSvg('A bottleneck', panels)).children[0]!.children[0]!)).toBe('A bottleneck');
  const boxes = boxesOf(parseMarkup(figure.body));
  expect(boxes.length).toBeGreaterThan(15);
  expect(boxes.flatMap((box, index) => boxes.slice(index + 1).filter((other) => overlap(box, other)))).toEqual([]);
  expect(boxes.every(({ right, bottom }) => right <= figure.width && bottom <= figure.height)).toBe(true);
  expect(figure.description).toContain('block_1_expand -> block_1_expand_BN');
  expect([...listElements(parseMarkup(figure.body), 'title')].map(textOf)).toContain('Conv2D 1 × 1; block_1_expand');
});
