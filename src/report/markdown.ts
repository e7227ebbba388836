import { type Run, runWarnings } from './json-report.js';
import { byteSize, printable, printablePath } from './printable.js';
import { SKIP_REASONS } from './sentences.js';
import { siteTable, stageTable, totalsLine, warningLine } from './summary.js';
import { markdownTable } from './table.js';
import { nanLine, verifiedLines } from './verify-report.js';

/**
 * A run as a page of Markdown: for the summary of a pipeline, or for the pull request that brings the new model.
 * @param isOfInspect whether nothing was meant to be written
 */
export function markdownReport(run: Run, isOfInspect = false): string {
  const { plan, model, inputPath, output, verified, tool } = run;
  const { sites, skipped } = plan;
  const warnings = runWarnings(run);
  const lines = [
    `## Squeeze-and-Excitation: ${code(inputPath, printablePath)}`,
    '',
    `${isOfInspect ? 'Would add ' : ''}${totalsLine(plan)}.`,
    ...(isOfInspect
      ? []
      : [
          output === null
            ? 'Nothing was written.'
            : `Written to ${code(output.path, printablePath)}: ${byteSize(model.bytes)} -> ${byteSize(output.bytes)}.`,
        ]),
    ...(verified === undefined
      ? []
      : [...verifiedLines(verified), nanLine(verified) ?? []].flat().map((line) => `- ${line}`)),
    '',
    ...markdownTable(stageTable(plan)),
    ...(sites.length === 0
      ? []
      : [
          '',
          '<details><summary>Every module</summary>',
          '',
          ...markdownTable(siteTable(sites, (name) => code(name))),
          '',
          '</details>',
        ]),
    ...(skipped.length === 0 ? [] : ['', '### Without a module', '']),
    ...skipped.map(({ layer, stage, reason }) => `- ${code(layer)} (stage ${stage}): ${SKIP_REASONS[reason]}`),
    ...(warnings.length === 0 ? [] : ['', '### Warnings', '']),
    ...warnings.map((warning) => `- ${warningLine(warning)}`),
    '',
    // The same run writes the same report: no time, no date.
    tool,
  ];
  return `${lines.join('\n')}\n`;
}

const code = (text: string, show = printable): string => `\`${show(text).replaceAll('`', "'")}\``;
