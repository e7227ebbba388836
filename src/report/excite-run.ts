import type { SkippedImage } from '../images/image-batches.js';
import type { Format, Warning } from '../model/model.js';
import type { ClassPair } from '../runtime/class-distances.js';
import type { Excitation } from '../runtime/excite-model.js';
import type { Recommendation } from '../runtime/recommend-stages.js';

/** Result of a run of `excite`. */
export interface ExciteRun {
  readonly tool: string;
  readonly input: { readonly path: string; readonly format: Format; readonly layers: number; readonly bytes: number };
  /** The folder of images, as it was given. */
  readonly imagesPath: string;
  /** Flags that whoever computes with the same model and images has to give again. */
  readonly given?: {
    readonly weights?: string | undefined;
    readonly allowLinks?: boolean | undefined;
    readonly preprocess?: string | undefined;
    readonly labels?: string | undefined;
    readonly imageSize?: number | undefined;
  };
  /** As the user gave them, or by default. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** The head with which the model can be tuned on these images: a new one for other classes; none where it names no class. */
  readonly tunedHead?: 'keep' | 'new' | 'none';
  readonly preprocess: string;
  readonly backend: string;
  readonly excitation: Excitation;
  /** Classes that get a line of their own, as indices of the excitation's. */
  readonly chosen: readonly number[];
  /** Whether the user named them. */
  readonly areNamed: boolean;
  /** Every two of them. */
  readonly pairs: readonly ClassPair[];
  readonly recommendation: Recommendation;
  readonly skipped: readonly SkippedImage[];
  /** The model's own. */
  readonly warnings: readonly Warning[];
  readonly milliseconds: number;
}
