import { forTodaysKeras } from '../../formats/conversion-warnings.js';
import { convertModel } from '../../formats/convert-model.js';
import { readFrom } from '../../formats/known-formats.js';
import { convertReport } from '../../report/json-report.js';
import { outputLine } from '../../report/summary.js';
import { nodeStorage } from '../../storage/node/node-storage.js';
import { TOOL } from '../../tool.js';
import { denyCode } from '../deny-code.js';
import { describedInput } from '../described-input.js';
import { type Flags, readOptions } from '../flags.js';
import { placeOf } from '../place.js';
import { dataColors, print, tellResult } from '../terminal.js';
import { tellWarnings } from '../warnings.js';
import { storingOptions, type WeightFlags } from '../weight-flags.js';
import { writeModel } from '../write-model.js';

/** The flags of convert, besides those it shares. */
export type ConvertFlags = Flags & WeightFlags;

/** Reads a model, converts it to another format, writes it. */
export async function convert(path: string, flags: ConvertFlags): Promise<void> {
  const started = performance.now();
  const read = await readFrom(nodeStorage, path, readOptions(flags));
  if (flags.denyCode) denyCode(read);
  const place = await placeOf(path, read, flags);
  const model = convertModel(forTodaysKeras(read, place.format.dialect), place.format);
  const storing = storingOptions(model, place.format.container, flags);
  const output = await writeModel(model, place, flags, storing);
  const milliseconds = performance.now() - started;
  const warnings = [...model.warnings, ...output.warnings];
  const input = describedInput(path, read);
  tellResult(
    flags,
    () => convertReport({ tool: TOOL, input, output, warnings, milliseconds }),
    () => {
      tellWarnings(warnings);
      print(dataColors.green(outputLine(read, output, milliseconds)));
    },
  );
}
