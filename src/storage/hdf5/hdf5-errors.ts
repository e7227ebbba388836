import { inputError, RetrofitError } from '../../errors.js';

export const badHdf5 = (message: string, object?: string) =>
  inputError('bad-hdf5', message, { where: { field: object }, hint: 'copy or save the file again' });

export const damaged = (what: string, object?: string) => badHdf5(`the HDF5 file is damaged: ${what}`, object);

/** Makes the error for a feature of HDF5 that is not read here. */
export const unread = (what: string, object?: string) =>
  inputError('bad-hdf5', `the HDF5 file holds ${what}, which is not read here`, {
    where: { field: object },
    hint: 'rewrite it with HDF5\'s own tool, "h5repack -f NONE -l CONTI old.h5 new.h5", or save the model again with Keras',
  });

/** Names the object that an error is about where the thrower did not know it. */
export function inObject<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof RetrofitError) || error.where.field !== undefined) throw error;
    const { kind, code, message, hint, where } = error;
    throw new RetrofitError(kind, code, message, {
      where: { ...where, field: path },
      ...(hint === undefined ? {} : { hint }),
    });
  }
}
