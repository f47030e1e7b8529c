import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { Upstream } from '../../upstreams/upstream.ts';
import { Policyd } from '../policyd.ts';
import { type PoolApi, poolOf } from '../pool/api.ts';

/** Agents of the pool take documents in, and answer from what is found. */
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

let upstream: Upstream;
let policyd: Policyd;
let pool: PoolApi;
beforeAll(async () => {
  upstream = await Upstream.start();
  policyd = await Policyd.start(`backends: { house: { type: vllm, url: "${upstream.url}", models: { m: {} } } }`);
  pool = poolOf(policyd);
  await pool.initialize(1);
});
afterAll(async () => {
  await policyd.stop();
  await upstream.stop();
});

test('a task takes documents in, and a question is answered from them', async () => {
  const documents = [{ id: 'zebra', text: 'Zebras sleep standing up.' }];
  const ingest = await pool.submit({ source: 'notes', documents }, { task_type: 'ingest' });
  expect(await pool.reach(ingest.task_id, ['completed', 'failed'], 120_000)).toMatchObject({
    status: 'completed',
    result: { documents: [{ id: 'zebra', status: 'created', chunks: 1 }] },
  });
  const research = await pool.submit({ query: 'how do zebras sleep', top_k: 3 }, { task_type: 'research' });
  const answered = await pool.reach(research.task_id, ['completed', 'failed'], 120_000);
  expect(answered).toMatchObject({ status: 'completed', result: { sources: [{ document: 'zebra', text: documents[0].text }] } });
  const asked = upstream.calls.filter(({ path }) => path === '/v1/chat/completions').at(-1)!;
  expect(asked.body.toString('utf8')).toContain('Zebras sleep standing up');
});
