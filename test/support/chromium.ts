import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import chromium from '@sparticuz/chromium';
import puppeteer, { type Browser } from 'puppeteer-core';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const PATIENCE_MILLISECONDS = 100_000;

/** Whether the package holds a Chromium for this machine. */
export const HAS_CHROMIUM = process.platform === 'linux' && process.arch === 'x64';

/** Starts a browser without a window. Its sandbox needs rights that containers do not give. */
export const startChromium = async (): Promise<Browser> =>
  puppeteer.launch({
    executablePath: await unpackedChromium(),
    args: ['--no-sandbox'],
    headless: 'shell',
    timeout: PATIENCE_MILLISECONDS,
  });

/** The program out of the package, which unpacks into the folder for temporary files, where test files would meet. */
async function unpackedChromium(): Promise<string> {
  const { devDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const folder = join(ROOT, '.cache', `chromium-${devDependencies['@sparticuz/chromium']}`);
  if (!existsSync(folder)) {
    mkdirSync(join(ROOT, '.cache'), { recursive: true });
    const unpacked = mkdtempSync(`${folder}-`);
    const { TMPDIR } = process.env;
    process.env.TMPDIR = unpacked;
    try {
      await chromium.executablePath();
    } finally {
      if (TMPDIR === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = TMPDIR;
    }
    try {
      renameSync(unpacked, folder);
    } catch {
      // Another test file was faster.
      rmSync(unpacked, { recursive: true });
    }
  }
  return join(folder, 'chromium');
}
