import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { listObstacles, releaseFiles } from '../../scripts/check-release.mjs';

const files = releaseFiles();
const manifest = JSON.parse(files.manifest);
const ready = {
  ...files,
  manifest: JSON.stringify({ ...manifest, repository: 'github:someone/se-retrofit' }),
  changelog: `# Changelog\n\n## ${manifest.version}\n`,
};
const tag = `v${manifest.version}`;

test('a tag is released where all files name its version and the repository is known', () => {
  expect(listObstacles(tag, ready)).toEqual([]);
});

test('whatever is behind is named', () => {
  const obstacle = (changed: Partial<typeof files>, ofTag = tag) => listObstacles(ofTag, { ...ready, ...changed });
  expect(obstacle({}, 'v9.9.9')).toEqual([expect.stringContaining('the tag is v9.9.9')]);
  expect(obstacle({ manifest: JSON.stringify({ ...manifest, repository: undefined }) })).toEqual([
    expect.stringContaining('repository'),
  ]);
  expect(obstacle({ changelog: `## ${manifest.version} (unreleased)` })).toEqual([
    expect.stringContaining('CHANGELOG'),
  ]);
  const later = JSON.stringify({ ...manifest, version: '9.9.9', repository: 'github:someone/se-retrofit' });
  expect(obstacle({ manifest: later, changelog: '## 9.9.9' }, 'v9.9.9')).toEqual([
    expect.stringContaining('action.yml'),
    expect.stringContaining('workflow.yml'),
  ]);
});

test.each(['README.md', 'README.zh-CN.md'])(
  '%s: each link and picture is a file of the repository, to which npm leads by `repository`',
  (name) => {
    const text = readFileSync(name, 'utf8');
    const targets = [...text.matchAll(/\]\(([^)\s]+)\)|(?:src|href)="([^"]+)"/g)].map(
      ([, link, source]) => link ?? source!,
    );
    const inside = targets.filter((target) => !/^(https?:|#)/.test(target)).map((target) => target.replace(/#.*/, ''));
    expect(inside.length).toBeGreaterThan(10);
    expect(inside.filter((target) => !existsSync(target))).toEqual([]);
  },
);
