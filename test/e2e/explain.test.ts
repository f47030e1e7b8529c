import { afterAll, beforeAll, expect, test } from 'vitest';
import { Upstream } from '../upstreams/upstream.ts';
import { Policyd } from './policyd.ts';

/** From headers, `/v1/route`, metrics and the log alone, a decision can be understood. */
let upstream: Upstream;
let other: Upstream;
let policyd: Policyd;

beforeAll(async () => {
  upstream = await Upstream.start();
  other = await Upstream.start();
  policyd = await Policyd.start(
    `
backends:
  low: { type: vllm, url: "${upstream.url}", tier: 2, models: { m: { quality: 0.5, capabilities: [chat] }, vectors: { capabilities: [embeddings] } } }
  open: { type: generic, zone: open, url: "${other.url}", tier: 3, models: { m: { quality: 0.6, price: free } } }
aliases: { high: m, inside: m }
traffic:
  - { name: high-only, match: { model: high }, min_tier: 5 }
  - { name: inside-only, match: { model: inside }, privacy: restricted }
`,
    { args: ['--log-level', 'debug'] },
  );
});
afterAll(async () => {
  await policyd.stop();
  await upstream.stop();
  await other.stop();
});

interface Explained {
  readonly intent: {
    readonly resolved_model: string;
    readonly endpoint: string;
    readonly candidates: string[];
    readonly aliases: string[];
  };
  readonly decision: {
    readonly decision: string;
    readonly target?: string;
    readonly rejection_reasons?: { readonly reconciler: string }[];
  };
  readonly links: {
    readonly stages: {
      readonly stage: string;
      readonly excluded: { readonly target: string; readonly place: { readonly file: string } }[];
    }[];
  }[];
  readonly policy: string;
  readonly decision_time_us: number;
}

const messages = [{ role: 'user', content: 'hello' }];

test('/v1/route gives the decision and every stage, and calls nobody', async () => {
  const before = upstream.calls.length + other.calls.length;
  const answer = await policyd.post('/v1/route', { model: 'inside', messages });
  expect(answer.status).toBe(200);
  const explained = (await answer.json()) as Explained;
  expect(explained).toMatchObject({
    intent: { aliases: ['inside', 'm'], resolved_model: 'm' },
    decision: { decision: 'route', target: 'low/m' },
  });
  const privacy = explained.links[0].stages.find(({ stage }) => stage === 'PrivacyReconciler')!;
  expect(privacy.excluded).toMatchObject([{ target: 'open/m', place: { file: 'policies/policy.yaml' } }]);
  expect(explained.policy).toMatch(/^[0-9a-f]{64}$/);
  expect(explained.decision_time_us).toBeGreaterThan(0);
  expect(upstream.calls.length + other.calls.length).toBe(before);
});

test('/v1/route takes embeddings bodies, and refuses as the endpoint itself would', async () => {
  const vectors = (await (await policyd.post('/v1/route', { model: 'vectors', input: 'x' })).json()) as Explained;
  expect(vectors).toMatchObject({ intent: { endpoint: 'embeddings' }, decision: { decision: 'route', target: 'low/vectors' } });
  const tools = [{ type: 'function', function: { name: 'f', parameters: {} } }];
  const lacking = (await (await policyd.post('/v1/route', { model: 'inside', messages, tools })).json()) as Explained;
  expect(lacking.decision.decision).toBe('reject');
  expect(lacking.decision.rejection_reasons?.map(({ reconciler }) => reconciler)).toContain('RequestAnalyzer');
  expect((await policyd.post('/v1/route', { model: 'nobody', messages })).status).toBe(404);
  expect((await policyd.post('/v1/route', '{')).status).toBe(400);
});

test('a tier that is too high is refused strictly, and served with a warning where the request is flexible', async () => {
  const strict = await policyd.chat('high');
  expect([strict.status, strict.headers.get('x-should-retry')]).toEqual([503, 'false']);
  const flexible = await policyd.chat('high', {}, { 'x-nexus-flexible': 'true' });
  expect([flexible.status, flexible.headers.get('x-nexus-warning')]).toEqual([200, 'tier-fallback']);
  expect((await policyd.chat('high', {}, { 'x-nexus-flexible': 'true', 'x-nexus-strict': 'true' })).status).toBe(503);
});

test('metrics count requests, decisions within the budget, and exclusions by stage', async () => {
  const metrics = await (await fetch(`${policyd.url}/metrics`)).text();
  const value = (line: string): number => Number(new RegExp(`^${line.replace(/[{}]/g, '\\$&')} (\\S+)$`, 'm').exec(metrics)?.[1]);
  expect(value('policyd_requests_total{endpoint="chat",backend="none",status="503",reason="none"}')).toBe(2);
  const total = value('policyd_decision_seconds_count{phase="total"}');
  expect(total).toBe(3);
  expect(value('policyd_decision_seconds_bucket{le="0.001",phase="total"}')).toBeLessThanOrEqual(total);
  expect(value('policyd_exclusions_total{stage="TierReconciler",decision="reject"}')).toBe(4);
  expect(value('policyd_backend_up{backend="low"}')).toBe(1);
});

test('the log has one line a request and, at debug, the decision behind it; no words of the request', async () => {
  await policyd.chat('m', { messages: [{ role: 'user', content: 'a most private sentence' }] }, { 'x-request-id': 'trace-me' });
  await expect.poll(() => policyd.lines('request').filter(({ request_id }) => request_id === 'trace-me').length).toBe(1);
  const line = policyd.lines('request').find(({ request_id }) => request_id === 'trace-me')!;
  expect(line).toMatchObject({ level: 'info', model: 'm', status: 200, tried: [], error: null });
  expect(line.policy).toMatch(/^[0-9a-f]{64}$/);
  expect(Number(line.decision_us)).toBeGreaterThan(0);
  const decision = policyd.lines('decision').find(({ request_id }) => request_id === 'trace-me')!;
  expect(decision).toMatchObject({ level: 'debug', intent: { candidates: ['low/m', 'open/m'] }, decision: { decision: 'route' } });
  expect(policyd.output).not.toContain('private sentence');
});
