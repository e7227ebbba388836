import { snakeCase } from './layer-names.js';

// What compile settings may name without anybody's own code: losses, metrics, optimizers and schedules that Keras 2,
// Keras 3 and TensorFlow.js ship. Source: `ALL_OBJECTS` of keras 3.15 (losses, metrics, optimizers), the modules of
// tf-keras 2.21, and lossesMap and metricsMap of tfjs-layers 4.22.

const words = (text: string): readonly string[] => text.split(' ');

const LOSSES_AND_METRICS = words(
  'AUC Accuracy BinaryAccuracy BinaryCrossentropy BinaryFocalCrossentropy BinaryIoU CTC CategoricalAccuracy ' +
    'CategoricalCrossentropy CategoricalFocalCrossentropy CategoricalHinge Circle ConcordanceCorrelation ' +
    'CosineSimilarity Dice F1Score FBetaScore FalseNegatives FalsePositives Hinge Huber IoU KLDivergence LogCosh ' +
    'LogCoshError Loss LossFunctionWrapper Mean MeanAbsoluteError MeanAbsolutePercentageError MeanIoU ' +
    'MeanMetricWrapper MeanRelativeError MeanSquaredError MeanSquaredLogarithmicError MeanTensor Metric OneHotIoU ' +
    'OneHotMeanIoU PearsonCorrelation Poisson Precision PrecisionAtRecall PyMetric R2Score Recall RecallAtPrecision ' +
    'Reduce RootMeanSquaredError SensitivityAtSpecificity SensitivitySpecificityBase SparseCategoricalAccuracy SparseCategoricalCrossentropy ' +
    'SparseTopKCategoricalAccuracy SpecificityAtSensitivity SquaredHinge Sum SumOverBatchSize ' +
    'SumOverBatchSizeMetricWrapper TopKCategoricalAccuracy TrueNegatives TruePositives Tversky',
);

const OPTIMIZERS = words(
  'Adadelta Adafactor Adagrad Adam AdamW Adamax Ftrl Lion LossScaleOptimizer LossScaleOptimizerV1 ' +
    'LossScaleOptimizerV3 Momentum MultiOptimizer Muon Nadam Optimizer OptimizerMap RMSProp RMSprop SGD ' +
    'ScheduleFreeAdamW',
);

const BESIDES_OPTIMIZERS = words(
  'CosineDecay CosineDecayRestarts DynamicLossScale ExponentialDecay FixedLossScale InverseTimeDecay ' +
    'LearningRateSchedule PiecewiseConstantDecay PolynomialDecay',
);

// Names of functions that are not simply those of the classes.
const FUNCTIONS = words(
  'acc ACC bce BCE ce cosine cosine_proximity crossentropy huber_loss kl_divergence kld KLD ' +
    'kullback_leibler_divergence logcosh mae MAE mape MAPE mse MSE msle MSLE',
);

const camelCase = (name: string): string => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

const CLASSES: ReadonlySet<string> = new Set([
  ...LOSSES_AND_METRICS,
  ...OPTIMIZERS,
  ...BESIDES_OPTIMIZERS,
  // tf-keras registers its newer optimizers as if they were custom.
  ...OPTIMIZERS.map((name) => `Custom>${name}`),
]);

const SNAKE_NAMES = [...LOSSES_AND_METRICS.map(snakeCase), ...FUNCTIONS];

const NAMES: ReadonlySet<string> = new Set([
  ...CLASSES,
  ...SNAKE_NAMES,
  ...SNAKE_NAMES.map(camelCase),
  ...OPTIMIZERS.map((name) => name.toLowerCase()),
]);

/** Tells whether a class of compile settings is one that loaders have themselves. */
export const isCompileClass = (className: string): boolean => CLASSES.has(className);

/** Tells whether a loss, a metric or an optimizer is there under this name. */
export const isCompileName = (name: string): boolean => NAMES.has(name);

const TFJS_LOSSES = words(
  'meanSquaredError meanAbsoluteError meanAbsolutePercentageError meanSquaredLogarithmicError squaredHinge hinge ' +
    'categoricalHinge logcosh categoricalCrossentropy sparseCategoricalCrossentropy binaryCrossentropy ' +
    'kullbackLeiblerDivergence poisson cosineProximity',
);

const TFJS_METRICS = words(
  'accuracy acc crossentropy ce binaryAccuracy categoricalAccuracy precision categoricalCrossentropy ' +
    'sparseCategoricalCrossentropy mse MSE mae MAE mape MAPE cosine',
);

const TFJS_OPTIMIZERS = words('Adadelta Adagrad Adam Adamax Momentum RMSProp SGD');

/** Tells whether TensorFlow.js has a loss that compile settings name, in its own words or in Python's. */
export const tfjsHasLoss = (name: string): boolean => TFJS_LOSSES.includes(camelCase(name));

/** @param isTranslated whether TensorFlow.js turns this name from Python's words into its own */
export const tfjsHasMetric = (name: string, isTranslated: boolean): boolean =>
  TFJS_METRICS.includes(isTranslated ? camelCase(name) : name);

export const tfjsHasOptimizer = (className: string): boolean => TFJS_OPTIMIZERS.includes(className);
