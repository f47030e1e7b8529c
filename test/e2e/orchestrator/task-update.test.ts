import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { Policyd } from '../policyd.ts';
import { SpecFolder, TASKS } from './spec-folder.ts';

// Servers of their own start, and the machine may be busy.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const hash = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex');
const POLICY = `
keys:
  ana: { sha256: ${hash('ana-key')}, scopes: ["read:jobs", "write:jobs"] }
  bob: { sha256: ${hash('bob-key')}, scopes: ["read:jobs"] }
backends:
  box: { type: ollama, url: "http://127.0.0.1:9", models: { small: {} } }
`;
const ANA = { authorization: 'Bearer ana-key' };

interface Answer {
  readonly line: number;
  readonly hash: string;
  readonly changed: boolean;
  readonly error: { readonly code: string; readonly message: string };
  readonly fields: { readonly path: string }[];
  readonly reasons: Record<string, unknown>[];
}

let folder: SpecFolder;
let one: Policyd;
let two: Policyd;
beforeAll(async () => {
  folder = new SpecFolder();
  const options = { args: ['--spec-kit', folder.root] };
  [one, two] = await Promise.all([Policyd.start(POLICY, options), Policyd.start(POLICY, options)]);
});
afterAll(async () => {
  await Promise.all([one.stop(), two.stop()]);
  folder.remove();
});
beforeEach(() => void folder.write('specs/001-login/tasks.md', TASKS));
afterEach(() => {
  // Nothing of ours is left beside it.
  expect(readdirSync(join(folder.root, 'specs/001-login')).filter((name) => name.startsWith('.'))).toEqual([]);
});

async function update(body: object, policyd = one, headers: Record<string, string> = ANA): Promise<Answer & { status: number }> {
  const answer = await policyd.post('/task-update', body, headers);
  return { status: answer.status, ...((await answer.json()) as Answer) };
}
const tick = (task_id: string, more: object = {}, policyd = one) =>
  update({ feature: '001-login', task_id, status: 'done', ...more }, policyd);

describe('a task', () => {
  test('is ticked off and opened again: one byte each time; mode and everything else stay', async () => {
    for (const ending of ['\n', '\r\n']) {
      const text = `\ufeff${TASKS.replaceAll('\n', ending).trimEnd()}`;
      writeFileSync(folder.tasks, text);
      chmodSync(folder.tasks, 0o640);
      const done = await tick('T010');
      const expected = text.replace('- [ ] T010', '- [x] T010');
      expect(readFileSync(folder.tasks, 'utf8')).toBe(expected);
      expect(done).toMatchObject({ status: 200, line: 6, before: 'open', after: 'done', changed: true, hash: hash(expected) });
      expect(statSync(folder.tasks).mode & 0o777).toBe(0o640);
      expect(await tick('T010', { status: 'open' })).toMatchObject({ status: 200, before: 'done', hash: hash(text) });
      expect(readFileSync(folder.tasks, 'utf8')).toBe(text);
    }
  });

  test('that stands so already changes nothing, not even the time of the file', async () => {
    const { mtimeMs, ino } = statSync(folder.tasks);
    expect(await tick('T002')).toMatchObject({ status: 200, changed: false, hash: hash(TASKS) });
    expect(statSync(folder.tasks)).toMatchObject({ mtimeMs, ino });
  });

  test('that is not there is 404, as its feature; twice there is 409 with the lines', async () => {
    expect(await tick('T999')).toMatchObject({ status: 404, error: { code: 'unknown_task' } });
    expect(await update({ feature: '002-none', task_id: 'T001', status: 'done' })).toMatchObject({
      status: 404,
      error: { code: 'unknown_feature' },
    });
    mkdirSync(join(folder.root, 'specs/003-empty'), { recursive: true });
    expect(await update({ feature: '003-empty', task_id: 'T001', status: 'done' })).toMatchObject({
      status: 404,
      error: { code: 'no_tasks' },
    });
    folder.write('specs/001-login/tasks.md', `${TASKS}- [ ] T001 again\n`);
    expect(await tick('T001')).toMatchObject({ status: 409, error: { code: 'duplicate_task' }, reasons: [{ id: 'T001', lines: [3, 7] }] });
    const all = await one.get<{ duplicates: object[]; tasks: object[]; hash: string }>('/v1/spec-kit/tasks?feature=001-login', ANA);
    expect(all).toMatchObject({ duplicates: [{ id: 'T001', lines: [3, 7] }], hash: hash(readFileSync(folder.tasks)) });
    expect(all.tasks).toHaveLength(5);
  });

  test('is left alone where the file is another than was decided on', async () => {
    expect(await tick('T001', { expected_hash: hash('another') })).toMatchObject({
      status: 409,
      error: { code: 'changed_meanwhile' },
      reasons: [{ code: 'changed_meanwhile', hash: hash(TASKS) }],
    });
    expect(readFileSync(folder.tasks, 'utf8')).toBe(TASKS);
    expect(await tick('T001', { expected_hash: hash(TASKS) })).toMatchObject({ status: 200, changed: true });
  });

  test('is asked for in the wrong way: 422 with every field; without the scope 403', async () => {
    const answer = await update({
      feature: '../x',
      task_id: 'nope',
      status: 'finished',
      note: 'x'.repeat(2_001),
      expected_hash: 'z',
      more: 1,
    });
    expect(answer.status).toBe(422);
    expect(answer.fields.map(({ path }) => path).sort()).toEqual(['expected_hash', 'feature', 'more', 'note', 'status', 'task_id']);
    expect((await update({ feature: '001-login', task_id: 'T001', status: 'done' }, one, { authorization: 'Bearer bob-key' })).status).toBe(
      403,
    );
    expect((await update({ feature: '001-login', task_id: 'T001', status: 'done' }, one, {})).status).toBe(401);
  });
});

