import { inputError, usageError } from '../errors.js';
import type { FoundFile } from './storage.js';

// What every storage has to say in the same words.

export const notFound = (path: string) =>
  inputError('not-found', 'no such file', {
    where: { file: path },
    hint: 'check the path, or copy the file there',
  });

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
