import { inputError, type RetrofitError } from '../../errors.js';
import type { FoundFile } from '../storage.js';

/** An archive that is damaged, or says two things at once. `member` is the name of the part that is to blame. */
export const badZip = (archive: FoundFile, member: string | undefined, message: string): RetrofitError =>
  inputError('bad-zip', message, {
    where: { file: archive.path, field: member },
    hint: 'save the model again, or get an intact copy of the file',
  });

/** A member that would leave the folder it is unpacked into, or is no ordinary file. */
export const unsafeMember = (archive: FoundFile, member: string, message: string): RetrofitError =>
  inputError('unsafe-path', message, {
    where: { file: archive.path, field: member },
    hint: 'Keras writes no such member: do not trust the file, get it from where it was made',
  });
