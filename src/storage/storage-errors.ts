import { inputError, usageError } from '../errors.js';
import { inQuotes } from '../shell-word.js';
import type { FoundFile } from './storage.js';

// Errors that every storage reports in the same words.

export const notFound = (path: string) =>
  isUrl(path)
    ? inputError('not-found', 'a URL, and nothing is fetched here', { where: { file: path }, hint: fetchLine(path) })
    : inputError('not-found', 'no such file', {
        where: { file: path },
        hint: hasLongName(path)
          ? `a name in it is too long for a file, which has ${MAX_NAME_BYTES} bytes at the most: check the path`
          : 'check the path, or copy the file there',
      });

/** Tells whether a path is a URL of any scheme; a single letter is a drive of Windows. */
export const isUrl = (path: string): boolean => /^[a-z][a-z0-9+.-]+:\/\//i.test(path);

export const urlOutput = (path: string, field?: string) =>
  usageError('bad-option', 'a URL, and nothing is sent anywhere from here', {
    where: { file: path, field },
    hint: 'give a place on this machine, and copy from there',
  });

/** Limit of the file systems of Linux, macOS and Windows. */
const MAX_NAME_BYTES = 255;

const hasLongName = (path: string): boolean =>
  path.split(/[\\/]/).some((name) => new TextEncoder().encode(name).length > MAX_NAME_BYTES);

/** Suggests a shell command that fetches a model: of a TensorFlow.js model the files that its JSON names, too. */
function fetchLine(url: string): string {
  const plain = url.replaceAll("'", '%27').replaceAll(' ', '%20');
  const scheme = plain.slice(0, plain.indexOf(':')).toLowerCase();
  if (scheme === 'file') return `give the path itself: ${pathOf(url)}`;
  const copy = COPIES[scheme];
  const folder = plain.replace(/[^/]*$/, '');
  if (copy !== undefined) {
    // Its weights lie beside it.
    return `fetch it first: ${/\.json$/i.test(plain) ? copy.folder(folder) : copy.file(plain)}`;
  }
  if (!/^https?$/.test(scheme)) return 'fetch it first: only files of this machine are read';
  const [name, query] = splitQuery(plain.slice(folder.length));
  if (name === '') return `fetch it first: curl -fL ${inQuotes(plain)} -o NAME`;
  // A name that a shell would take for more than a name stays within quotes.
  if (!/^[\w.-]+\.json$/.test(name)) return `fetch it first: curl -fLO ${inQuotes(plain)}`;
  // A foreign model names them: none may lead out of this folder.
  const within = `filter((path) => path.split('/').includes('..') === false)`;
  const paths = `node -p "require('./${name}').weightsManifest.flatMap(({ paths }) => paths).${within}.join('\\n')"`;
  const fetchEach = `xargs -I{} curl -fL --create-dirs -o ./{} ${inQuotes(`${folder}{}${query}`)}`;
  return `fetch it first: curl -fL ${inQuotes(plain)} -o ${name} && ${paths} | ${fetchEach}`;
}

/** Splits a query, or the name of a place inside, off the name of a file. */
function splitQuery(name: string): readonly [name: string, query: string] {
  const at = name.search(/[?#]/);
  return at < 0 ? [name, ''] : [name.slice(0, at), name.slice(at)];
}

/** Commands that copy from a store. */
const COPIES: Readonly<Record<string, Readonly<Record<'file' | 'folder', (url: string) => string>>>> = {
  s3: { file: (url) => `aws s3 cp ${inQuotes(url)} .`, folder: (url) => `aws s3 cp --recursive ${inQuotes(url)} .` },
  gs: {
    file: (url) => `gcloud storage cp ${inQuotes(url)} .`,
    folder: (url) => `gcloud storage cp ${inQuotes(`${url}*`)} .`,
  },
};

function pathOf(url: string): string {
  try {
    return decodeURIComponent(new URL(url).pathname);
  } catch {
    return url.replace(/^file:\/\//i, '');
  }
}

export const notAFile = (path: string) =>
  inputError('not-a-file', 'a folder, pipe or device where a file should be', {
    where: { file: path },
    hint: 'a model consists of ordinary files',
  });

export const outsideFolder = (path: string) =>
  inputError('unsafe-path', 'the file lies outside the folder of the model', {
    where: { file: path },
    hint: 'copy the model and its files into one folder, or give --allow-links if you trust where the link leads',
  });

export const fileChanged = (file: Pick<FoundFile, 'path'>) =>
  inputError('input-changed', 'the file changed while it was read', {
    where: { file: file.path },
    hint: 'wait until whatever writes it is done, then run again',
  });

export const outputTaken = (output: string) =>
  usageError('output-exists', 'the output exists already', {
    where: { file: output },
    hint: 'give another name with -o, or --force to replace it',
  });
