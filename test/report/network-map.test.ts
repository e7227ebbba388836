import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { networkSvg, planRetrofit } from '../../src/index.js';
import { MAX_DRAWN_BLOCKS, MAX_DRAWN_STAGES } from '../../src/limits.js';
import type { RetrofitOptions } from '../../src/plan/options.js';
import type { Plan } from '../../src/plan/plan.js';
import { surveyRetrofit } from '../../src/plan/plan-retrofit.js';
import { networkDrawing, networkMap } from '../../src/report/figures/network-map.js';
import { outlineOf } from '../../src/report/network-outline.js';
import { readFixture, readTopology, TOPOLOGY_EXPECTATIONS } from '../support/fixtures.js';
import { listElements, type MarkupElement, parseMarkup, textOf } from '../support/markup.js';
import { boxesOf, overlap } from '../support/text-boxes.js';

const classed = (root: MarkupElement, name: string, part: string) =>
  [...listElements(root, name)].filter(({ attributes }) => attributes.class === part);

/** The cells of a map with what they say. */
const cellsOf = (plan: Plan) => {
  const root = parseMarkup(networkMap(plan, 'net.keras').body);
  return [...listElements(root, 'g')].map((cell) => ({
    words: textOf([...listElements(cell, 'title')][0]!),
    texts: [...listElements(cell, 'text')].map(textOf),
    added: classed(cell, 'rect', 'added').length,
    there: classed(cell, 'rect', 'there').length,
    hollow: classed(cell, 'rect', 'hollow').length,
  }));
};

const OPTIONS: readonly Partial<RetrofitOptions>[] = [
  {},
  { skipStages: ['last'] },
  { granularity: 'conv' },
  { granularity: 'stage' },
  { placement: 'identity' },
];

describe.each(Object.keys(TOPOLOGY_EXPECTATIONS))('%s', (name) => {
  const model = readTopology(name);

  test.each(OPTIONS)('every module, block and reason is in it once: %j', (options) => {
    const plan = surveyRetrofit(model, options);
    const cells = outlineOf(plan).flatMap((stage) => stage.cells);
    const sites = cells.flatMap((cell) => cell.sites);
    expect(sites).toHaveLength(plan.sites.length);
    expect(new Set(sites)).toEqual(new Set(plan.sites));
    const there = new Set(cells.flatMap((cell) => cell.there ?? []));
    expect(there).toEqual(new Set(plan.network.modules.map(({ module }) => module.name)));
    expect(cells.filter(({ kind }) => kind !== 'layer')).toHaveLength(plan.network.blocks.length);
    const reasons = cells.flatMap(({ reason }) => reason ?? []);
    expect(reasons.toSorted()).toEqual(plan.skipped.map(({ reason }) => reason).toSorted());
  });

  test('nothing is clipped, no text stands on another, and it is an image', async () => {
    const plan = surveyRetrofit(model);
    const figure = networkMap(plan, name);
    const boxes = boxesOf(parseMarkup(figure.body));
    const outside = boxes.filter(
      ({ left, right, top, bottom }) => left < 0 || right > figure.width || top < 0 || bottom > figure.height,
    );
    expect(outside.map(({ text }) => text)).toEqual([]);
    const clashes = boxes.flatMap((box, index) =>
      boxes.slice(index + 1).flatMap((other) => (overlap(box, other) ? [`${box.text} | ${other.text}`] : [])),
    );
    expect(clashes).toEqual([]);
    const { info } = await sharp(Buffer.from(networkSvg(plan, name))).toBuffer({ resolveWithObject: true });
    expect([info.width, info.height]).toEqual([figure.width + 40, figure.height + 76]);
  });
});

test.each([0, -3, Number.NaN])('%d columns are one', async (columns) => {
  const plan = planRetrofit(await readFixture('resnet-v1'));
  expect(networkDrawing(plan, 'net', columns)).toBe(networkDrawing(plan, 'net', 1));
  expect(networkDrawing(plan, 'net', Number.POSITIVE_INFINITY)).not.toContain('Infinity');
});

test('ResNet-152: 50 units of 2 to 5 stages, numbered, with units and the road in the bar', () => {
  const cells = cellsOf(surveyRetrofit(readTopology('resnet152')));
  expect(cells).toHaveLength(50);
  expect(cells.every(({ added, there, hollow }) => added === 1 && there + hollow === 0)).toBe(true);
  expect(cells[11]!.texts).toEqual(['1', '64 units', 'norm', 'conv4_block1_3_bn', '11 layers']);
  expect(cells[11]!.words).toBe(
    'residual unit 1, to conv4_block1_3_bn; 11 layers; module se_4_1: 1,024 channels, 64 units, 131,072 parameters, 331.8 k MACs, norm before doubled',
  );
  expect(cells.map(({ texts }) => Number(texts[0]))).toEqual(
    [3, 8, 36, 3].flatMap((count) => Array.from({ length: count }, (_, index) => index + 1)),
  );
});

test('a stage that is skipped: dashed bars that say why', () => {
  const plan = surveyRetrofit(readTopology('resnet50'), { skipStages: [5] });
  const skipped = cellsOf(plan).slice(-3);
  for (const { hollow, added, texts, words } of skipped) {
    expect([hollow, added]).toEqual([1, 0]);
    expect(texts).toContain('no module');
    expect(words).toContain('its stage is skipped');
  }
  const texts = boxesOf(parseMarkup(networkMap(plan, 'x').body)).map(({ text }) => text);
  expect(texts).toContain('skipped');
  expect(texts).toContain('no module: its stage is skipped (3)');
});

