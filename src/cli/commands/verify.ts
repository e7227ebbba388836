import { RetrofitError, usageError, withHint } from '../../errors.js';
import { readFrom } from '../../formats/known-formats.js';
import type { SkippedImage } from '../../images/image-batches.js';
import type { Model } from '../../model/model.js';
import { printable, printablePath } from '../../report/printable.js';
import {
  type Comparison,
  isVerified,
  layersLine,
  nanLine,
  verifiedLines,
  verifyReport,
} from '../../report/verify-report.js';
import { nodeStorage } from '../../storage/node/node-storage.js';
import { TOOL } from '../../tool.js';
import { describedInput } from '../described-input.js';
import { EXAMPLES, IMAGES, progressBar } from '../progress.js';
import { dataColors, messageColors, print, tell, tellResult } from '../terminal.js';
import { differs, type VerifyRequest, type VerifyWatch, verifyBoth } from '../verify-both.js';

export interface VerifyFlags extends VerifyRequest {
  readonly beforeWeights?: string;
  readonly afterWeights?: string;
  readonly allowLinks?: boolean;
  readonly json?: boolean;
}

/** Tells whether a model computes what another does, and whether its weights are all there. */
export async function verify(beforePath: string, afterPath: string, flags: VerifyFlags): Promise<void> {
  const started = performance.now();
  if (flags.preprocess !== undefined && flags.images === undefined)
    throw usageError('bad-flags', '--preprocess is for images, and none are given', {
      hint: 'give them with --images DIR, or leave it out',
    });
  const before = await read(beforePath, 'before', flags);
  const after = await read(afterPath, 'after', flags);
  const skipped: SkippedImage[] = [];
  const bar = progressBar('comparing', flags.json === true, flags.images === undefined ? EXAMPLES : IMAGES);
  const watch: VerifyWatch = {
    onSkipped: (image) => skipped.push(image),
    onProgress: bar.update,
    ...(flags.json ? {} : { onWeightsAlone: print }),
  };
  const verified = await verifyBoth(before, after, flags, watch).finally(bar.stop);
  const comparison: Comparison = {
    ...verified,
    tool: TOOL,
    before: describedInput(beforePath, before),
    after: describedInput(afterPath, after),
    skipped,
    milliseconds: performance.now() - started,
  };
  tellResult(
    flags,
    () => verifyReport(comparison),
    () => show(comparison),
  );
  if (!isVerified(verified))
    throw differs(verified, afterPath, 'with a --tolerance above 0 the outputs alone decide, and how near they are');
}

function show(comparison: Comparison): void {
  tell(
    ...comparison.skipped.map(({ path, reason }) =>
      messageColors.yellow(`skipped ${printablePath(path)}: ${printable(reason)}`),
    ),
  );
  for (const line of [layersLine(comparison), nanLine(comparison)])
    if (line !== undefined) tell(messageColors.yellow(`warning: ${line}`));
  const isFine = isVerified(comparison);
  print(...verifiedLines(comparison).map((line) => (isFine ? dataColors.green(line) : line)));
}

function read(path: string, which: 'before' | 'after', { allowLinks = false, ...flags }: VerifyFlags): Promise<Model> {
  const weights = flags[`${which}Weights`];
  const options = { allowLinks, ...(weights === undefined ? {} : { weights }) };
  return readFrom(nodeStorage, path, options).catch((error: unknown) => {
    if (!(error instanceof RetrofitError)) throw error;
    throw withHint(error, (hint) => hint.replace(/--weights|(?<=: |with )-w\b/, `--${which}-weights`));
  });
}
