import type { ExactBy, SkipReason } from '../plan/plan.js';
import type { BlockKind } from '../stages/block.js';

// The one place where codes become sentences.

/** Where the factor 2 went that compensates for the gate of 1/2. */
export const EXACT_BY: Readonly<Record<NonNullable<ExactBy>, string>> = {
  norm: 'norm before doubled',
  conv: 'conv before doubled',
  dense: 'dense before doubled',
  branches: 'all branches doubled',
  consumers: 'next kernels doubled',
  'doubled-gate': 'gate doubled',
};

/** The same in one word, for drawings. */
const COMPENSATION_WORDS: Readonly<Record<NonNullable<ExactBy>, string>> = {
  norm: 'norm',
  conv: 'conv',
  dense: 'dense',
  branches: 'branch',
  consumers: 'next',
  'doubled-gate': 'gate',
};

export const compensationWord = (exactBy: ExactBy): string =>
  exactBy === null ? 'paper' : COMPENSATION_WORDS[exactBy];

/** Names of a block: singular, and plural. */
export const BLOCK_NAMES: Readonly<Record<BlockKind, readonly [string, string]>> = {
  residual: ['residual unit', 'residual units'],
  inception: ['inception module', 'inception modules'],
  dense: ['dense block', 'dense blocks'],
  bottleneck: ['linear bottleneck', 'linear bottlenecks'],
  conv: ['convolution unit', 'convolution units'],
};

export const exactBySentence = (exactBy: ExactBy): string => (exactBy === null ? 'not exact' : EXACT_BY[exactBy]);

export const SKIP_REASONS: Readonly<Record<SkipReason, string>> = {
  'has-module': 'holds a module already',
  'stage-not-chosen': 'its stage is not among those chosen',
  'stage-skipped': 'its stage is skipped',
  'not-included': 'its name is not among those chosen',
  excluded: 'its name is among those left out',
  'no-such-place': 'the block has no such place',
  'place-taken': 'another module scales the same tensor',
  'not-last-of-stage': 'one module a stage, behind its last block',
  'channels-unknown':
    'the number of channels is not known: neither the layer nor what reads it tells (a .keras file often says more)',
  'channels-disagree': 'what the file says of its shape in one place differs from another',
  'calls-differ': 'its calls give feature maps of other kinds, which one module cannot scale',
  'too-many-channels': 'a module of so many channels would not fit into memory',
  'too-few-channels': 'fewer than two channels for each hidden unit of a module',
  'no-features': 'no feature map: nothing to pool over',
  'no-floats': 'computes no floating-point numbers, which a gate needs',
  'loader-lacks-layer': 'the format has no global pooling for these dimensions',
  'carries-mask': "the tensor carries a mask, which would not come through the module's multiplication as it is",
  'keepdims-ignored': 'TensorFlow.js ignores the keepdims of the pooling before: no feature map',
  'makes-logits': "makes the model's output",
  'makes-gate': 'makes a gate, which other features are multiplied by',
  'no-non-linearity': 'no non-linearity behind the convolution',
  'no-shortcut': 'outside all blocks: no shortcut, no branches',
};
