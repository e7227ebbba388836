import type { LayerRole } from '../layer-facts.js';
import { COMMUTING, elementwise, type OperationFacts, type OperationTable } from './operation-facts.js';
import { multiplied } from './operation-shapes.js';

/** Two tensors, or a tensor and numbers. */
const binary = (role: LayerRole): OperationFacts => ({ ...elementwise(role), second: { name: 'y', takes: 'either' } });

/** One that turns pixels into a network's input range where they are what it reads. */
const rescaling = (role: LayerRole): OperationFacts => ({ ...binary(role), rescales: true });

const UNARY = elementwise('other');

export const ARITHMETIC: OperationTable = {
  'numpy.Add': { ...rescaling('add'), ...COMMUTING, functions: '__operators__.add math.add add', node: 'AddV2' },
  AddN: { ...elementwise('add'), takesList: true, functions: 'math.add_n' },
  BiasAdd: {
    role: 'other',
    isElementwise: true,
    rescales: true,
    functions: 'nn.bias_add',
    second: { name: 'bias', takes: 'either' },
  },
  'numpy.Subtract': { ...rescaling('merge'), functions: 'math.subtract subtract', node: 'Sub' },
  'numpy.Multiply': { ...rescaling('multiply'), functions: 'math.multiply multiply', node: 'Mul' },
  'numpy.TrueDivide': { ...rescaling('other'), isDivision: true, functions: 'math.truediv truediv', node: 'RealDiv' },
  'numpy.Divide': { ...rescaling('other'), isDivision: true, functions: 'math.divide divide realdiv' },
  'numpy.Maximum': { ...binary('merge'), functions: 'math.maximum maximum' },
  'numpy.Minimum': { ...binary('merge'), functions: 'math.minimum minimum' },
  'numpy.Power': { ...binary('other'), functions: 'math.pow pow', node: 'Pow' },
  'numpy.Matmul': {
    role: 'other',
    outputShape: multiplied,
    functions: 'linalg.matmul matmul',
    second: { name: 'b', takes: 'tensor' },
    harmless: { transpose_a: false, transpose_b: false, adjoint_a: false, adjoint_b: false },
  },
  'numpy.Negative': { ...UNARY, functions: 'math.negative negative', node: 'Neg' },
  'numpy.Absolute': { ...UNARY, functions: 'math.abs abs', node: 'Abs' },
  'numpy.Square': { ...UNARY, functions: 'math.square square' },
  'numpy.Sqrt': { ...UNARY, functions: 'math.sqrt sqrt' },
  'math.Rsqrt': { role: 'other', isElementwise: true, functions: 'math.rsqrt' },
  'numpy.Reciprocal': { ...UNARY, functions: 'math.reciprocal', node: 'Inv' },
  'numpy.Exp': { ...UNARY, functions: 'math.exp exp' },
  'numpy.Log': { ...UNARY, functions: 'math.log' },
  'numpy.Log1p': { ...UNARY, functions: 'math.log1p' },
  'numpy.Expm1': { ...UNARY, functions: 'math.expm1' },
  'numpy.Sin': { ...UNARY, functions: 'math.sin sin' },
  'numpy.Cos': { ...UNARY, functions: 'math.cos cos' },
  'numpy.Floor': { ...UNARY, functions: 'math.floor floor' },
  'numpy.Ceil': { ...UNARY, functions: 'math.ceil' },
  'numpy.Round': { ...UNARY, functions: 'math.round round', harmless: { decimals: 0 } },
  'numpy.Sign': { ...UNARY, functions: 'math.sign sign' },
  'math.Erf': { ...UNARY, functions: 'math.erf' },
  'core.Cast': { ...UNARY, functions: 'cast', settings: { dtype: 'dtype' } },
  'numpy.Clip': {
    ...UNARY,
    functions: 'clip_by_value',
    settings: { x_min: ['number', 'clip_value_min'], x_max: ['number', 'clip_value_max'] },
  },
};