test('modules that are there are told from those to add by words, not by colour alone', () => {
  const cells = cellsOf(surveyRetrofit(readTopology('efficientnet-v2-b0')));
  const there = cells.filter((cell) => cell.there === 1);
  expect(there.length).toBeGreaterThan(10);
  expect(there.every(({ texts }) => texts.includes('module there'))).toBe(true);
  expect(cells.filter(({ added }) => added === 1).every(({ texts }) => texts.some((text) => /units$/.test(text)))).toBe(
    true,
  );
});

test('--at: the block that holds the layer, and layers outside all blocks', () => {
  const plan = surveyRetrofit(readTopology('vgg16'), { at: ['block3_conv2', 'block2_pool', 'predictions'] });
  const marked = cellsOf(plan).filter(({ added, hollow }) => added + hollow > 0);
  expect(marked.map(({ words }) => words.replace(/;.*/, ''))).toEqual([
    'convolution unit 2, to block3_conv2',
    'block2_pool',
    'predictions',
  ]);
});

test('a U-Net: no line where the network is elsewhere between two blocks of a stage', () => {
  const stage = outlineOf(surveyRetrofit(readTopology('unet')))[0]!;
  expect(stage.cells.slice(0, 6).map(({ goesOn }) => goesOn)).toEqual([false, true, false, true, true, true]);
});

test.each(['conv1d-residual', 'conv3d-plain', 'nested-deep', 'siamese', 'weird-names'])(
  '%s is drawn too',
  async (name) => {
    const plan = surveyRetrofit(await readFixture(name));
    const svg = networkSvg(plan, name);
    expect(outlineOf(plan).flatMap(({ cells }) => cells.flatMap(({ sites }) => sites))).toHaveLength(plan.sites.length);
    expect(svg).not.toMatch(/NaN|undefined|null/);
  },
);

test('a model without stages is drawn as what it is', () => {
  const empty: Plan = surveyRetrofit(readTopology('vgg16'));
  const none = { ...empty, stages: [], sites: [], skipped: [], network: { ...empty.network, blocks: [], stages: [] } };
  expect(textOf(parseMarkup(networkMap(none, 'x').body))).toContain('no convolutions: no stages and no blocks');
});

test('the same plan gives the same bytes', () => {
  const draw = () => networkSvg(surveyRetrofit(readTopology('inception-v3')), 'net.keras');
  expect(draw()).toBe(draw());
});

test('the file has its words, and colours for dark screens, and asks for nothing else', () => {
  const svg = networkSvg(surveyRetrofit(readTopology('resnet50')), '/models/net.keras');
  const [root] = parseMarkup(svg).children;
  expect(root!.children.slice(0, 2).map(({ name }) => name)).toEqual(['title', 'desc']);
  expect(textOf(root!.children[0]!)).toBe('net.keras: 16 blocks in 5 stages, 16 modules to add');
  expect(textOf(root!.children[1]!)).toContain('Stage 4, 14 × 14, 1,024 channels, stride 16, 6 residual units');
  expect(svg).toContain('prefers-color-scheme:dark');
  expect(svg.replace('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|url\(|@import|<script|href/);
});

describe('models without measure', () => {
  const plan = surveyRetrofit(readTopology('vgg16'));

  test('10,000 blocks: a small file that says how many are left out', () => {
    const [first, ...others] = plan.network.blocks;
    const [site] = plan.sites;
    const many = Array.from({ length: 10_000 }, (_, index) => ({ ...first!, number: index + 1 }));
    const huge: Plan = {
      ...plan,
      network: { ...plan.network, blocks: [...many, ...others] },
      sites: [...many.map(({ number }) => ({ ...site!, block: number })), ...plan.sites.slice(1)],
    };
    const svg = networkSvg(huge, 'huge');
    expect(svg.length).toBeLessThan(2e5);
    expect(cellsOf(huge).length).toBe(MAX_DRAWN_BLOCKS - 1 + others.filter(({ stage }) => stage > 1).length);
    expect(textOf(parseMarkup(svg))).toMatch(/and 9,90[5-7] more/);
  });

  test('many stages: the first ones, and how many are left out', () => {
    const [stage] = plan.stages;
    const stages = Array.from({ length: 1000 }, (_, index) => ({ ...stage!, stage: index + 1 }));
    const figure = networkMap({ ...plan, stages }, 'huge');
    expect(figure.height).toBeLessThan(4000);
    expect(textOf(parseMarkup(figure.body))).toContain(`and ${1001 - MAX_DRAWN_STAGES} more stages`);
  });
});

test('names of layers and files are text, whatever they hold', async () => {
  const hostile = [
    '<script>alert(1)</script>',
    '"><img src=x onerror=alert(2)>',
    'one\ntwo\u001b[31m',
    '\u202e]]>&amp;\u2028',
    `half \ud83d, \ufffe and \uffff`,
    'x'.repeat(5000),
  ];
  const plan = surveyRetrofit(readTopology('vgg16'));
  const named = new Map(plan.network.view.nodes.map(({ id }) => [id, hostile[id % hostile.length]!]));
  const nodes = plan.network.view.nodes.map((node) => ({
    ...node,
    layer: { ...node.layer, name: named.get(node.id)! },
  }));
  const blocks = plan.network.blocks.map((block) => {
    const [found] = block.occurrences;
    return { ...block, occurrences: [{ ...found, view: { ...found.view, nodes } }] as const };
  });
  const svg = networkSvg({ ...plan, network: { ...plan.network, blocks } }, hostile[0]!);
  const root = parseMarkup(svg);
  expect([...listElements(root, 'script'), ...listElements(root, 'img')]).toEqual([]);
  expect(svg.slice(svg.indexOf('\n') + 1, -1)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\ufffe\uffff]/u);
  expect(svg.length).toBeLessThan(1e5);
  // librsvg reads strict XML.
  const written = Buffer.from(svg);
  expect((await sharp(written).metadata()).format).toBe('svg');
});
