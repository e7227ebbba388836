import type { Dialect } from '../../model/model.js';

/** What new files say they were written by: versions that know all that is written here. */
export const KERAS_VERSIONS: Readonly<Record<Dialect, string>> = { keras2: '2.15.0', keras3: '3.6.0' };
