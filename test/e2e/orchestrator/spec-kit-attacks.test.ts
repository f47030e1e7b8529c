import { symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { compileText, Policyd, until, writeArtifact } from '../policyd.ts';
import { SpecFolder } from './spec-folder.ts';
import { Reader } from './stream-reader.ts';

// Servers of their own start, and the machine may be busy.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const KEYLESS = 'backends:\n  box: { type: ollama, url: "http://127.0.0.1:9", models: { small: {} } }\n';

interface Answer {
  readonly status: number;
  readonly run_id: string;
  readonly stream: string;
  readonly error: { readonly code: string; readonly message: string };
  readonly fields: { readonly path: string }[];
  readonly reasons: Record<string, unknown>[];
  readonly args: string[];
  readonly env: Record<string, string>;
}

let folder: SpecFolder;
let policyd: Policyd;
beforeAll(async () => {
  folder = new SpecFolder();
  folder.script(
    'setup-plan',
    'echo "$@"; sleep "${SLEEP:-0}"; while [ -e "$SPECIFY_FEATURE_DIRECTORY/hold" ]; do sleep 0.05; done; exit 3',
  );
  folder.script('create-new-feature', 'for word in "$@"; do echo "<$word>"; done');
  folder.script(
    'check-prerequisites',
    'printf "\\033[31mred\\033[0m\\r\\n{\\"level\\":50}\\n\\033]0;title\\007\\xff"; head -c 5000000 /dev/zero | tr "\\0" x',
  );
  folder.script('update-agent-context', '( trap "" TERM; while true; do sleep 1; done ) & wait');
  folder.write('specs/002-other/tasks.md', '- [ ] T001 a\n');
  policyd = await Policyd.start(KEYLESS, { args: ['--spec-kit', folder.root, '--spec-kit-timeout', '20s'] });
});
afterAll(async () => {
  await policyd.stop();
  folder.remove();
});

async function run(body: object, at = policyd): Promise<Answer> {
  const answer = await at.post('/v1/spec-kit/run', body);
  return { ...((await answer.json()) as Answer), status: answer.status };
}

async function follow(stream: string, at = policyd): Promise<{ text: string; last: unknown; type: string }> {
  const reader = await Reader.open(`${at.url}/stream/${stream}`);
  expect(await reader.closed).toEqual({ code: 1000, reason: 'ended' });
  const text = (reader.payloads as { text?: string }[]).map((payload) => payload.text ?? '').join('');
  return { text, last: reader.payloads.at(-1), type: reader.frames.at(-1)!.type };
}

describe('what may not be run', () => {
  test('a command that is none, an option or argument that is not allowed: 422, with every one of them', async () => {
    for (const command of ['rm', 'specify', '../check', 'check-prerequisites.sh', 'constructor', '__proto__', '', 'common']) {
      expect(await run({ command }), command).toMatchObject({ status: 422, fields: [{ path: 'command' }] });
    }
    const feature = '001-login';
    for (const [order, paths] of [
      [
        { command: 'check-prerequisites', feature, args: ['--', 'x', '-e', '--json=1', '--help'] },
        ['args.0', 'args.1', 'args.2', 'args.3', 'args.4'],
      ],
      [{ command: 'check-prerequisites', args: ['--json', '--json'] }, ['args.1', 'feature']],
      [{ command: 'create-new-feature', args: ['--short-name', '--json', 'x'] }, ['args.1']],
      [{ command: 'create-new-feature', args: ['--number', '1;id', '-x'] }, ['args.1', 'args.2', 'args']],
      [{ command: 'create-new-feature', args: ['a\nb'] }, ['args.0']],
      [{ command: 'create-new-feature', args: ['\u001b[2J'] }, ['args.0']],
      [{ command: 'create-new-feature', args: ['\u202eevil'] }, ['args.0']],
      [{ command: 'create-new-feature', args: ['a', 'b'] }, ['args.1']],
      [{ command: 'create-new-feature', args: ['a'], feature }, ['feature']],
      [{ command: 'init', args: ['--here', '/etc', '--ai', '../x'] }, ['args.0', 'args.1', 'args.3']],
      [{ command: 'update-agent-context', feature, args: ['../../etc'] }, ['args.0']],
      [{ command: 'setup-plan', feature: '../001-login', args: [] }, ['feature']],
    ] as const) {
      const answer = await run(order);
      expect(answer.status, JSON.stringify(order)).toBe(422);
      expect(
        answer.fields.map(({ path }) => path),
        JSON.stringify(order),
      ).toEqual(paths);
    }
  });

  test('a script that is not there, or leads out of the folder; a CLI that is not installed', async () => {
    const feature = '001-login';
    expect(await run({ command: 'setup-tasks', feature })).toMatchObject({ status: 503, error: { code: 'spec_kit_missing' } });
    const evil = join(folder.home, 'evil.sh');
    writeFileSync(evil, 'echo evil');
    const link = join(folder.root, '.specify/scripts/bash/setup-tasks.sh');
    symlinkSync(evil, link);
    expect(await run({ command: 'setup-tasks', feature })).toMatchObject({ status: 403, error: { code: 'outside_work_folder' } });
    unlinkSync(link);
    const answer = await run({ command: 'check' });
    // Where it is installed it runs.
    if (answer.status === 202) return;
    expect(answer).toMatchObject({ status: 503, error: { code: 'spec_kit_missing' } });
    expect(answer.error.message).toContain('uv tool install');
    expect((await run({ command: 'setup-plan', feature: '404-none' })).status).toBe(404);
  });
});

test('a dry run tells what would be run, and runs nothing', async () => {
  const answer = await run({ command: 'create-new-feature', args: ['--json', 'log in; $(id) `id` "\' | & >x'], dryRun: true });
  expect(answer).toMatchObject({ status: 200, dry_run: true, changes: true, cwd: folder.root });
  expect(answer.args.slice(1)).toEqual(['--json', 'log in; $(id) `id` "\' | & >x']);
  expect(Object.keys(answer.env).sort()).toEqual(['GIT_TERMINAL_PROMPT', 'HOME', 'LANG', 'NO_COLOR', 'PATH', 'TERM']);
});

test('arguments arrive as they are, whatever a shell would make of them', async () => {
  const words = 'log in; $(id) `id` "\' | & >x * ~';
  const { stream } = await run({ command: 'create-new-feature', args: [words] });
  expect((await follow(stream)).text).toBe(`<${words}>\n`);
});

test('output is cleaned and bounded, and what was left out is told', { timeout: 60_000 }, async () => {
  const { stream } = await run({ command: 'check-prerequisites', args: [], feature: '001-login' });
  const { text, last } = await follow(stream);
  expect(text).toMatch(/^red\n\{"level":50\}\n\ufffdx+$/);
  expect(text.length).toBeLessThanOrEqual(4 * 2 ** 20);
  expect((last as { dropped_bytes: number }).dropped_bytes).toBeGreaterThan(800_000);
  expect((last as { output_bytes: number }).output_bytes).toBeGreaterThan(5_000_000);
});

test('one that changes something is alone at its feature; elsewhere, and to read, others run beside it; its end frees it', {
  timeout: 60_000,
}, async () => {
  const hold = folder.write('specs/001-login/hold', '');
  const first = await run({ command: 'setup-plan', feature: '001-login' });
  expect(first.status).toBe(202);
  const many = await Promise.all(Array.from({ length: 6 }, () => run({ command: 'setup-plan', feature: '001-login' })));
  for (const answer of many) expect(answer).toMatchObject({ status: 409, reasons: [{ code: 'run_in_progress', run_id: first.run_id }] });
  const [other, reading] = await Promise.all([
    run({ command: 'setup-plan', feature: '002-other' }),
    run({ command: 'create-new-feature', args: ['x'] }),
  ]);
  expect([other.status, reading.status]).toEqual([202, 202]);
  unlinkSync(hold);
  expect(await follow(first.stream)).toMatchObject({ type: 'error', last: { exit_code: 3 } });
  const next = await until(async () => {
    const answer = await run({ command: 'setup-plan', feature: '001-login' });
    return answer.status === 202 ? answer : null;
  }, 'the lock');
  await follow(next.stream);
});

test('one that does not end is ended with all that it started', { timeout: 60_000 }, async () => {
  const { stream, run_id } = await run({ command: 'update-agent-context', feature: '002-other', args: ['claude'] });
  expect(await follow(stream)).toMatchObject({ type: 'error', last: { state: 'timed-out' } });
  await until(async () => (await policyd.get<{ state: string }>(`/v1/spec-kit/runs/${run_id}`)).state === 'timed-out', 'its end');
});

test('policyd is killed while one runs: it is ended, told as lost, and its feature is free', { timeout: 120_000 }, async () => {
  const home = mkdtempSync(join(tmpdir(), 'policyd-spec-'));
  writeArtifact(join(home, 'generated'), await compileText(KEYLESS));
  const args = ['--spec-kit', folder.root, '--spec-kit-timeout', '10m'];
  const before = await Policyd.run(home, join(home, 'generated'), { args });
  const hold = folder.write('specs/001-login/hold', '');
  const { stream, run_id } = await run({ command: 'setup-plan', feature: '001-login' }, before);
  const reader = await Reader.open(`${before.url}/stream/${stream}`);
  // Its first output: it runs.
  await reader.until(() => reader.frames.some(({ type }) => type === 'log'));
  before.process.kill('SIGKILL');
  await reader.closed;
  const after = await Policyd.run(home, join(home, 'generated'), { args });
  const { last, type } = await follow(stream, after);
  expect({ last, type }).toMatchObject({ type: 'error', last: { state: 'lost' } });
  expect(await after.get(`/v1/spec-kit/runs/${run_id}`)).toMatchObject({ state: 'lost' });
  unlinkSync(hold);
  const again = await run({ command: 'setup-plan', feature: '001-login' }, after);
  expect(again.status).toBe(202);
  await follow(again.stream, after);
  expect(await after.stop()).toBe(0);
  rmSync(home, { recursive: true, force: true });
});
