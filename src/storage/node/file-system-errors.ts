const REASONS: ReadonlyMap<string, string> = new Map([
  ['EACCES', 'permission denied'],
  ['EPERM', 'not permitted'],
  ['EROFS', 'the file system is read-only'],
  ['ENOSPC', 'the disk is full'],
  ['EDQUOT', 'the disk quota is used up'],
  ['EFBIG', 'the file would exceed the size limit'],
  ['EIO', 'input/output error of the device'],
  ['ELOOP', 'too many links'],
  ['ENAMETOOLONG', 'the name is too long'],
  ['ENOTDIR', 'part of the path is not a folder'],
  ['EISDIR', 'it is a folder'],
  ['EMFILE', 'too many open files'],
  ['EBUSY', 'in use'],
  ['ENOENT', 'no such file or folder'],
  ['EEXIST', 'it exists already'],
  ['ENOTEMPTY', 'the folder is not empty'],
]);

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

/** Nothing is there, or nothing can be. */
export const isMissing = (error: unknown): boolean =>
  ['ENOENT', 'ENOTDIR', 'ENAMETOOLONG'].includes(codeOf(error) ?? '');

export const isTaken = (error: unknown): boolean => ['EEXIST', 'ENOTEMPTY'].includes(codeOf(error) ?? '');

/** No file of the file system may have such a name. */
export const isTooLong = (error: unknown): boolean => codeOf(error) === 'ENAMETOOLONG';

/** There is no room for more. */
export const isFull = (error: unknown): boolean => ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(codeOf(error) ?? '');

/** The file system has no hard links. */
export const isLinkless = (error: unknown): boolean =>
  ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(codeOf(error) ?? '');

/** The file system has no such operation. */
export const isUnsupported = (error: unknown): boolean =>
  ['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(codeOf(error) ?? '');

/** Describes an error of the operating system in words; undefined for other errors. */
export function fileSystemReason(error: unknown): string | undefined {
  const code = codeOf(error);
  if (code === undefined || !('syscall' in (error as object))) return undefined;
  return REASONS.get(code) ?? code;
}
