import { Pool } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Upstream } from '../upstreams/upstream.ts';
import { MEASURABLE, measureHeap, settleHeap } from './measure-heap.ts';
import { Policyd } from './policyd.ts';

/** Requests of the measured part; the defaults take seconds. */
const REQUESTS = Number(process.env.SOAK_REQUESTS ?? 3_000);
/** Most bytes of heap that one request may leave behind. */
const KEPT = 256;
/** What the heap may move by chance, in bytes. */
const NOISE = 1 << 20;

let upstream: Upstream;
let policyd: Policyd;
let pool: Pool;

beforeAll(async () => {
  upstream = await Upstream.start();
  policyd = await Policyd.start(`backends: { server: { type: vllm, url: "${upstream.url}", models: { m: {} } } }`, {
    args: ['--log-level', 'error'],
    env: MEASURABLE,
  });
  pool = new Pool(policyd.url, { connections: 16 });
});
afterAll(async () => {
  await pool.destroy();
  await policyd.stop();
  await upstream.stop();
});

/** Plain answers, streams, callers that leave, bodies that are wrong, names that nobody has: every kind of end, ever new words. */
async function run(requests: number): Promise<void> {
  let sent = 0;
  const worker = async (): Promise<void> => {
    while (sent < requests) {
      const number = sent++;
      const kind = number % 10;
      const body = JSON.stringify({
        model: kind === 9 ? `nobody-${number}` : 'm',
        stream: kind > 4 && kind < 8,
        messages: [{ role: 'user', content: `words ${number}` }],
      });
      const leaving = new AbortController();
      try {
        const answer = await pool.request({
          method: 'POST',
          path: '/v1/chat/completions',
          headers: { 'content-type': 'application/json', 'x-request-id': `id-${number}` },
          body: kind === 8 ? body.slice(0, -1) : body,
          signal: leaving.signal,
        });
        if (kind === 7) {
          leaving.abort();
          await answer.body.dump().catch(() => {});
        } else await answer.body.dump();
      } catch (error) {
        if (!leaving.signal.aborted) throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: 16 }, worker));
}

test('requests leave nothing behind', async () => {
  await run(Math.max(1_500, REQUESTS / 4));
  const before = await measureHeap(policyd);
  await run(REQUESTS);
  upstream.received.length = 0;
  const after = await settleHeap(policyd, before + NOISE + KEPT * REQUESTS);
  expect(after - before).toBeLessThan(NOISE + KEPT * REQUESTS);
  expect((await policyd.get<{ backends: { in_flight: number }[] }>('/health')).backends[0].in_flight).toBe(0);
  const policy = await policyd.get<{ active: { in_flight: number } }>('/v1/policy');
  expect(policy.active.in_flight).toBe(0);
}, 600_000);
