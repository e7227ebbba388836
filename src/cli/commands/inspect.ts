import { readFrom } from '../../formats/known-formats.js';
import { type Inspection, inspect } from '../../inspect.js';
import { countLayers, type Model } from '../../model/model.js';
import { plural } from '../../plural.js';
import { networkSvg } from '../../report/figures/network-map.js';
import { inspectReport, type Run } from '../../report/json-report.js';
import { markdownReport } from '../../report/markdown.js';
import { byteSize, printable, printablePath } from '../../report/printable.js';
import {
  commandLines,
  layerTable,
  loaderLines,
  skippedLines,
  stageTable,
  totalsLine,
  weightsWords,
} from '../../report/summary.js';
import { textTable } from '../../report/table.js';
import { nodeStorage } from '../../storage/node/node-storage.js';
import { TOOL } from '../../tool.js';
import { type Flags, planOptions, readOptions } from '../flags.js';
import { checkReportPlaces, writeReport, writtenLines } from '../report-file.js';
import { dataColors, messageColors, print, printTable, tell, tellResult } from '../terminal.js';
import { tellWarnings, warningsOfReading } from '../warnings.js';

/** Names a model's container, with TensorFlow's version where TensorFlow itself wrote it. */
const containerWords = ({ format: { container }, tensorflowVersion: version }: Model): string =>
  version === undefined ? container : `${container} of TensorFlow ${printable(version)}`;

/** Shows what a model is and what a retrofit would add; writes nothing. */
export async function inspectCommand(path: string, given: Flags): Promise<void> {
  const started = performance.now();
  const flags = given.config === undefined ? given : await (await import('../config-file.js')).withConfig(given);
  const read = await readFrom(nodeStorage, path, readOptions(flags));
  // Nothing of the model is written.
  const model = { ...read, warnings: warningsOfReading(read.warnings) };
  await checkReportPlaces(flags, model, undefined);
  const inspection = inspect(model, planOptions(flags));
  const { plan } = inspection;
  const run: Run = {
    tool: TOOL,
    model,
    inputFormat: model.format,
    inputPath: path,
    layers: countLayers(model.graph),
    plan,
    options: { ...plan.options, weights: flags.weights ?? null, allowLinks: flags.allowLinks ?? false },
    output: null,
    milliseconds: performance.now() - started,
  };
  if (flags.markdown !== undefined) await writeReport(flags.markdown, 'markdown', markdownReport(run, true));
  if (flags.svg !== undefined) await writeReport(flags.svg, 'svg', networkSvg(plan, path));
  tellResult(
    flags,
    () => inspectReport(run, inspection, flags.layers === true),
    () => show(run, inspection, flags),
  );
}

function show({ inputPath: path, model, plan, layers: count }: Run, inspection: Inspection, flags: Flags): void {
  const { modules, commands, layers } = inspection;
  tell(...writtenLines(flags));
  const { dialect } = model.format;
  print(
    dataColors.bold(
      `${printablePath(path)}: ${containerWords(model)}, ${dialect}, ${plural(count, 'layer')}, ${plural(plan.params.before, 'parameter')}, ${byteSize(model.bytes)}${weightsWords(model)}`,
    ),
  );
  printTable(stageTable(plan));
  print(
    `would add ${totalsLine(plan)}`,
    ...(modules.length === 0 ? [] : [`there already: ${modules.map((module) => printable(module.name)).join(', ')}`]),
    ...loaderLines(inspection, model),
    ...commandLines(commands),
    ...(flags.layers === true ? ['', ...textTable(layerTable(layers))] : []),
  );
  tell(...skippedLines(plan).map((line) => messageColors.dim(line)));
  tellWarnings([...model.warnings, ...plan.warnings]);
}
