export class CannotBuild extends Error {
  /** Whether what it is built with is not there, so that nothing was tried. */
  readonly isMissing: boolean;
}

export interface NativeBuild {
  readonly folder: string;
  readonly tensorflow: string;
  readonly usesGpu: boolean;
}

export function buildNative(options?: {
  readonly folder?: string;
  readonly python?: string | undefined;
  readonly installs?: boolean;
  readonly say?: (line: string) => void;
}): Promise<NativeBuild>;
