import type { Dialect } from '../../model/model.js';

/** Whether a version of Keras looks for the weights of a `.weights.h5` elsewhere than 2.15 and later, or knows no such files. */
export const isBefore215 = (kerasVersion: string | undefined): boolean => /^2\.(\d|1[0-4])\./.test(kerasVersion ?? '');

/** What new files say they were written by: versions that know all that is written here. */
export const KERAS_VERSIONS: Readonly<Record<Dialect, string>> = { keras2: '2.15.0', keras3: '3.6.0' };
