// Whether a tag can be released: node scripts/check-release.mjs v0.1.0. One line for each thing that is left to do.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What stands in the way of releasing a tag, by the texts of the files that name the version. */
export function listObstacles(tag, { manifest, changelog, action, workflow }) {
  const { version, repository } = JSON.parse(manifest);
  const isNamed = (text, words) => text.split('\n').some((line) => line.trim() === words);
  const checks = [
    [tag === `v${version}`, `the tag is ${tag} and the version in package.json ${version}`],
    [
      repository !== undefined,
      'package.json has no "repository": npm publishes with provenance only where it names the repository that builds',
    ],
    [isNamed(changelog, `## ${version}`), `CHANGELOG.md has no section "## ${version}" (without "unreleased")`],
    [isNamed(action, `default: ${version}`), `action.yml does not install ${version}`],
    [workflow.includes(`/se-retrofit@v${version}\n`), `examples/workflow.yml does not use v${version}`],
  ];
  return checks.filter(([holds]) => !holds).map(([, obstacle]) => obstacle);
}

/** The files that `listObstacles` looks at. */
export function releaseFiles() {
  const textOf = (name) => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');
  return {
    manifest: textOf('package.json'),
    changelog: textOf('CHANGELOG.md'),
    action: textOf('action.yml'),
    workflow: textOf('examples/workflow.yml'),
  };
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const obstacles = listObstacles(process.argv[2], releaseFiles());
  for (const obstacle of obstacles) console.error(obstacle);
  process.exitCode = obstacles.length === 0 ? 0 : 1;
}
