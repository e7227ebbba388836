import { expect, test } from 'vitest';
import { tunePage } from '../../src/report/tune-page.js';
import type { TuneRun } from '../../src/report/tune-report.js';
import { HAS_CHROMIUM, startChromium } from '../support/chromium.js';

const images = Array.from({ length: 20_000 }, (_, index) => ({ path: `${index}.png`, label: index % 2 }));
const epochs = Array.from({ length: 12 }, (_, index) => ({
  epoch: index + 1,
  loss: 2.5,
  accuracy: 0.98765,
  validationLoss: 2.25,
  validationAccuracy: 0.98765,
}));

/** The part of a run that the page shows. */
const run = {
  tool: 'se-retrofit 0.0.0',
  inputPath: 'net.keras',
  images: { classes: ['a', 'b'], training: images, validation: images },
  size: { height: 224, width: 224, channels: 3 },
  options: { labels: `${'long/'.repeat(40)}labels.txt` },
  head: 'kept',
  trainedParams: 10,
  params: 100,
  result: {
    epochs,
    before: { loss: 3, accuracy: 0.5 },
    after: { loss: 2.25, accuracy: 0.98765 },
    best: 12,
    skipped: [],
  },
  output: { path: 'tuned.keras', files: ['tuned.keras'] },
  changed: [],
} as unknown as TuneRun;

test.runIf(HAS_CHROMIUM)('the page of a training fits a telephone: nothing scrolls sideways', async () => {
  const browser = await startChromium();
  try {
    const page = await browser.newPage();
    await page.setViewport({ width: 400, height: 800 });
    await page.setContent(tunePage(run));
    const isTooWide =
      '[...document.querySelectorAll("html, .wide")].filter((box) => box.scrollWidth > box.clientWidth)';
    expect(await page.evaluate(`${isTooWide}.length`)).toBe(0);
    expect(await page.evaluate('document.body.textContent')).toContain('19,753 of 20,000 (98.77\u00a0%)');
  } finally {
    await browser.close();
  }
});
