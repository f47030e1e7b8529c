import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { Policyd } from '../policyd.ts';
import { SpecFolder, TASKS } from './spec-folder.ts';
import { Reader } from './stream-reader.ts';

// Servers of their own start, and the machine may be busy.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const KEYLESS = 'backends:\n  box: { type: ollama, url: "http://127.0.0.1:9", models: { small: {} } }\n';

let folder: SpecFolder;
let policyd: Policyd;
beforeAll(async () => {
  folder = new SpecFolder();
  folder.script('check-prerequisites', 'echo "{\\"FEATURE_DIR\\":\\"$SPECIFY_FEATURE\\"}"; echo warning >&2; env | sort');
  policyd = await Policyd.start(KEYLESS, { args: ['--spec-kit', folder.root], env: { SECRET: 'hunter2' } });
});
afterAll(async () => {
  await policyd.stop();
  folder.remove();
});

test('a task is ticked off, told on its stream, and one byte of the file differs', async () => {
  const answer = await policyd.post('/task-update', { feature: '001-login', task_id: 'T003', status: 'done', note: 'by hand' });
  expect(await answer.json()).toMatchObject({
    task_id: 'T003',
    line: 5,
    before: 'open',
    after: 'done',
    changed: true,
    stream: 'spec-001-login',
  });
  expect(readFileSync(folder.tasks, 'utf8')).toBe(TASKS.replace('- [ ] T003', '- [x] T003'));
  const reader = await Reader.open(`${policyd.url}/stream/spec-001-login`);
  await reader.until(() => reader.payloads.length === 1);
  expect(reader.payloads[0]).toMatchObject({ event: 'task', task: 'T003', status: 'done', note: 'by hand', line: 5 });
  reader.socket.close();
  await reader.closed;
});

test('a command is run, its output is streamed, and its end is known', async () => {
  const answer = await policyd.post('/v1/spec-kit/run', { command: 'check-prerequisites', args: ['--json'], feature: '001-login' });
  expect(answer.status).toBe(202);
  const { run_id, stream } = (await answer.json()) as { run_id: string; stream: string };
  const reader = await Reader.open(`${policyd.url}/stream/${stream}`);
  expect(await reader.closed).toEqual({ code: 1000, reason: 'ended' });
  const text = (channel: string): string =>
    (reader.payloads as { channel?: string; text?: string }[]).map((payload) => (payload.channel === channel ? payload.text : '')).join('');
  expect(text('stdout')).toContain('{"FEATURE_DIR":"001-login"}\n');
  expect(text('stderr')).toBe('warning\n');
  expect(text('stdout')).not.toContain('hunter2');
  expect(reader.frames.at(-1)).toMatchObject({ type: 'result', payload: { exit_code: 0, dropped_bytes: 0 } });
  expect(await policyd.get(`/v1/spec-kit/runs/${run_id}`)).toMatchObject({ state: 'succeeded', exit_code: 0, feature: '001-login' });
});
