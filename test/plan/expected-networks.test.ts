import { describe, expect, test } from 'vitest';
import type { ExactBy } from '../../src/plan/plan.js';
import { surveyRetrofit } from '../../src/plan/plan-retrofit.js';
import { readTopology } from '../support/fixtures.js';

// Sites and added parameters at r = 16: the paper's numbers where it has them, see PAPER and DESIGN.
interface ExpectedNetwork {
  readonly name: string;
  readonly sites: number;
  readonly params: number;
  readonly stages: number;
  /** Sites a stage, from stage 1. */
  readonly perStage: readonly number[];
  readonly exactBy: Partial<Record<NonNullable<ExactBy>, number>>;
}

const NETWORKS: readonly ExpectedNetwork[] = [
  { name: 'resnet50', sites: 16, params: 2_514_944, stages: 5, perStage: [0, 3, 4, 6, 3], exactBy: { norm: 16 } },
  { name: 'resnet101', sites: 33, params: 4_743_168, stages: 5, perStage: [0, 3, 4, 23, 3], exactBy: { norm: 33 } },
  { name: 'resnet101v2', sites: 33, params: 4_743_168, stages: 5, perStage: [0, 3, 4, 23, 3], exactBy: { conv: 33 } },
  { name: 'resnet152', sites: 50, params: 6_578_176, stages: 5, perStage: [0, 3, 8, 36, 3], exactBy: { norm: 50 } },
  { name: 'vgg16', sites: 13, params: 226_304, stages: 5, perStage: [2, 2, 3, 3, 3], exactBy: { conv: 13 } },
  { name: 'vgg16-notop', sites: 13, params: 226_304, stages: 5, perStage: [2, 2, 3, 3, 3], exactBy: { conv: 13 } },
  { name: 'mobilenet', sites: 13, params: 479_744, stages: 5, perStage: [1, 2, 2, 6, 2], exactBy: { consumers: 13 } },
  { name: 'mobilenet-v2', sites: 17, params: 28_544, stages: 5, perStage: [1, 2, 3, 7, 4], exactBy: { norm: 17 } },
  {
    name: 'inception-v3',
    sites: 11,
    params: 1_650_944,
    stages: 5,
    perStage: [0, 0, 3, 5, 3],
    exactBy: { consumers: 9, 'doubled-gate': 2 },
  },
  {
    name: 'densenet121',
    sites: 4,
    params: 303_104,
    stages: 5,
    perStage: [0, 1, 1, 1, 1],
    exactBy: { 'doubled-gate': 4 },
  },
  {
    name: 'densenet169',
    sites: 4,
    params: 591_872,
    stages: 5,
    perStage: [0, 1, 1, 1, 1],
    exactBy: { 'doubled-gate': 4 },
  },
  { name: 'xception', sites: 12, params: 730_992, stages: 5, perStage: [0, 1, 1, 9, 1], exactBy: { norm: 12 } },
  {
    name: 'convnext-tiny',
    sites: 18,
    params: 404_352,
    stages: 4,
    perStage: [3, 3, 9, 3],
    exactBy: { 'doubled-gate': 18 },
  },
  { name: 'efficientnet-v2-b0', sites: 4, params: 832, stages: 5, perStage: [0, 2, 2, 0, 0], exactBy: { norm: 4 } },
  {
    name: 'inception-resnet-v2',
    sites: 43,
    params: 9_196_928,
    stages: 5,
    perStage: [0, 0, 11, 21, 11],
    exactBy: { conv: 40, 'doubled-gate': 3 },
  },
  { name: 'unet', sites: 22, params: 119_936, stages: 5, perStage: [5, 5, 5, 5, 2], exactBy: { conv: 22 } },
  { name: 'siamese', sites: 8, params: 21_760, stages: 5, perStage: [0, 2, 2, 2, 2], exactBy: { norm: 8 } },
  { name: 'edsr', sites: 17, params: 8_704, stages: 3, perStage: [0, 0, 17], exactBy: { conv: 17 } },
];

test.each(NETWORKS)(
  '$name gets $sites modules with $params parameters',
  ({ name, sites, params, stages, perStage, exactBy }) => {
    const plan = surveyRetrofit(readTopology(name));
    const counts: Record<string, number> = {};
    for (const site of plan.sites) counts[site.exactBy!] = (counts[site.exactBy!] ?? 0) + 1;

    expect(plan.sites).toHaveLength(sites);
    expect(plan.params.added).toBe(params);
    expect(plan.stages).toHaveLength(stages);
    expect(plan.stages.map((stage) => stage.sites.length)).toEqual(perStage);
    expect(counts).toEqual(exactBy);
  },
);

test.each([
  ['resnet50', 942_080],
  ['resnet101', 3_170_304],
  ['resnet152', 5_005_312],
])('%s without its last stage gets %i parameters, as the paper has it', (name, params) => {
  expect(surveyRetrofit(readTopology(name), { skipStages: ['last'] }).params.added).toBe(params);
  expect(surveyRetrofit(readTopology(name), { skipStages: [5] }).params.added).toBe(params);
});

test.each([
  ['resnet50', [24_576, 131_072, 786_432, 1_572_864]],
  ['resnet101', [24_576, 131_072, 3_014_656, 1_572_864]],
  ['resnet152', [24_576, 262_144, 4_718_592, 1_572_864]],
])('%s: parameters stage by stage, as the paper has them', (name, perStage) => {
  const { stages } = surveyRetrofit(readTopology(name));
  expect(stages.slice(1).map((stage) => stage.sites.reduce((sum, site) => sum + site.params, 0))).toEqual(perStage);
});

test('multiply-accumulates are those of the paper', () => {
  const giga = (name: string) => surveyRetrofit(readTopology(name)).macs.before! / 1e9;
  expect(giga('resnet50')).toBeCloseTo(3.86, 2);
  expect(giga('resnet101')).toBeCloseTo(7.57, 1);
  expect(giga('resnet152')).toBeCloseTo(11.28, 1);
  expect(giga('vgg16')).toBeCloseTo(15.47, 2);
  expect(giga('mobilenet')).toBeCloseTo(0.569, 3);
});

describe('networks that have modules already', () => {
  test.each([
    ['efficientnet-b0', 16],
    ['resnetrs50', 16],
  ])('%s: all %i blocks hold one and are not doubled', (name, blocks) => {
    const plan = surveyRetrofit(readTopology(name));
    expect(plan.sites).toHaveLength(0);
    expect(plan.network.modules).toHaveLength(blocks);
    expect(plan.skipped.filter(({ reason }) => reason === 'has-module')).toHaveLength(blocks);
  });

  test('MobileNet v3 gets modules only in the blocks that have none', () => {
    const plan = surveyRetrofit(readTopology('mobilenet-v3-large'));
    expect(plan.network.modules).toHaveLength(8);
    expect(plan.sites).toHaveLength(7);
  });
});

test('what looks like a block and gets nothing stands in skipped', () => {
  expect(surveyRetrofit(readTopology('xception')).skipped).toEqual([
    { layer: 'block14_sepconv2', stage: 5, reason: 'no-shortcut' },
  ]);
  expect(surveyRetrofit(readTopology('unet')).skipped.map(({ reason }) => reason)).toEqual([
    'makes-logits',
    'too-few-channels',
  ]);
});