describe('many at once', () => {
  test('every change of two processes is kept, beside what an editor appends', { timeout: 120_000 }, async () => {
    const ids = Array.from({ length: 40 }, (_, n) => `T${String(n + 100)}`);
    folder.write('specs/001-login/tasks.md', ids.map((id) => `- [ ] ${id} do it\n`).join(''));
    const answers = await Promise.all(ids.map((id, row) => tick(id, {}, row % 2 ? one : two)));
    expect(answers.map(({ status, error }) => error?.code ?? status)).toEqual(ids.map(() => 200));
    expect(readFileSync(folder.tasks, 'utf8')).toBe(ids.map((id) => `- [x] ${id} do it\n`).join(''));
    // Each saw the file of the one before: no two ended with the same.
    expect(new Set(answers.map((answer) => answer.hash)).size).toBe(ids.length);
  });

  test('of those who decided on the same file one wins', async () => {
    const expected_hash = hash(TASKS);
    const answers = await Promise.all(['T001', 'T003', 'T010'].map((id, row) => tick(id, { expected_hash }, row % 2 ? one : two)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409]);
  });

  test('a lock that a crash left is taken away', async () => {
    const lock = join(folder.root, 'specs/001-login/.tasks.md.policyd-lock');
    writeFileSync(join(folder.root, 'specs/001-login/.tasks.md.policyd-left-new'), 'left');
    writeFileSync(lock, '');
    const { utimesSync } = await import('node:fs');
    utimesSync(lock, new Date(Date.now() - 120_000), new Date(Date.now() - 120_000));
    expect((await tick('T001')).status).toBe(200);
    expect(existsSync(lock)).toBe(false);
  });
});

