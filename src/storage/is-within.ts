/** Tells whether a path is that of a folder or leads into it; both are canonical. */
export const isWithin = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
