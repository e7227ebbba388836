import { calledPooling, poolOperation, upsamplingSizes } from '../poolings.js';
import { COMMUTING, type OperationFacts, type OperationTable, OTHER } from './operation-facts.js';
import { blockSize, reduced, resized, spread } from './operation-shapes.js';

// Operations that make maps smaller or larger.

const SETTINGS: Pick<OperationFacts, 'settings'> = { settings: { axis: 'axes', keepdims: 'any' } };
const REDUCTION: OperationFacts = { role: 'other', outputShape: reduced, ...SETTINGS };
const POOLING: OperationFacts = { ...REDUCTION, ...COMMUTING, poolsPlaces: true };

export const REDUCTIONS: OperationTable = {
  'numpy.Mean': { ...POOLING, functions: 'math.reduce_mean reduce_mean', lastInNode: 'axis' },
  'numpy.Max': { ...POOLING, functions: 'math.reduce_max reduce_max', lastInNode: 'axis' },
  Amax: POOLING,
  'numpy.Min': { ...OTHER, ...SETTINGS, functions: 'math.reduce_min reduce_min', lastInNode: 'axis' },
  'numpy.Sum': { ...REDUCTION, functions: 'math.reduce_sum reduce_sum', lastInNode: 'axis' },
  'numpy.Prod': { ...REDUCTION, functions: 'math.reduce_prod reduce_prod' },
  'numpy.Var': { ...REDUCTION, functions: 'math.reduce_variance' },
  'numpy.Std': { ...REDUCTION, functions: 'math.reduce_std' },
  L2Normalize: { ...OTHER, functions: 'math.l2_normalize' },
  AveragePool: { ...poolOperation(), readCall: calledPooling, functions: 'nn.avg_pool2d' },
  MaxPool: { ...poolOperation(), readCall: calledPooling, functions: 'nn.max_pool2d' },
  'nn.DepthToSpace': {
    role: 'upsampling',
    ...COMMUTING,
    sizes: upsamplingSizes(),
    outputShape: spread,
    resolution: (config) => [1 / blockSize(config), 1 / blockSize(config)],
    functions: 'nn.depth_to_space',
    settings: { block_size: 'coded', data_format: 'coded' },
  },
  'image.Resize': {
    role: 'upsampling',
    sizes: upsamplingSizes(),
    outputShape: resized,
    functions: 'image.resize',
    settings: { size: 'coded', interpolation: ['coded', 'method'], antialias: 'coded' },
  },
};
