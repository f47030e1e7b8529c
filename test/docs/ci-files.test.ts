import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { Shell } from './shell.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const ACTION = '.github/actions/policy-check';

interface Step {
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly with?: Readonly<Record<string, string>>;
}
interface Action {
  readonly inputs: Readonly<Record<string, { readonly default: string }>>;
  readonly runs: { readonly using: string; readonly steps: readonly Step[] };
}
interface Workflow {
  readonly on: { readonly workflow_call: { readonly inputs: Readonly<Record<string, object>> } };
  readonly jobs: Readonly<Record<string, { readonly steps: readonly Step[] }>>;
}
interface Hook {
  readonly id: string;
  readonly entry: string;
  readonly args: readonly string[];
  readonly files: string;
  readonly language: string;
  readonly pass_filenames: boolean;
}

const read = <T>(path: string): T => parse(readFileSync(join(ROOT, path), 'utf8')) as T;

let elsewhere: string;
beforeAll(() => {
  elsewhere = mkdtempSync(join(tmpdir(), 'policyc-ci-'));
  writeFileSync(join(elsewhere, 'good.yaml'), 'backends:\n  box: { type: ollama, models: { small: {} } }\n');
  writeFileSync(join(elsewhere, 'bad.yaml'), 'backends:\n  box: { type: ollama, modles: { small: {} } }\n');
});
afterAll(() => rmSync(elsewhere, { recursive: true, force: true }));

/** Runs a step of the action as GitHub does: its expressions become values of the environment. */
function runStep(name: string, inputs: Readonly<Record<string, string>>, cwd: string): Promise<{ code: number | null; output: string }> {
  const action = read<Action>(`${ACTION}/action.yml`);
  const step = action.runs.steps.find((candidate) => candidate.name === name)!;
  const env = Object.entries(step.env ?? {}).map(([variable, expression]) => {
    if (expression === '${{ github.action_path }}') return [variable, join(ROOT, ACTION)];
    const input = /^\$\{\{ inputs\.([a-z-]+) \}\}$/.exec(expression)![1];
    return [variable, inputs[input] ?? action.inputs[input].default];
  });
  return new Shell(cwd, Object.fromEntries(env)).run(step.run!);
}

test('the action annotates the line of a mistake, and fails', async () => {
  const { code, output } = await runStep('Check the policy', { paths: 'bad.yaml' }, elsewhere);
  expect(code).toBe(1);
  expect(output).toMatch(/^::error file=bad\.yaml,line=2,/m);
});

test('the action is content with a clean policy, and takes several paths', async () => {
  expect(await runStep('Check the policy', { paths: 'good.yaml' }, elsewhere)).toMatchObject({ code: 0 });
  expect(await runStep('Check the policy', { paths: 'good.yaml bad.yaml' }, elsewhere)).toMatchObject({ code: 1 });
});

test('the action tells a fresh router from a stale one', async () => {
  const step = 'Check that the router is fresh';
  expect(await runStep(step, { generated: 'generated' }, ROOT)).toMatchObject({ code: 0 });
  const { code, output } = await runStep(step, { paths: join(ROOT, 'policies'), generated: 'nowhere' }, elsewhere);
  expect(code).toBe(1);
  expect(output).toContain('[stale]');
});

test('the action runs the tests, and fails where they leave too much out', async () => {
  const step = 'Run the tests';
  const folder = join(elsewhere, 'tested');
  mkdirSync(folder);
  writeFileSync(join(folder, 'policy.yaml'), 'backends:\n  box: { type: ollama, models: { small: {}, other: {} } }\n');
  writeFileSync(join(folder, 'a.test.yaml'), 'tests:\n  - { name: small, request: { model: small }, expect: { backend: box } }\n');
  expect(await runStep(step, { paths: 'tested', 'test-threshold': '50' }, elsewhere)).toMatchObject({ code: 0 });
  const { code, output } = await runStep(step, { paths: 'tested', 'test-threshold': '51' }, elsewhere);
  expect(code).toBe(1);
  expect(output).toMatch(/^::error title=policyc test::coverage: 50 %/m);
});

test('the workflow for users hands every input to the action', () => {
  const { on, jobs } = read<Workflow>('.github/workflows/policy-check.yml');
  const step = jobs['policy-check'].steps.find(({ uses }) => uses?.endsWith(ACTION))!;
  const { inputs } = read<Action>(`${ACTION}/action.yml`);
  expect(Object.keys(step.with ?? {}).sort()).toEqual(Object.keys(inputs).sort());
  for (const [name, value] of Object.entries(step.with ?? {})) {
    expect(value).toBe(`\${{ inputs.${name} }}`);
    expect(on.workflow_call.inputs).toHaveProperty([name]);
  }
});

test('our own workflow runs what anybody can run', () => {
  const { jobs } = read<Workflow>('.github/workflows/ci.yml');
  expect(jobs.run.steps.map(({ run }) => run)).toContain('.ci/run');
});

test('the pre-commit hook runs the check', async () => {
  const [hook] = read<Hook[]>('.pre-commit-hooks.yaml');
  expect(hook).toMatchObject({ id: 'policyc-check', language: 'node', pass_filenames: false });
  expect('policies/traffic.yaml').toMatch(new RegExp(hook.files));
  const shell = (cwd: string) => new Shell(cwd, { PATH: `${join(ROOT, 'node_modules/.bin')}:${dirname(process.execPath)}:/usr/bin:/bin` });
  const command = `${hook.entry} ${hook.args.join(' ')}`;
  expect(await shell(ROOT).run(command)).toMatchObject({ code: 0, output: expect.stringContaining('no findings') });
  // Nothing to check is a mistake, not a success.
  expect(await shell(elsewhere).run(command)).toMatchObject({ code: 2 });
});

test('the pre-commit hook for tests runs them', async () => {
  const hook = read<Hook[]>('.pre-commit-hooks.yaml').find(({ id }) => id === 'policyc-test')!;
  expect(hook).toMatchObject({ language: 'node', pass_filenames: false });
  const shell = (cwd: string) => new Shell(cwd, { PATH: `${join(ROOT, 'node_modules/.bin')}:${dirname(process.execPath)}:/usr/bin:/bin` });
  const command = `${hook.entry} ${hook.args.join(' ')}`;
  expect(await shell(ROOT).run(command)).toMatchObject({ code: 0, output: expect.stringContaining('passed') });
  expect(await shell(elsewhere).run(command)).toMatchObject({ code: 2 });
});
