import { afterAll, beforeAll, inject } from 'vitest';

/**
 * Lets se-retrofit find the native backend of the tests, as long as those of a file or of a `describe` run.
 * @returns where it is, or why there is none
 */
export function useNative(): ReturnType<typeof inject<'native'>> {
  const native = inject('native');
  const before = process.env.SE_RETROFIT_NATIVE;
  beforeAll(() => {
    if ('folder' in native) process.env.SE_RETROFIT_NATIVE = native.folder;
  });
  afterAll(() => {
    if (before === undefined) delete process.env.SE_RETROFIT_NATIVE;
    else process.env.SE_RETROFIT_NATIVE = before;
  });
  return native;
}
