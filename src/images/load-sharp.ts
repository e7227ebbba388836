import { reasonOf, usageError } from '../errors.js';
import { installMissing } from '../missing-packages.js';

/**
 * Loads sharp when images are needed: reading and writing models works without it.
 * @param use of it, for the message: `images are decoded`
 * @throws RetrofitError `no-sharp` where it does not run
 */
export async function loadSharp(use: string) {
  const { default: sharp } = await import('sharp').catch((error: Error) => {
    throw usageError('no-sharp', `${use} with sharp, which does not run here: ${reasonOf(error)}`, {
      hint: installMissing('sharp'),
    });
  });
  return sharp;
}
