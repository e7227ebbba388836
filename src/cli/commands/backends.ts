import { backendLines, backendsReport } from '../../report/backends-report.js';
import { BACKEND_NAMES } from '../../runtime/backend-names.js';
import type { BackendProbe } from '../../runtime/probe-backend.js';
import { TOOL } from '../../tool.js';
import { probeInChild } from '../probe-in-child.js';
import { dataColors, print, tellResult } from '../terminal.js';

/** Tries every backend, one after the other: two at once would time each other. */
export async function backends(flags: { readonly json?: boolean }): Promise<void> {
  const started = performance.now();
  const probes: BackendProbe[] = [];
  for (const name of BACKEND_NAMES) probes.push(await probeInChild(name));
  const survey = { tool: TOOL, node: process.version, probes, milliseconds: performance.now() - started };
  const [head, ...lines] = backendLines(survey);
  tellResult(
    flags,
    () => backendsReport(survey),
    () => print(dataColors.bold(head!), ...lines),
  );
}
