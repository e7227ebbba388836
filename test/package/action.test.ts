import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { addReportSchema, readModel } from '../../src/index.js';
import { copyFixture, LONG_PATIENCE_MILLISECONDS, makeFolders, namesIn } from '../support/cli.js';
import { type Action, type Machine, type Outcome, runAction, runSteps, type Step } from '../support/pipeline.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { packPackage } from './installed-package.js';

const CLONE = fileURLToPath(new URL('../../', import.meta.url));
const textOf = (name: string) => readFileSync(join(CLONE, name), 'utf8');
const ACTION: Action = parse(textOf('action.yml'));
const [INSTALL, ...STEPS] = ACTION.runs.steps;
const INSTALLED: Action = { ...ACTION, runs: { ...ACTION.runs, steps: STEPS } };

interface Workflow {
  readonly jobs: Readonly<Record<string, { readonly steps: readonly Step[] }>>;
}

const WORKFLOWS = [
  'examples/workflow.yml',
  ...readdirSync('.github/workflows').map((name) => `.github/workflows/${name}`),
];
const stepsOf = (name: string): readonly Step[] =>
  Object.values((parse(textOf(name)) as Workflow).jobs).flatMap(({ steps }) => steps);

vi.setConfig({ testTimeout: LONG_PATIENCE_MILLISECONDS });

const folder = temporaryFolder();
const newFolder = makeFolders();
const temp = join(folder, 'runner temp');
let version: string;

beforeAll(async () => {
  mkdirSync(temp);
  // What npm would bring from the registry, once it is there.
  version = `file:${(await packPackage(folder)).tarball}`;
  const { ok, log } = await runSteps([INSTALL!], machineIn(folder), { version });
  expect(ok, log).toBe(true);
});

const machineIn = (workspace: string): Machine => ({ workspace, temp, actions: {}, actionPath: CLONE });

/** Runs the action in a workspace, from after its installation, which was done once for all. */
const act = (workspace: string, inputs: Readonly<Record<string, string>>, action = INSTALLED): Promise<Outcome> =>
  runAction(action, { version, ...inputs }, machineIn(workspace));

