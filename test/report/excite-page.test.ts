import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Format } from '../../src/model/model.js';
import { COPY_SCRIPT_HASH, excitePage } from '../../src/report/excite-page.js';
import type { ExciteRun } from '../../src/report/excite-run.js';
import { nextStep, recommendationSentence } from '../../src/report/excite-sentences.js';
import { type ModuleSketch, sketchExcitation, sketchRun } from '../support/excitations.js';
import { listElements, type MarkupElement, parseMarkup, textOf } from '../support/markup.js';

const NET: readonly ModuleSketch[] = [
  { stage: 2, block: 1, params: 1000 },
  { stage: 3, block: 1, params: 2000, range: 2 },
  { stage: 3, block: 2, params: 2000 },
  { stage: 4, block: 1, params: 9000, between: 0.001, within: 0.01, saturation: 0.95 },
];

const HOSTILE = [
  '<img src=x onerror=alert(1)>',
  '"><script>alert(2)</script>',
  "' onmouseover='alert(3)",
  '&amp; & &lt;b&gt;',
  ']]> --> {{alert(4)}}',
  '\u202eevil\u0000\u001b[31m',
  '</style></svg></html>',
];

const pageOf = (run: ExciteRun) => {
  const html = excitePage(run);
  return { html, root: parseMarkup(html) };
};

const only = (root: MarkupElement, name: string): MarkupElement => {
  const found = [...listElements(root, name)];
  expect(found).toHaveLength(1);
  return found[0]!;
};

test('title, numbers, recommendation and command', () => {
  const run = sketchRun(sketchExcitation(NET));
  const { root } = pageOf(run);
  expect(textOf(only(only(root, 'head'), 'title'))).toBe('Gates of net.keras');
  expect(textOf(only(root, 'h1'))).toBe('Gates of net.keras');
  const tiles = [
    ...listElements([...listElements(root, 'ul')].find(({ attributes }) => attributes.class === 'tiles')!, 'b'),
  ];
  expect(tiles.map(textOf)).toEqual(['150', '4', '14,000', '50\u00a0%', '64\u00a0%']);
  expect(recommendationSentence(run.recommendation)).toMatch(/^Leave out stage 4: .* saves 9,000 parameters/);
  const text = textOf(root).replaceAll('\u00a0', ' ');
  expect(text).toContain(recommendationSentence(run.recommendation));
  expect(textOf(only(root, 'code'))).toBe(
    'se-retrofit strip nets/net.keras -o nets/net-plain.keras && se-retrofit nets/net-plain.keras --skip-stage 4',
  );
});

