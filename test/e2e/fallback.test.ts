import { afterAll, beforeAll, expect, test } from 'vitest';
import { Upstream } from '../upstreams/upstream.ts';
import { Policyd } from './policyd.ts';

let near: Upstream;
let far: Upstream;
let policyd: Policyd;

beforeAll(async () => {
  [near, far] = await Promise.all([Upstream.start(), Upstream.start()]);
  policyd = await Policyd.start(`
backends:
  near: { type: vllm, url: "${near.url}", models: { small: {}, large: { tier: 4 } } }
  far: { type: generic, zone: open, url: "${far.url}", models: { other: {} } }
fallbacks: { small: [other], large: [small] }
`);
});
afterAll(async () => {
  await policyd.stop();
  await Promise.all([near.stop(), far.stop()]);
});

const fallbacks = async (): Promise<string[]> =>
  (await (await fetch(`${policyd.url}/metrics`)).text()).split('\n').filter((line) => line.startsWith('policyd_fallbacks_total{'));

test('how often another model of the chain serves is counted, by the model that was asked for', async () => {
  expect((await policyd.chat('small')).status).toBe(200);
  expect(await fallbacks()).toEqual([]);
  near.fault = { kind: 'status', status: 500 };
  for (let i = 0; i < 2; i++) {
    const answer = await policyd.chat('small');
    expect([answer.status, answer.headers.get('x-nexus-backend'), answer.headers.get('x-nexus-route-reason')]).toEqual([
      200,
      'far',
      'failover',
    ]);
  }
  expect(await fallbacks()).toEqual(['policyd_fallbacks_total{model="small",category="none"} 2']);
});