describe('the action', () => {
  test('adds modules, tells how many and what they cost, and writes the summary', async () => {
    const workspace = newFolder();
    copyFixture('resnet-v1', workspace);
    mkdirSync(join(workspace, 'conv3 is no name for a shell to put in'));
    const flags = '--ratio 4\n  --skip-stage=last --include conv3*\n';
    const { ok, outputs, summary, log } = await act(workspace, {
      model: 'resnet-v1',
      output: 'new',
      flags,
      budget: '9%',
    });
    expect(ok, log).toBe(true);
    const report = addReportSchema.parse(JSON.parse(readFileSync(outputs.report!, 'utf8')));
    expect(report.options).toMatchObject({ ratio: 4, skipStages: ['last'], include: ['conv3*'] });
    expect(outputs).toEqual({
      path: 'new/model.json',
      modules: String(report.sites.length),
      'added-params': String(report.params.added),
      percent: String(report.params.addedPercent),
      exact: 'true',
      report: outputs.report,
    });
    expect(report.sites.length).toBe(2);
    expect((await readModel(join(workspace, outputs.path!))).record?.modules.length).toBe(2);
    expect(summary).toContain('## Squeeze-and-Excitation: `resnet-v1`');
    expect(existsSync(join(temp, 'se-retrofit/node_modules/@tensorflow'))).toBe(false);
  });

  test('fails over budget, and leaves no output', async () => {
    const workspace = newFolder();
    copyFixture('resnet-v1', workspace);
    const before = namesIn(workspace);
    const { ok, outputs, summary, log } = await act(workspace, { model: 'resnet-v1', budget: '0.1%' });
    expect(ok).toBe(false);
    expect(log).toMatch(/::error title=se-retrofit::\d+ parameters would be added; .* 0\.1%25 allows/);
    expect(log).toContain('exit 3\n');
    expect(outputs).toMatchObject({ path: '', modules: '', exact: '' });
    expect(summary).toBe('');
    expect(namesIn(workspace)).toEqual(before);
  });

  test('installs what computes only where something is to be verified', async () => {
    const workspace = newFolder();
    writeFileSync(join(workspace, 'npm'), '#!/bin/sh\necho "$@"\n', { mode: 0o755 });
    writeFileSync(join(workspace, 'config.json'), '{ "ratio": 4, "verify": true }');
    writeFileSync(join(workspace, 'plain.json'), '{ "verify": false }');
    const step = { ...INSTALL!, env: { ...INSTALL!.env, PATH: `${workspace}:${process.env.PATH}` } };
    const installs = async (flags: string) => (await runSteps([step], machineIn(workspace), { version, flags })).log;
    for (const flags of ['', '--ratio 4\n--html verify.html', '--config plain.json --include --verify*'])
      expect(await installs(flags)).toContain(' --omit=optional ');
    for (const flags of ['--ratio 4\n  --verify', '--config config.json', '--config=config.json'])
      expect(await installs(flags)).toContain(' --include=optional ');
  });

  test('an error names the file that it is about', async () => {
    const { log } = await act(newFolder(), { model: 'no-such/model.json' });
    expect(log).toMatch(/::error title=se-retrofit::no-such\/model\.json: /);
  });

  test('takes any name for what it is', async () => {
    const workspace = newFolder();
    const model = `it's "a" $(touch pwned) \`touch pwned\` ; touch pwned & model`;
    renameSync(copyFixture('resnet-v1', workspace), join(workspace, model));
    const output = '--new $(touch pwned)\nmodules=99';
    const { ok, outputs, log } = await act(workspace, { model, output });
    expect(ok, log).toBe(true);
    expect(outputs).toMatchObject({ path: `${output}/model.json`, modules: '6' });
    expect(namesIn(workspace).filter((name) => name.includes('pwned') && !name.includes('touch'))).toEqual([]);
    expect((await readModel(join(workspace, outputs.path!))).record?.modules.length).toBe(6);

    for (const inputs of [{ flags: '--ratio $(touch pwned)' }, { budget: '5%; touch pwned' }, { model: '--help' }]) {
      const refused = await act(workspace, { model, ...inputs });
      expect(refused.ok, refused.log).toBe(false);
      expect(refused.log).toMatch(/exit [24]\n$/);
    }
    expect(existsSync(join(workspace, 'pwned'))).toBe(false);
  });

  test('installs the version that it is of', () => {
    const { version: ours } = JSON.parse(textOf('package.json'));
    expect(ACTION.inputs.version?.default).toBe(ours);
    expect(textOf('examples/workflow.yml')).toContain(`OWNER/se-retrofit@v${ours}\n`);
  });
});

test('the example workflow runs as it stands', async () => {
  const workspace = newFolder();
  renameSync(copyFixture('resnet-v1', workspace), join(workspace, 'model'));
  const nothing: Outcome = { ok: true, outputs: {}, summary: '', log: '' };
  const kept: string[] = [];
  const { ok, summary, log } = await runSteps(stepsOf('examples/workflow.yml'), {
    ...machineIn(workspace),
    actions: {
      'actions/checkout': async () => nothing,
      'actions/setup-node': async () => nothing,
      'OWNER/se-retrofit': (inputs) => act(workspace, inputs, ACTION),
      'actions/upload-artifact': async ({ path }) => {
        kept.push(path!);
        return nothing;
      },
    },
  });
  expect(ok, log).toBe(true);
  expect(log).toMatch(/^\d modules, [\d.]+ % more parameters, exact: true$/m);
  expect(summary).toContain('## Squeeze-and-Excitation');
  expect(kept).toEqual(['retrofitted/model.json']);
  expect(namesIn(join(workspace, 'retrofitted'))).toContain('model.json');
});

test('no script holds an expression: what people choose never becomes code', () => {
  const scripts = [...ACTION.runs.steps, ...WORKFLOWS.flatMap(stepsOf)].flatMap(({ run }) => run ?? []);
  expect(scripts.length).toBeGreaterThan(4);
  expect(scripts.filter((script) => script.includes('${{'))).toEqual([]);
});
