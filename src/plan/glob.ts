import picomatch from 'picomatch';

/** The library takes no longer ones, and no empty one. */
const MAX_GLOB_LENGTH = 65_536;

/** Matches names of layers and weights, which are no paths: a star matches slashes, a leading dot is a letter like any other. */
export const matchGlob = (glob: string): ((name: string) => boolean) =>
  glob === '' || glob.length > MAX_GLOB_LENGTH ? () => false : picomatch(glob, { bash: true, dot: true });
