import chromium from '@sparticuz/chromium';
import puppeteer, { type Browser } from 'puppeteer-core';

/** Whether the package holds a Chromium for this machine. */
export const HAS_CHROMIUM = process.platform === 'linux' && process.arch === 'x64';

/** Starts a browser without a window. Its sandbox needs rights that containers do not give. */
export const startChromium = async (): Promise<Browser> =>
  puppeteer.launch({ executablePath: await chromium.executablePath(), args: ['--no-sandbox'], headless: 'shell' });
