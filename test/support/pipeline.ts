import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LONG_PATIENCE_MILLISECONDS, runProgram } from './cli.js';

// Enough of GitHub Actions to run our action and workflows as they stand: steps in order, `if`, `env`, `with`, outputs,
// the summary. What it does not know it refuses, rather than to run something else.

type Strings = Readonly<Record<string, string>>;

export interface Step {
  readonly id?: string;
  readonly name?: string;
  readonly if?: string;
  readonly uses?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, unknown>>;
  readonly run?: string;
  readonly shell?: string;
  readonly 'working-directory'?: string;
}

/** A composite action, as its action.yml has it. */
export interface Action {
  readonly inputs: Readonly<Record<string, { readonly required?: boolean; readonly default?: string }>>;
  readonly outputs: Readonly<Record<string, { readonly value: string }>>;
  readonly runs: { readonly using: string; readonly steps: readonly Step[] };
}

/** What a step came to. */
export interface Outcome {
  readonly ok: boolean;
  readonly outputs: Strings;
  /** What it wrote for the page of the run. */
  readonly summary: string;
  readonly log: string;
}

export interface Machine {
  readonly workspace: string;
  /** The runner's own folder, which every step may use. */
  readonly temp: string;
  /** What a step `uses`, by its name without the version. */
  readonly actions: Readonly<Record<string, (inputs: Strings) => Promise<Outcome>>>;
  /** Where the action that runs lies; undefined for the steps of a workflow. */
  readonly actionPath?: string;
}

/** Runs a composite action as a step of a job. */
export async function runAction(action: Action, given: Strings, machine: Machine): Promise<Outcome> {
  const unknown = Object.keys(given).filter((name) => action.inputs[name] === undefined);
  const missing = Object.entries(action.inputs).filter(([name, { required }]) => required && !given[name]);
  if (unknown.length > 0 || missing.length > 0) throw new Error(`inputs: unknown ${unknown}, missing ${missing}`);
  if (action.runs.using !== 'composite') throw new Error(`not a composite action: ${action.runs.using}`);
  const withoutShell = action.runs.steps.find(({ run, shell }) => run !== undefined && shell === undefined);
  if (withoutShell !== undefined) throw new Error(`a step of an action names its shell: ${withoutShell.name}`);
  const defaults = Object.fromEntries(
    Object.entries(action.inputs).map(([name, input]) => [name, input.default ?? '']),
  );
  const { ok, steps, summary, log } = await runSteps(action.runs.steps, machine, { ...defaults, ...given });
  const outputs = Object.entries(action.outputs).map(([name, { value }]) => [name, filled(value, { steps })] as const);
  return { ok, outputs: Object.fromEntries(outputs), summary, log };
}

interface Finished extends Omit<Outcome, 'outputs'> {
  readonly steps: Readonly<Record<string, Strings>>;
}

/** Runs steps in order: those after one that failed only where their `if` says so. */
export async function runSteps(steps: readonly Step[], machine: Machine, inputs: Strings = {}): Promise<Finished> {
  let done: Finished = { ok: true, steps: {}, summary: '', log: '' };
  for (const step of steps) {
    const scope = { inputs, steps: done.steps };
    if (!isDue(step.if ?? 'success()', done.ok, scope)) continue;
    const outcome =
      step.uses === undefined ? await runScript(step, machine, scope) : await runUsed(step, machine, scope);
    done = {
      ok: done.ok && outcome.ok,
      steps: step.id === undefined ? done.steps : { ...done.steps, [step.id]: outcome.outputs },
      summary: done.summary + outcome.summary,
      log: done.log + outcome.log,
    };
  }
  return done;
}

interface Scope {
  readonly inputs?: Strings;
  readonly steps: Readonly<Record<string, Strings>>;
}

function runUsed({ uses, with: given = {} }: Step, { actions }: Machine, scope: Scope): Promise<Outcome> {
  const action = actions[uses!.replace(/@.*/, '')];
  if (action === undefined) throw new Error(`${uses}: there is no such action here`);
  return action(filledAll(given, scope));
}

