import { afterAll, beforeAll, expect, test } from 'vitest';
import { PROXIED_ROUTES } from '../../runtime/http/proxied-routes.ts';
import { Upstream } from '../upstreams/upstream.ts';
import { Policyd } from './policyd.ts';

/** Every route by which a request can cost money passes the ledger's gate: none is free, none reaches a backend with nothing left. */
let upstream: Upstream;
let policyd: Policyd;
beforeAll(async () => {
  upstream = await Upstream.start({ models: ['m', 'v'] });
  // Not even one token fits: a call of 10 may cost a cent.
  policyd = await Policyd.start(
    `
backends:
  cloud: { type: openai, url: "${upstream.url}", api_key_env: KEY, models: { m: { price: { input: 1000, output: 1000 } }, v: { price: { input: 1000, output: 0 }, capabilities: [embeddings] } } }
budgets: { all: { limit_usd: 0.000001, hard_limit_action: block_all } }
`,
    { env: { KEY: 'sk-test' } },
  );
});
afterAll(async () => {
  await policyd.stop();
  await upstream.stop();
});

const messages = [{ role: 'user', content: 'hello' }];
/** A request of each route; a route that is added must be added here. */
const BODIES: Readonly<Record<string, object>> = {
  '/v1/chat/completions': { model: 'm', messages, max_tokens: 10 },
  '/v1/embeddings': { model: 'v', input: 'hello' },
  '/v1/responses': { model: 'm', input: 'hello', max_output_tokens: 10 },
  '/v1/messages': { model: 'm', messages, max_tokens: 10 },
  '/api/chat': { model: 'm', messages, options: { num_predict: 10 } },
  '/api/generate': { model: 'm', prompt: 'hello', options: { num_predict: 10 } },
  '/api/embed': { model: 'v', input: 'hello' },
};
/** Routes that take a body and call nobody, and those that start work of their own, whose calls come back through the routes above. */
const FREE = [
  /^\/v1\/route$/,
  /^\/v1\/messages\/count_tokens$/,
  /^\/v1\/policy(\/|$)/,
  /^\/api\/coordination\//,
  /^\/api\/show$/,
  /^\/mcp$/,
  /^\/(schedule|evict|task-update)$/,
  /^\/v1\/(jobs|peers|spec-kit)\//,
  // What it embeds, it embeds through `/v1/embeddings` of this server.
  /^\/v1\/context\/ingest$/,
];

test('every route that takes a body is proxied, and listed here, or calls no backend', async () => {
  const { paths } = await policyd.get<{ paths: Record<string, Record<string, unknown>> }>('/openapi.json');
  const writing = Object.entries(paths).flatMap(([path, methods]) => ('post' in methods || 'put' in methods ? [path] : []));
  expect(writing.filter((path) => !FREE.some((free) => free.test(path))).sort()).toEqual(PROXIED_ROUTES.map(({ path }) => path).sort());
  expect(Object.keys(BODIES).sort()).toEqual(PROXIED_ROUTES.map(({ path }) => path).sort());
});

test.each(
  PROXIED_ROUTES.flatMap(
    ({ path, endpoint }) =>
      (endpoint === 'chat'
        ? [
            [path, false],
            [path, true],
          ]
        : [[path, false]]) as [string, boolean][],
  ),
)('%s, stream %s, is refused by the gate before anything is sent', async (path, stream) => {
  const before = upstream.calls.length;
  const answer = await policyd.post(path, { ...BODIES[path], stream });
  expect(answer.status).toBe(503);
  expect(answer.headers.get('x-nexus-rejection-reasons')).toContain('BudgetReconciler');
  expect(upstream.calls.length).toBe(before);
});
