import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { exciteFiles } from '../../src/report/excite-files.js';
import type { ExciteRun } from '../../src/report/excite-run.js';
import { distanceFigure } from '../../src/report/figures/distance-figure.js';
import { gateFigure, moduleFigure } from '../../src/report/figures/gate-figure.js';
import { gateDomain, gatePanel } from '../../src/report/figures/gate-panel.js';
import { stageFigure } from '../../src/report/figures/stage-figure.js';
import { type Figure, shortened, standaloneSvg } from '../../src/report/figures/svg.js';
import { type ModuleSketch, sketchExcitation, sketchRun } from '../support/excitations.js';
import { listElements, parseMarkup, textOf } from '../support/markup.js';
import { boxesOf, overlap } from '../support/text-boxes.js';

const network = (blocks: readonly number[], sketch: (stage: number, block: number) => Partial<ModuleSketch>) =>
  blocks.flatMap((count, index) =>
    Array.from(
      { length: count },
      (_, block): ModuleSketch => ({
        stage: index + 2,
        block: block + 1,
        channels: 16 << index,
        params: 10 ** (index + 3),
        ...sketch(index + 2, block + 1),
      }),
    ),
  );

const LONG = [
  'goldfish',
  'Cardigan Welsh corgi, a dog',
  '狗狗狗狗狗狗狗狗狗狗狗狗狗狗狗狗',
  'airliner <747> & "jets"',
  'x',
];

const RUNS: Readonly<Record<string, ExciteRun>> = {
  'ResNet-50': sketchRun(sketchExcitation(network([3, 4, 6, 3], () => ({})))),
  'ResNet-152, long names of classes': sketchRun(
    sketchExcitation(
      network([3, 8, 36, 3], () => ({})),
      LONG,
    ),
  ),
  'EfficientNet, long names of modules, doubled gates': sketchRun(
    sketchExcitation(
      network([2, 3, 4], (stage, block) => ({
        name: `expanded_conv_${stage}/squeeze_excite_${block}/multiply_features_by_gate`,
        block: null,
        range: 2,
        kind: 'squeeze-excitation',
      })),
    ),
  ),
  'one module, twelve classes': sketchRun(
    sketchExcitation(
      [{ stage: 1 }],
      Array.from({ length: 12 }, (_, index) => `class ${index}`),
    ),
    { chosen: Array.from({ length: 12 }, (_, index) => index) },
  ),
  untrained: sketchRun(sketchExcitation(network([1, 1], () => ({ between: 0, within: 0, isUntrained: true })))),
};

const figuresOf = (run: ExciteRun): readonly Figure[] => [
  gateFigure(run, 'index'),
  gateFigure(run, 'mean'),
  moduleFigure(run.excitation.modules[0]!, run),
  distanceFigure(run),
  stageFigure(run),
];

describe.each(Object.entries(RUNS))('%s', (_, run) => {
  test('nothing is clipped and no text stands on another', () => {
    for (const figure of figuresOf(run)) {
      const boxes = boxesOf(parseMarkup(figure.body));
      expect(boxes.length).toBeGreaterThan(3);
      const outside = boxes.filter(
        ({ left, right, top, bottom }) => left < -20 || right > figure.width + 20 || top < 0 || bottom > figure.height,
      );
      expect(
        outside.map(({ text }) => text),
        figure.title,
      ).toEqual([]);
      const clashes = boxes.flatMap((box, index) =>
        boxes.slice(index + 1).flatMap((other) => (overlap(box, other) ? [`${box.text} | ${other.text}`] : [])),
      );
      expect(clashes, figure.title).toEqual([]);
    }
  });

  test('every file is an image by itself', async () => {
    for (const { name, text } of exciteFiles(run)) {
      if (!name.endsWith('.svg')) continue;
      const { width, height } = parseMarkup(text).children[0]!.attributes;
      // librsvg reads strict XML, and draws it.
      const { data, info } = await sharp(Buffer.from(text)).raw().toBuffer({ resolveWithObject: true });
      expect([info.width, info.height]).toEqual([Math.round(Number(width)), Math.round(Number(height))]);
      expect(new Set(data.subarray(0, 400_000)).size, name).toBeGreaterThan(8);
    }
  });
});

