// npm run example:web: builds the page of examples/web and serves it to this machine. With the name of a folder it puts the
// page there instead, for any host of static files: node scripts/example-web.mjs FOLDER

import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { dirname, extname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const SOURCE = join(ROOT, 'examples', 'web');
const TYPES = { '.html': 'text/html; charset=utf-8', '.css': 'text/css', '.js': 'text/javascript' };

const STATIC = ['index.html', 'look.css', 'page.css', 'network.css'];

/** Puts a script and all that it imports together in one. */
async function bundled(name, plugins = []) {
  const bundle = await rolldown({ input: resolve(SOURCE, name), platform: 'browser', plugins });
  const { output } = await bundle.generate({ format: 'iife', codeSplitting: false, minify: true });
  await bundle.close();
  return output[0].code;
}

/**
 * What the page holds besides its scripts. `./worker.js?source` is a script as a text: the page makes its worker of that, so
 * that both are under one policy. `model.json?folder` is a model with all of its files, in base64.
 */
const embedded = {
  name: 'embedded',
  resolveId: (id, from) => (/\?(source|folder)$/.test(id) ? resolve(dirname(from), id) : null),
  load: async (id) => {
    const [path, kind] = id.split('?');
    if (kind === 'source') return `export default ${JSON.stringify(await bundled(path))}`;
    return kind === 'folder' ? `export default ${JSON.stringify(await filesBeside(path))}` : null;
  },
};

async function filesBeside(path) {
  const names = (await readdir(dirname(path))).filter((name) => name !== 'expected.json');
  return Promise.all(names.map(async (name) => [name, await readFile(join(dirname(path), name), 'base64')]));
}

/** Makes the page, with its script in one file, in a folder. */
export async function buildPage(folder = join(ROOT, '.cache', 'example-web')) {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'page.js'), await bundled('page.js', [embedded]));
  for (const name of STATIC) await copyFile(join(SOURCE, name), join(folder, name));
  return folder;
}

/** Serves a folder to this machine alone; any free port by default. */
export async function serve(folder, port = 0) {
  const server = createServer(async ({ url }, response) => {
    const name = new URL(url, 'http://localhost').pathname.slice(1) || 'index.html';
    const type = TYPES[extname(name)];
    const bytes =
      type === undefined || name.includes('/') ? undefined : await readFile(join(folder, name)).catch(() => {});
    response.writeHead(bytes === undefined ? 404 : 200, { 'content-type': type ?? 'text/plain' }).end(bytes);
  });
  await new Promise((done, failed) => server.once('error', failed).listen(port, '127.0.0.1', done));
  return { address: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder] = process.argv.slice(2);
  const built = await buildPage(folder && resolve(folder));
  if (folder === undefined) {
    const { address } = await serve(built, Number(process.env.PORT ?? 0));
    console.log(`${address}  (stop with Ctrl+C)`);
  } else console.log(built);
}
