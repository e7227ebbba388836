import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { describe, expect, test } from 'vitest';
import { HAS_CHROMIUM, startChromium } from '../support/chromium.js';
import { modelFolder } from '../support/fixtures.js';
import { temporaryFolder } from '../support/temporary-folder.js';

// What examples/README.md says of browsers, as it stands there.

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const README = readFileSync(join(ROOT, 'examples', 'README.md'), 'utf8');
const ORIGIN = 'http://example.test/';

const blocksOf = (language: string): readonly string[] =>
  [...README.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))].map(([, block]) => block!);

/** A module with all that it imports, as one script. */
async function bundled(script: string): Promise<string> {
  mkdirSync(join(ROOT, '.cache'), { recursive: true });
  // In the repository, so that its packages are found, se-retrofit itself among them.
  const folder = mkdtempSync(join(ROOT, '.cache', 'readme-'));
  try {
    writeFileSync(join(folder, 'block.js'), script);
    const bundle = await rolldown({ input: join(folder, 'block.js'), platform: 'browser', logLevel: 'silent' });
    const { output } = await bundle.generate({ format: 'esm', codeSplitting: false });
    await bundle.close();
    return output[0].code;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe.runIf(HAS_CHROMIUM)('in a browser', () => {
  test('the script retrofits a model that is fetched, and TensorFlow.js loads what comes out', async () => {
    const [block] = blocksOf('js');
    const script = await bundled(`${block}\ndocument.title = JSON.stringify(network.layers.map(({ name }) => name));`);
    const browser = await startChromium();
    try {
      const page = await browser.newPage();
      const errors: string[] = [];
      page.on('pageerror', (error) => errors.push(String(error)));
      await page.setRequestInterception(true);
      page.on('request', (request) => {
        const name = request.url().slice(ORIGIN.length);
        if (name === '')
          request.respond({ contentType: 'text/html', body: '<script type="module" src="s.js"></script>' });
        else if (name === 's.js') request.respond({ contentType: 'text/javascript', body: script });
        else if (name.startsWith('net/'))
          request.respond({ body: readFileSync(join(modelFolder('resnet-cifar'), name.slice('net/'.length))) });
        else request.respond({ status: 404 });
      });
      await page.goto(ORIGIN);
      await expect.poll(async () => [errors, await page.title()], { timeout: 60_000 }).not.toEqual([[], '']);
      expect(errors).toEqual([]);
      const names: readonly string[] = JSON.parse(await page.title());
      expect(names.filter((name) => /^se_\d+_\d+_scale$/.test(name)).length).toBeGreaterThan(1);
    } finally {
      await browser.close();
    }
  });
});

test('the command serves the page', async () => {
  expect(blocksOf('sh').some((block) => block.includes('npm run example:web'))).toBe(true);
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const words = scripts['example:web'].split(' && ').at(-1).split(' ');
  expect(words[0]).toBe('node');
  const child = spawn(process.execPath, words.slice(1), { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const address = await new Promise<string>((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`it ended with ${code}`)));
      child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString().split(' ')[0]!));
    });
    const served = await fetch(address);
    expect(served.status).toBe(200);
    expect(await served.text()).toBe(readFileSync(join(ROOT, 'examples', 'web', 'index.html'), 'utf8'));
    expect((await fetch(`${address}page.js`)).headers.get('content-type')).toBe('text/javascript');
    expect((await fetch(`${address}package.json`)).status).toBe(404);
    expect((await fetch(`${address}..%2fpage.css`)).status).toBe(404);
  } finally {
    child.kill();
  }
});

test('and puts it into a folder, for a host of static files', () => {
  const folder = join(temporaryFolder(), 'page');
  const { status, stdout } = spawnSync(process.execPath, ['scripts/example-web.mjs', folder], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  expect([status, stdout]).toEqual([0, `${folder}\n`]);
  expect(readdirSync(folder).sort()).toEqual(['index.html', 'look.css', 'network.css', 'page.css', 'page.js']);
  const workflow = readFileSync(join(ROOT, '.github/workflows/release.yml'), 'utf8');
  for (const text of [README, workflow]) expect(text).toMatch(/node scripts\/example-web\.mjs (FOLDER|page)\b/);
});