test('names of files are safe and all different', () => {
  const modules = ['a/b', 'a b', '../../etc/passwd', 'con', 'x'.repeat(300), 'A b'].map(
    (name): ModuleSketch => ({ name, stage: 1 }),
  );
  const names = [...exciteFiles(sketchRun(sketchExcitation(modules)))].map(({ name }) => name);
  expect(names.every((name) => /^[\w-][\w.-]{0,70}\.(?:svg|html)$/.test(name))).toBe(true);
  expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(names.length);
  expect(names).toContain('03-.._.._etc_passwd.svg');
});

describe('lines', () => {
  const run = sketchRun(sketchExcitation([{ stage: 1, channels: 40 }]));
  const module = run.excitation.modules[0]!;
  const pointsOf = (order: 'index' | 'mean', points?: number) => {
    const options = { domain: [0, 1] as const, orders: [order], ...(points === undefined ? {} : { points }) };
    const root = parseMarkup(gatePanel(module, run, options).body);
    const lines = [...listElements(root, 'path')].filter(({ attributes }) => attributes.class !== 'grid');
    return lines.map(({ attributes }) =>
      attributes
        .d!.slice(1)
        .split('L')
        .map((point) => point.split(',').map(Number)),
    );
  };

  test('one for each class and one for all, in the order of the channels, each gate at its height', () => {
    const lines = pointsOf('index');
    expect(lines.map((points) => points.length)).toEqual([40, 40, 40, 40]);
    // From 42 (gate 1) to 176 (gate 0) pixels.
    for (const [channel, [x, y]] of lines.at(-1)!.entries()) {
      expect(y).toBeCloseTo(176 - 134 * module.mean[channel]!, 0);
      expect(x).toBeCloseTo(30 + (276 * channel) / 39, 0);
    }
    for (const [channel, [, y]] of lines[1]!.entries()) {
      expect(y).toBeCloseTo(176 - 134 * module.classes[1]!.mean[channel]!, 0);
    }
  });

  test('sorted by the mean of all', () => {
    const heights = pointsOf('mean')
      .at(-1)!
      .map(([, y]) => y!);
    expect(heights).toEqual([...heights].sort((left, right) => right - left));
    expect(new Set(heights)).toEqual(
      new Set(
        pointsOf('index')
          .at(-1)!
          .map(([, y]) => y!),
      ),
    );
  });

  test('of many channels some, from one end to the other', () => {
    const points = pointsOf('index', 10).at(-1)!;
    expect(points).toHaveLength(10);
    expect(points).toEqual(
      pointsOf('index')
        .at(-1)!
        .filter((_, channel) => channel % 4 === 0),
    );
  });
});

describe('the vertical axes', () => {
  const domainOf = (low: number, high: number, range: 1 | 2 = 1) => {
    const run = sketchRun(sketchExcitation([{ stage: 1, range }]), { chosen: [] });
    const mean = Float64Array.of(low * range, high * range);
    return gateDomain({
      ...run,
      excitation: { ...run.excitation, modules: [{ ...run.excitation.modules[0]!, mean }] },
    });
  };

  test.each([
    [0.05, 0.95, [0, 1]],
    [0.2, 0.85, [0, 1]],
    [0.48, 0.52, [0.4, 0.6]],
    [0.41, 0.59, [0.3, 0.7]],
    [0.97, 0.99, [0.9, 1]],
    [-0.5, 1.5, [-0.5, 1.5]],
  ])('from %f to %f', (low, high, expected) => {
    const close = expected.map((end) => expect.closeTo(end, 9));
    expect(domainOf(low, high)).toEqual(close);
    expect(domainOf(low, high, 2)).toEqual(close);
  });
});

test('long names are cut, wide characters count twice', () => {
  expect(shortened('goldfish', 8)).toBe('goldfish');
  expect(shortened('goldfish', 7)).toBe('goldfi…');
  expect(shortened('金魚金魚', 6)).toBe('金魚…');
  expect(shortened('a\u202eb', 99)).toBe('a\\u202eb');
});

test('a drawing has its title and its words in the file', () => {
  const svg = parseMarkup(standaloneSvg(stageFigure(RUNS['ResNet-50']!))).children[0]!;
  expect(svg.attributes.role).toBe('img');
  expect(svg.children.slice(0, 2).map(({ name }) => name)).toEqual(['title', 'desc']);
  expect(textOf(svg.children[1]!)).toMatch(/^Stage 2: parameters 3,000 \(/);
});
