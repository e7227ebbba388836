import type { BackendName } from '../runtime/backend-names.js';
import type { BackendProbe } from '../runtime/probe-backend.js';
import { visible } from './printable.js';
import type { BackendsReport } from './report-schemas.js';
import { textTable } from './table.js';

/** Result of a run of `backends`. */
export interface BackendsSurvey {
  readonly tool: string;
  readonly node: string;
  /** In the order in which `auto` tries them. */
  readonly probes: readonly BackendProbe[];
  readonly milliseconds: number;
}

const TFJS = 'npm install @tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-layers@4.22.0';

/** Instructions for installing each backend. */
const INSTALL: Readonly<Record<BackendName, string>> = {
  'tfjs-node-gpu':
    "npm run backend:native in the folder of se-retrofit (Linux; today's TensorFlow, from PyPI), or npm install @tensorflow/tfjs-node-gpu@4.22.0 (TensorFlow 2.9 and CUDA 11)",
  'tfjs-node': 'npm install @tensorflow/tfjs-node@4.22.0 (TensorFlow 2.9, no GPU)',
  wasm: `${TFJS} @tensorflow/tfjs-backend-wasm@4.22.0`,
  cpu: `${TFJS} @tensorflow/tfjs-backend-cpu@4.22.0`,
};

export const backendsReport = ({ tool, node, probes, milliseconds }: BackendsSurvey): BackendsReport => ({
  version: 1,
  command: 'backends',
  tool,
  node,
  chosen: chosenOf(probes),
  backends: probes.map(({ name, reason, usesGpu, versions, matmul }) => ({
    name,
    runs: reason === null,
    reason,
    usesGpu,
    versions: versions && { ...versions },
    matmul: matmul && { ...matmul },
    install: INSTALL[name],
  })),
  milliseconds,
});

/** The backend that `--backend auto` chooses. */
const chosenOf = (probes: readonly BackendProbe[]): BackendName | null =>
  probes.find(({ reason }) => reason === null)?.name ?? null;

/** A table of them, then why some do not run and how to get them. */
export function backendLines({ probes, node }: BackendsSurvey): readonly string[] {
  const chosen = chosenOf(probes);
  const table = textTable({
    head: ['backend', 'runs', 'on', 'GFLOP/s', '512 x 512 product', 'version'],
    rightAligned: new Set([3, 4]),
    rows: probes.map(({ name, reason, usesGpu, versions, matmul }) => [
      name,
      reason !== null ? 'no' : name === chosen ? 'yes, first' : 'yes',
      reason !== null ? '-' : usesGpu ? 'GPU' : 'CPU',
      matmul === null ? '-' : matmul.gflops.toPrecision(3),
      matmul === null ? '-' : `${matmul.milliseconds.toPrecision(3)} ms`,
      versions === null
        ? '-'
        : `TensorFlow.js ${versions.tfjs}${versions.tensorflow === null ? '' : `, TensorFlow ${versions.tensorflow}`}`,
    ]),
  });
  // Without TensorFlow.js none of them runs, for one and the same reason.
  const reasons = new Map<string, readonly BackendName[]>();
  for (const { name, reason } of probes)
    if (reason !== null) reasons.set(reason, [...(reasons.get(reason) ?? []), name]);
  const missing = [...reasons].flatMap(([reason, names]) => {
    const [name, another] = names;
    const way = another === undefined ? `it: ${INSTALL[name!]}` : `the first that all of them need: ${INSTALL.wasm}`;
    return [`${names.join(', ')}: ${visible(reason)}`, `  to get ${way}`];
  });
  return [...table, `Node ${node}; --backend auto takes ${chosen ?? 'none: there is none'}`, ...missing];
}