test('it is alone: no other file, no network, no script but its own', () => {
  const { html, root } = pageOf(sketchRun(sketchExcitation(NET, HOSTILE)));
  expect(html).not.toMatch(/\b(?:https?:)?\/\/[\w.]+\.\w|url\(|@import/);
  for (const { name, attributes } of listElements(root)) {
    expect(
      Object.keys(attributes).filter((key) => /^on|^(?:src|href|srcdoc|action|formaction|xlink:href)$/.test(key)),
    ).toEqual([]);
    expect(['link', 'iframe', 'object', 'embed', 'image', 'use', 'foreignObject', 'form', 'base']).not.toContain(name);
  }
  const script = only(root, 'script').text;
  expect(COPY_SCRIPT_HASH).toBe(`sha256-${createHash('sha256').update(script).digest('base64')}`);
  const policy = [...listElements(root, 'meta')].find(({ attributes }) => attributes['http-equiv'] !== undefined)!;
  expect(policy.attributes.content).toBe(
    `default-src 'none'; style-src 'unsafe-inline'; script-src '${COPY_SCRIPT_HASH}'`,
  );
});

test('names from folders and files are text, whatever they hold', () => {
  const modules = HOSTILE.map((name, index): ModuleSketch => ({ name, stage: index + 1, block: null }));
  const run = sketchRun(sketchExcitation(modules, HOSTILE), {
    chosen: HOSTILE.map((_, index) => index),
    imagesPath: `pictures/${HOSTILE[0]}`,
    skipped: [{ path: HOSTILE[1]!, reason: HOSTILE[2]! }],
    warnings: [{ code: 'x', message: HOSTILE[0]!, where: HOSTILE[6]! }],
  });
  const named = { ...run, input: { ...run.input, path: `nets/${HOSTILE[0]}` } };
  const { html, root } = pageOf(named);
  // The parser stops at a mark that is not escaped; nothing became an element.
  expect([...listElements(root, 'img')]).toEqual([]);
  expect([...listElements(root, 'script')]).toHaveLength(1);
  expect(html).not.toMatch(/\p{Cf}|(?!\n)\p{Cc}/u);
  expect(textOf(root)).toContain(HOSTILE[0]);
  expect(textOf(root)).toContain('\\u202eevil');
});

test('everything that is drawn has words, every box a label, every region a name', () => {
  const { root } = pageOf(sketchRun(sketchExcitation(NET)));
  const drawn = [...listElements(root, 'svg')].filter(({ attributes }) => attributes['aria-hidden'] === undefined);
  expect(drawn).toHaveLength(NET.length + 2);
  for (const { attributes } of drawn) {
    expect(attributes.role).toBe('img');
    expect(attributes['aria-label']!.length).toBeGreaterThan(40);
  }
  const labelled = [...listElements(root, 'label')].flatMap((label) => [...listElements(label, 'input')]);
  expect(labelled).toEqual([...listElements(root, 'input')]);
  expect(labelled).toHaveLength(1 + 3 + 2 + 2);
  const ids = [...listElements(root)].flatMap(({ attributes }) => attributes.id ?? []);
  expect(new Set(ids).size).toBe(ids.length);
  for (const { attributes } of listElements(root, 'section')) expect(ids).toContain(attributes['aria-labelledby']);
  expect([...listElements(root, 'h1'), ...listElements(root, 'h2')].length).toBeGreaterThan(5);
  expect(only(root, 'html').attributes.lang).toBe('en');
});

test('the style shows and hides what the boxes say', () => {
  const { root } = pageOf(sketchRun(sketchExcitation(NET)));
  const style = only(root, 'style').text;
  const classes = new Set(
    [...listElements(root, 'path')].flatMap(({ attributes }) => attributes.class?.split(' ') ?? []),
  );
  for (const rank of [0, 1, 2]) {
    expect(classes).toContain(`k${rank}`);
    expect(style).toContain(`body:has(#show-${rank}:not(:checked)) .panels .k${rank}`);
  }
  for (const order of ['index', 'mean']) {
    const groups = [...listElements(root, 'g')].filter(({ attributes }) => attributes.class === `by-${order}`);
    expect(groups).toHaveLength(NET.length);
    expect(style).toContain(`.by-${order}`);
  }
  expect(style).toContain('@media (prefers-color-scheme:dark)');
  expect(style).toContain('@media print');
});

test('gates that hardly move fill their panel by a scale of its own, which numbers tell', () => {
  const { modules, ...others } = sketchExcitation([{ stage: 2, range: 2, channels: 32 }]);
  const narrow = (values: ArrayLike<number>) => Float64Array.from(values, (gate) => 0.99 + gate / 100);
  const [module] = modules;
  const classes = module!.classes.map((gates) => ({ ...gates, mean: Float32Array.from(narrow(gates.mean)) }));
  const run = sketchRun({ ...others, modules: [{ ...module!, mean: narrow(module!.mean), classes }] });
  const { root } = pageOf(run);
  const groupOf = (name: string) => [...listElements(root, 'g')].find(({ attributes }) => attributes.class === name)!;
  const numbers = (name: string) => [...listElements(groupOf(name), 'text')].map((text) => Number(textOf(text)));
  expect(numbers('same')).toEqual([0.8, 0.9, 1, 1.1, 1.2]);
  expect(Math.min(...numbers('own'))).toBeCloseTo(0.99, 6);
  expect(Math.max(...numbers('own'))).toBeCloseTo(1.01, 6);
  const lines = groupOf('lines');
  const [, , , factor, , shift] = /matrix\((.*)\)/.exec(lines.attributes.style!)![1]!.split(',').map(Number);
  const heights = [...listElements(lines, 'path')].flatMap(({ attributes }) =>
    [...attributes.d!.matchAll(/,([\d.]+)/g)].map(([, y]) => factor! * Number(y) + shift!),
  );
  // The panel's plot lies between 42 and 176.
  expect(Math.min(...heights)).toBeGreaterThan(41);
  expect(Math.max(...heights)).toBeLessThan(177);
  expect(Math.max(...heights) - Math.min(...heights)).toBeGreaterThan(100);
  expect(only(root, 'style').text).toContain('body:has(#scale-own:checked) .lines{transform:var(--own)}');
});

test('classes that do not part yet: that is said, and no cell has a strong colour', () => {
  const { root } = pageOf(sketchRun(sketchExcitation(NET.map((module) => ({ ...module, between: 1e-5, within: 0 })))));
  const section = [...listElements(root, 'section')].find(
    ({ attributes }) => attributes['aria-labelledby'] === 'distances',
  )!;
  expect(textOf(section)).toMatch(/The classes do not part yet: .* less than 0\.0005 of the range/);
  const cells = [...listElements(section, 'rect')].filter((cell) => [...listElements(cell, 'title')].length > 0);
  expect(cells).toHaveLength(3 * NET.length);
  for (const { attributes } of cells) expect(Number(attributes['fill-opacity'])).toBeLessThan(0.1);
  expect(textOf(section)).toMatch(/0\.030\s+of the range: no two classes part yet/);
});

test('one class: no distances, and a warning', () => {
  const run = sketchRun(
    sketchExcitation(
      NET.map((module) => ({ ...module, between: null })),
      ['cat'],
    ),
  );
  const { root } = pageOf(run);
  expect([...listElements(root)].some(({ attributes }) => attributes.id === 'distances')).toBe(false);
  expect(textOf(root)).toContain('there is one class only');
  expect([...listElements(root, 'code')]).toEqual([]);
});

describe('what to run next', () => {
  const next = (sketches: readonly ModuleSketch[], changes: Partial<ExciteRun> = {}) =>
    nextStep(sketchRun(sketchExcitation(sketches), changes))?.command;

  test('a stage that is untrained is kept by no sentence and folded by no command in silence', () => {
    const dead = { between: 0, within: 0, isUntrained: true };
    const run = sketchRun(sketchExcitation([{ stage: 1, ...dead }, { stage: 2 }, { stage: 2, ...dead }]));
    expect(recommendationSentence(run.recommendation)).toMatch(
      /^Keep every stage that is trained: .* Of stage 1 nothing is said/,
    );
    expect(nextStep(run)).toMatchObject({
      command: expect.stringMatching(/^se-retrofit bake .* --below 0\.001$/),
      note: 'Only gates that do not move are folded into the weights, those of stage 1 too: first train what is to stay.',
    });
  });
  const format = { container: 'keras-zip', dialect: 'keras3', weightLayout: 'weights-hdf5' } as const;
  const input = { ...sketchRun(sketchExcitation(NET)).input, format, path: "my net's.keras" };

  test('untrained modules: tune; names are quoted for a shell', () => {
    expect(next([{ stage: 1, isUntrained: true, between: 0, within: 0 }], { input })).toBe(
      `se-retrofit tune 'my net'\\''s.keras' pictures -o 'my net'\\''s-tuned.keras'`,
    );
  });

  test('untrained modules and pictures of other classes: tune with a new head', () => {
    const untrained = [{ stage: 1, isUntrained: true, between: 0, within: 0 }];
    const given = { allowLinks: true };
    expect(next(untrained, { tunedHead: 'none' })).toBeUndefined();
    expect(next(untrained, { tunedHead: 'new', given })).toBe(
      'se-retrofit tune nets/net.keras --allow-links pictures -o nets/net-tuned.keras --head new',
    );
  });

  test('untrained modules and pictures of one class: nothing, tune would refuse it', () => {
    const untrained = [{ stage: 1, isUntrained: true, between: 0, within: 0 }];
    const run = sketchRun(sketchExcitation(untrained, ['cat']), { tunedHead: 'new' });
    expect(run.recommendation.code).toBe('untrained');
    expect(nextStep(run)).toBeUndefined();
  });

  test('no module says anything: bake them all, into a file of the same kind', () => {
    const steady = [2, 3].map((stage) => ({ stage, between: 0.01, within: 0.02 }));
    const command = (path: string, container: 'tfjs' | 'keras-zip') =>
      next(steady, { input: { ...input, path, format: { ...format, container } } });
    expect(command('nets/a.keras', 'keras-zip')).toBe('se-retrofit bake nets/a.keras pictures -o nets/a-baked.keras');
    expect(command('nets/a/', 'tfjs')).toBe('se-retrofit bake nets/a/ pictures -o nets/a-baked');
    expect(command('a/model.json', 'tfjs')).toBe('se-retrofit bake a/model.json pictures -o a/model-baked');
  });

  test('of every container a name that writes the same kind, or the nearest that is written', () => {
    const untrained = [{ stage: 1, isUntrained: true, between: 0, within: 0 }];
    const command = (path: string, container: Format['container']) =>
      next(untrained, { input: { ...input, path, format: { ...format, container } } })?.replace(/.* -o /, '');
    expect(command('folder', 'keras-zip')).toBe('folder-tuned.keras');
    expect(command('saved/', 'saved-model')).toBe('saved-tuned.h5');
    expect(command('net.hdf5', 'keras-h5')).toBe('net-tuned.hdf5');
    expect(command('net.json', 'keras-json')).toBe('net-tuned.json');
    expect(command('-net.h5', 'keras-h5')).toBe('./-net-tuned.h5');
    expect(command('~net.h5', 'keras-h5')).toBe("'~net-tuned.h5'");
  });

  test('flags that the model and the images were read by are said again', () => {
    const given = { weights: 'my weights.h5', preprocess: 'tf', labels: 'names.txt' };
    const json = { ...input, path: 'net.json', format: { ...format, container: 'keras-json' } } as const;
    expect(next([{ stage: 1, isUntrained: true, between: 0, within: 0 }], { given, input: json })).toBe(
      "se-retrofit tune net.json -w 'my weights.h5' pictures --preprocess tf --labels names.txt -o net-tuned.json",
    );
    expect(next([{ stage: 1, isUntrained: true, between: 0, within: 0 }], { given: { imageSize: 64 } })).toBe(
      'se-retrofit tune nets/net.keras pictures --image-size 64 -o nets/net-tuned.keras',
    );
    expect(next(NET, { given, input: json })).toBe(
      "se-retrofit strip net.json -w 'my weights.h5' -o net-plain.h5 && se-retrofit net-plain.h5 --skip-stage 4",
    );
  });

  test('modules that are not ours can be neither skipped nor baked: nothing', () => {
    const foreign = NET.map((module) => ({ ...module, kind: 'squeeze-excitation' as const }));
    expect(next(foreign)).toBeUndefined();
  });

  test('every module speaks: nothing', () => {
    expect(next(NET.slice(0, 3))).toBeUndefined();
  });
});

test('fifty modules of a thousand classes: readable, and below two megabytes', () => {
  const blocks = [3, 8, 36, 3].flatMap((blockCount, index) =>
    Array.from(
      { length: blockCount },
      (_, block): ModuleSketch => ({ stage: index + 2, block: block + 1, channels: 256 << index }),
    ),
  );
  // Two classes stand for all: a thousand of their own would take a gigabyte.
  const small = sketchExcitation(blocks, ['cat', 'dog']);
  const names = Array.from({ length: 1000 }, (_, index) => `n${index} a class with a rather long name`);
  const excitation = {
    ...small,
    classes: names.map((name) => ({ name, images: 50 })),
    modules: small.modules.map((module) => ({
      ...module,
      classes: names.map((_, index) => module.classes[index % 2]!),
    })),
  };
  const { html, root } = pageOf(
    sketchRun(excitation, { chosen: [0, 1, 2, 3, 4, 5, 6, 7], pairs: sketchRun(small).pairs }),
  );
  expect(html.length).toBeLessThan(2e6);
  expect(
    [...listElements(root, 'svg')].filter(({ attributes }) => attributes['aria-hidden'] === undefined),
  ).toHaveLength(52);
});