describe('nothing outside is touched', () => {
  const SECRET = '- [ ] T001 of somebody else\n';
  let outside: string;
  beforeEach(() => {
    outside = join(folder.home, 'outside');
    mkdirSync(outside, { recursive: true });
    writeFileSync(join(outside, 'tasks.md'), SECRET);
  });
  afterEach(() => {
    expect(readFileSync(join(outside, 'tasks.md'), 'utf8')).toBe(SECRET);
    expect(readdirSync(outside)).toEqual(['tasks.md']);
    for (const name of ['evil', 'evil2', 'evil3', 'pipe']) rmSync(join(folder.root, 'specs', name), { recursive: true, force: true });
  });

  test('by a name that is a path', async () => {
    for (const feature of [
      '../../outside',
      '..',
      '.',
      '',
      '/etc',
      '/etc/passwd',
      '001-login/../../../outside',
      '001-login/',
      'a\0b',
      '001-login\0',
      '..%2f..%2foutside',
      '․․/outside',
      '‥',
      '．．／outside',
      '\u2215etc',
      'a\\..\\..\\b',
      '-rf',
      '~root',
      '$(id)',
      '`id`',
      'a b',
      'a\nb',
      'a;b',
      '001-login..',
      'x'.repeat(129),
      'é',
    ]) {
      const answer = await update({ feature, task_id: 'T001', status: 'done' });
      expect(answer.status, JSON.stringify(feature)).toBe(422);
      expect((await fetch(`${one.url}/v1/spec-kit/tasks?feature=${encodeURIComponent(feature)}`, { headers: ANA })).status).toBe(422);
    }
  });

  test('by a link in the place of the feature, its file, or the folder of all features', async () => {
    symlinkSync(outside, join(folder.root, 'specs/evil'));
    mkdirSync(join(folder.root, 'specs/evil2'));
    symlinkSync(join(outside, 'tasks.md'), join(folder.root, 'specs/evil2/tasks.md'));
    mkdirSync(join(folder.root, 'specs/evil3/tasks.md'), { recursive: true });
    for (const feature of ['evil', 'evil2', 'evil3']) {
      const answer = await update({ feature, task_id: 'T001', status: 'done' });
      expect(answer, feature).toMatchObject({ status: 403, error: { code: 'outside_work_folder' } });
    }
  });

  test('by a folder that becomes a link while it is worked at', { timeout: 120_000 }, async () => {
    const at = join(folder.root, 'specs/evil');
    const statuses = new Set<number>();
    for (let round = 0; round < 40; round++) {
      rmSync(at, { recursive: true, force: true });
      mkdirSync(at);
      writeFileSync(join(at, 'tasks.md'), SECRET);
      const asked = update({ feature: 'evil', task_id: 'T001', status: 'done' });
      await new Promise((resolve) => setTimeout(resolve, (round % 10) / 2));
      renameSync(at, join(folder.home, `gone-${round}`));
      symlinkSync(outside, at);
      statuses.add((await asked).status);
      expect(readFileSync(join(outside, 'tasks.md'), 'utf8'), `round ${round}`).toBe(SECRET);
    }
    for (const status of statuses) expect([200, 403, 404, 409, 500]).toContain(status);
  });

  test('and a file that is too large, or waits for ever, is refused', async () => {
    const { execFileSync } = await import('node:child_process');
    mkdirSync(join(folder.root, 'specs/pipe'));
    execFileSync('mkfifo', [join(folder.root, 'specs/pipe/tasks.md')]);
    expect((await update({ feature: 'pipe', task_id: 'T001', status: 'done' })).status).toBe(403);
    folder.write('specs/001-login/tasks.md', Buffer.alloc(4 * 2 ** 20 + 1, 32));
    expect(await tick('T001')).toMatchObject({ status: 413, error: { code: 'tasks_too_large' } });
    folder.write('specs/001-login/tasks.md', `- [ ] T001 a\n${'<!--\n'.repeat(800_000)}`);
    expect((await tick('T001')).status).toBe(200);
  });
});

test('without `--spec-kit` it is 503, and says what to do', async () => {
  const bare = await Policyd.start('backends:\n  box: { type: ollama, url: "http://127.0.0.1:9", models: { small: {} } }\n');
  const answer = await update({ feature: '001-login', task_id: 'T001', status: 'done' }, bare, {});
  expect(answer).toMatchObject({ status: 503, error: { code: 'no_work_folder' } });
  expect(answer.error.message).toContain('--spec-kit');
  await bare.stop();
});