async function runScript(step: Step, machine: Machine, scope: Scope): Promise<Outcome> {
  const folder = mkdtempSync(join(machine.temp, 'step-'));
  const files = { GITHUB_OUTPUT: join(folder, 'output'), GITHUB_STEP_SUMMARY: join(folder, 'summary') };
  for (const path of Object.values(files)) writeFileSync(path, '');
  const script = join(folder, 'script.sh');
  writeFileSync(script, filled(step.run!, scope));
  const shells: Readonly<Record<string, readonly string[]>> = {
    '': ['-e'],
    bash: ['--noprofile', '--norc', '-eo', 'pipefail'],
  };
  const flags = shells[step.shell ?? ''];
  if (flags === undefined) throw new Error(`there is no shell "${step.shell}" here`);
  const { code, stdout, stderr } = await runProgram('bash', [...flags, script], {
    patienceMilliseconds: LONG_PATIENCE_MILLISECONDS,
    cwd: join(machine.workspace, filled(step['working-directory'] ?? '', scope)),
    env: {
      ...files,
      GITHUB_WORKSPACE: machine.workspace,
      RUNNER_TEMP: machine.temp,
      ...(machine.actionPath === undefined ? {} : { GITHUB_ACTION_PATH: machine.actionPath }),
      ...filledAll(step.env ?? {}, scope),
    },
  });
  return {
    ok: code === 0,
    outputs: parseOutputs(readFileSync(files.GITHUB_OUTPUT, 'utf8')),
    summary: readFileSync(files.GITHUB_STEP_SUMMARY, 'utf8'),
    log: `${stdout}${stderr}exit ${code}\n`,
  };
}

/** `name=value` a line, or `name<<END`, lines, `END`. */
function parseOutputs(text: string): Strings {
  const outputs: Record<string, string> = {};
  const lines = text.split('\n');
  for (let at = 0; at < lines.length - 1; at++) {
    const [, name, sign, rest] = /^([^=<]+)(=|<<)(.*)$/.exec(lines[at]!) ?? [];
    if (name === undefined) throw new Error(`not an output: ${lines[at]}`);
    const end = sign === '=' ? at : lines.indexOf(rest!, at + 1);
    if (end < 0) throw new Error(`no end of the output ${name}`);
    outputs[name] = sign === '=' ? rest! : lines.slice(at + 1, end).join('\n');
    at = end;
  }
  return outputs;
}

const filledAll = (values: Readonly<Record<string, unknown>>, scope: Scope): Strings =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, filled(String(value), scope)]));

/** A text with its expressions evaluated. */
const filled = (text: string, scope: Scope): string =>
  text.replace(/\$\{\{\s*(.*?)\s*\}\}/g, (_, expression: string) => evaluated(expression, scope));

function isDue(condition: string, ok: boolean, scope: Scope): boolean {
  const [, left, sign, right] = /^(\S+) (==|!=) (\S+)$/.exec(condition) ?? [];
  if (left !== undefined) return ok && (evaluated(left, scope) === evaluated(right!, scope)) === (sign === '==');
  const states: Readonly<Record<string, boolean>> = { 'success()': ok, 'failure()': !ok, 'always()': true };
  const due = states[condition];
  if (due === undefined) throw new Error(`the condition "${condition}" is not understood here`);
  return due;
}

function evaluated(expression: string, { inputs = {}, steps }: Scope): string {
  const [, text, input, id, output] =
    /^(?:'(.*)'|inputs\.([\w-]+)|steps\.([\w-]+)\.outputs\.([\w-]+))$/.exec(expression) ?? [];
  if (text !== undefined) return text;
  if (input !== undefined) return inputs[input] ?? '';
  if (id !== undefined) return steps[id]?.[output!] ?? '';
  throw new Error(`the expression "${expression}" is not understood here`);
}
