import { randomNumbers } from '../../src/random.js';
import type { ExciteRun } from '../../src/report/excite-run.js';
import { chooseClasses } from '../../src/runtime/choose-classes.js';
import { listPairs } from '../../src/runtime/class-distances.js';
import type { Excitation, ExcitedModule } from '../../src/runtime/excite-model.js';
import { type ClassGates, specificityOf, type Variances } from '../../src/runtime/gate-statistics.js';
import { recommendStages } from '../../src/runtime/recommend-stages.js';

/** What a made-up module's gates do. */
export interface ModuleSketch {
  readonly name?: string;
  readonly stage: number;
  readonly block?: number | null;
  readonly channels?: number;
  readonly params?: number;
  readonly range?: 1 | 2;
  readonly kind?: ExcitedModule['kind'];
  /** Standard deviation of the class means, and of images within a class, as shares of the range. */
  readonly between?: number | null;
  readonly within?: number;
  readonly saturation?: number;
  readonly isUntrained?: boolean;
}

/** An excitation as a model would give it, without one: gates are drawn at random around a mean for each class. */
export function sketchExcitation(
  modules: readonly ModuleSketch[],
  classNames: readonly string[] = ['cat', 'dog', 'duck'],
  imagesEach = 50,
): Excitation {
  return {
    images: classNames.length * imagesEach,
    classes: classNames.map((name) => ({ name, images: imagesEach })),
    modules: modules.map((sketch, index) => sketchModule(sketch, index, classNames.length, imagesEach)),
  };
}

function sketchModule(sketch: ModuleSketch, index: number, classCount: number, observations: number): ExcitedModule {
  const { stage, block = index + 1, channels = 8, params = 1000, range = 1, kind = 'se-retrofit' } = sketch;
  const { between = 0.1, within = 0.1, saturation = 0, isUntrained = false } = sketch;
  const random = randomNumbers(index, 'gates');
  const vector = (draw: () => number) => Float64Array.from({ length: channels }, draw);
  const mean = vector(() => (isUntrained ? range / 2 : range * random()));
  const classes = Array.from(
    { length: classCount },
    (): ClassGates => ({
      observations,
      mean: Float32Array.from(mean, (value) => clamped(value + 2 * (between ?? 0) * (random() - 0.5) * range, range)),
      deviation: Float32Array.from(vector(() => within * range)),
    }),
  );
  const variances: Variances = {
    total: (between ?? 0) ** 2 + within ** 2,
    between: between === null ? null : between ** 2,
    within: between === null ? null : within ** 2,
  };
  return {
    name: sketch.name ?? `se_${stage}_${index + 1}`,
    stage,
    block,
    params,
    kind,
    channels,
    range,
    mean,
    deviation: vector(() => within * range),
    classes,
    variances,
    specificity: specificityOf(variances),
    saturation,
    isUntrained,
  };
}

const clamped = (value: number, range: number): number => Math.min(range, Math.max(0, value));

/** A whole run around an excitation, its classes chosen and its stages judged as the command does it. */
export function sketchRun(excitation: Excitation, changes: Partial<ExciteRun> = {}): ExciteRun {
  const chosen = changes.chosen ?? chooseClasses(excitation, 5);
  return {
    tool: 'se-retrofit 0.0.0',
    input: {
      path: 'nets/net.keras',
      format: { container: 'keras-zip', dialect: 'keras3', weightLayout: 'weights-hdf5' },
      layers: 10,
      bytes: 1_234_567,
    },
    imagesPath: 'pictures',
    preprocess: 'unit',
    backend: 'wasm',
    excitation,
    chosen,
    areNamed: false,
    pairs: listPairs(excitation, chosen),
    recommendation: recommendStages(excitation),
    skipped: [],
    warnings: [],
    milliseconds: 12,
    ...changes,
  };
}
