import type * as Core from '@tensorflow/tfjs-core';
import type * as Layers from '@tensorflow/tfjs-layers';
import type { BackendName } from './backend-names.js';

/** TensorFlow.js, loaded, with a backend that runs. Type-only imports: only startBackend loads it. */
export interface TensorFlow {
  readonly tf: typeof Core;
  readonly layers: typeof Layers;
  readonly backend: BackendName;
  /** Whether the backend computes on a GPU. */
  readonly usesGpu: boolean;
  /** Backends that come first and do not run here, and why. */
  readonly passedOver: readonly PassedOver[];
}

export interface PassedOver {
  readonly name: BackendName;
  readonly reason: string;
}
