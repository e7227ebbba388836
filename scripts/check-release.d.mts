interface ReleaseFiles {
  readonly manifest: string;
  readonly changelog: string;
  readonly action: string;
  readonly workflow: string;
}

export function listObstacles(tag: string, files: ReleaseFiles): readonly string[];
export function releaseFiles(): ReleaseFiles;
