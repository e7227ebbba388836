import { convertModel } from '../../formats/convert-model.js';
import { readFrom } from '../../formats/known-formats.js';
import { listChanging, planStrip, stripWarnings } from '../../plan/plan-strip.js';
import { stripReport } from '../../report/json-report.js';
import { outputLine, removedLine } from '../../report/summary.js';
import { listTrained } from '../../se/trained-modules.js';
import { nodeStorage } from '../../storage/node/node-storage.js';
import { TOOL } from '../../tool.js';
import { strip as stripModel } from '../../transforms/strip.js';
import { denyCode } from '../deny-code.js';
import { describedInput } from '../described-input.js';
import { type Flags, readOptions } from '../flags.js';
import { placeOf } from '../place.js';
import { dataColors, print, tellResult } from '../terminal.js';
import { tellWarnings } from '../warnings.js';
import { writeModel } from '../write-model.js';

/** Reads a model, takes the modules out again, writes the rest. */
export async function strip(path: string, flags: Flags): Promise<void> {
  const started = performance.now();
  const read = await readFrom(nodeStorage, path, readOptions(flags));
  if (flags.denyCode) denyCode(read);
  const plan = planStrip(read);
  const changing = listChanging(plan, await listTrained(read, plan.modules));
  const place = await placeOf(path, read, flags, '-plain');
  const model = convertModel(stripModel(read, plan), place.format);
  const output = await writeModel(model, place, flags);
  const milliseconds = performance.now() - started;
  const warnings = [...model.warnings, ...stripWarnings(plan, changing), ...output.warnings];
  const { modules } = plan;
  const input = describedInput(path, read);
  const exact = changing.length === 0;
  tellResult(
    flags,
    () => stripReport({ tool: TOOL, input, output, modules, exact, warnings, milliseconds }),
    () => {
      tellWarnings(warnings);
      print(removedLine(modules), dataColors.green(outputLine(read, output, milliseconds)));
    },
  );
}
