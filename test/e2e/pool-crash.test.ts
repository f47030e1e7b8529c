import { mkdtempSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { flood } from '../bench/pool/flood.ts';
import { compileText, Policyd, until, writeArtifact } from './policyd.ts';
import { poolOf } from './pool/api.ts';

/** What becomes of tasks when policyd is killed, stopped or flooded. */
const HANDLERS = fileURLToPath(new URL('./pool/handlers.ts', import.meta.url));
const POLICY = 'backends: { box: { type: ollama, url: "http://127.0.0.1:9", models: { m: {} } } }\n';
const LEASE = 1_500;
const ARGS = ['--pool-handlers', HANDLERS, '--pool-lease', `${LEASE}ms`, '--pool-grace', '2s'];

let home: string;
let policyd: Policyd;
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'policyd-pool-'));
  writeArtifact(join(home, 'generated'), await compileText(POLICY));
});
afterEach(async () => {
  await policyd.stop();
  rmSync(home, { recursive: true, force: true });
});

async function run(): Promise<ReturnType<typeof poolOf>> {
  policyd = await Policyd.run(home, join(home, 'generated'), { args: ARGS });
  return poolOf(policyd);
}

test('SIGKILL in the middle of tasks: all of them end once the next process is there, within the lease and a second', async () => {
  let pool = await run();
  await pool.initialize(3);
  const ids: string[] = [];
  for (let i = 0; i < 20; i++) ids.push((await pool.submit({ do: 'sleep', ms: 800 })).task_id);
  const before = (await pool.ask('GET', '/tasks?status=in_progress')).body.tasks.map(({ task_id: id }: { task_id: string }) => id);
  expect(before).toHaveLength(3);
  policyd.process.kill('SIGKILL');
  await once(policyd.process, 'exit');
  pool = await run();
  const up = performance.now();
  for (const id of before) {
    const again = await pool.reach(id, ['pending', 'completed', 'failed'], LEASE + 1_000);
    expect(again.failed_agent_ids).toHaveLength(1);
  }
  expect(performance.now() - up).toBeLessThan(LEASE + 1_000);
  // The agents of before came back by themselves.
  for (const id of ids) expect(await pool.reach(id, ['completed'])).toMatchObject({ result: { slept: 800 } });
  expect((await pool.ask('GET', '/metrics')).body).toMatchObject({ tasks_total: 20, tasks_completed: 20, tasks_in_progress: 0 });
}, 120_000);

test('SIGTERM: tasks that can end do, the others are given back without blame, and go on in the next process', async () => {
  let pool = await run();
  await pool.initialize(2);
  const [short, long] = [await pool.submit({ do: 'sleep', ms: 600 }), await pool.submit({ do: 'ignore abort', once: true })];
  expect(await policyd.stop()).toBe(0);
  pool = await run();
  expect(await pool.task(short.task_id)).toMatchObject({ status: 'completed', attempt_count: 1 });
  const back = await pool.task(long.task_id);
  expect(back.failed_agent_ids).toEqual([]);
  expect(back.attempt_count).toBeLessThanOrEqual(1);
  await until(async () => (await pool.task(long.task_id)).status === 'in_progress', 'its next agent');
  await pool.ask('POST', `/tasks/${long.task_id}/cancel`);
}, 120_000);

test('10,000 submissions at full speed: the queue is never over its depth, nothing that was accepted is lost, refusals say when', async () => {
  const pool = await run();
  await pool.initialize(4);
  const { accepted, refused, other, withRetryAfter, deepest, refusals } = await flood(policyd.url, 10_000, 32, { do: 'sleep', ms: 1 });
  expect(other).toEqual([]);
  expect(accepted.length + refused).toBe(10_000);
  expect(withRetryAfter).toBe(refused);
  expect(deepest).toBeLessThanOrEqual(100);
  expect(refused).toBeGreaterThan(1_000);
  expect(new Set(accepted).size).toBe(accepted.length);
  for (const id of accepted) await pool.reach(id, ['completed']);
  expect((await pool.ask('GET', '/metrics')).body).toMatchObject({ tasks_total: accepted.length, tasks_completed: accepted.length });
  // Client and server share the machine here; `npm run bench -- pool` measures.
  expect(refusals[Math.floor(refusals.length / 2)]).toBeLessThan(200);
}, 300_000);
