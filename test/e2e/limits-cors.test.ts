import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readConfig } from '../../runtime/config/read-config.ts';
import { Upstream } from '../upstreams/upstream.ts';
import { launch, Policyd } from './policyd.ts';

const hash = (key: string): string => createHash('sha256').update(key).digest('hex');
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
const ALLOWED = 'https://a.example';

let upstream: Upstream;
let policyd: Policyd;
beforeAll(async () => {
  upstream = await Upstream.start({ models: ['m'] });
  policyd = await Policyd.start(
    `
backends:
  house: { type: vllm, url: "${upstream.url}", models: { m: {} } }
keys:
  app: { sha256: "${hash('app-key')}", scopes: [llm:invoke, admin, read:jobs, write:jobs] }
  few: { sha256: "${hash('few-key')}", scopes: [llm:invoke, admin, read:jobs, write:jobs, context:read], rate: { requests: 2/h } }
`,
    { args: ['--cors-origins', `${ALLOWED},http://localhost:3000`] },
  );
});
afterAll(async () => {
  await policyd.stop();
  await upstream.stop();
});

describe('pages in a browser', () => {
  const preflight = (path: string, origin: string) =>
    fetch(policyd.url + path, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type,x-nexus-strict',
      },
    });

  test.each([
    '/v1/chat/completions',
    '/v1/messages',
    '/v1/budgets',
    '/api/coordination/tasks',
    '/schedule',
    '/v1/chat/completions/',
  ])('%s may be asked by pages of the origins that are named, and by no others', async (path) => {
    for (const origin of [ALLOWED, 'http://localhost:3000']) {
      const answer = await preflight(path, origin);
      expect(answer.status).toBe(204);
      expect(answer.headers.get('access-control-allow-origin')).toBe(origin);
      expect(answer.headers.get('access-control-allow-methods')).toContain('POST');
      expect(answer.headers.get('access-control-allow-headers')).toBe('authorization,content-type,x-nexus-strict');
      expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
      expect(answer.headers.get('vary')).toContain('origin');
    }
    for (const origin of ['https://b.example', 'https://a.example.evil', 'http://a.example', 'null', 'https://a.example:444']) {
      const answer = await preflight(path, origin);
      for (const name of ['origin', 'methods', 'headers']) expect(answer.headers.get(`access-control-allow-${name}`), origin).toBeNull();
    }
  });

  test('answers with a backend, without one, of errors and as a stream can be read with their headers', async () => {
    const headers = { ...bearer('app-key'), origin: ALLOWED };
    const answers = [
      await policyd.chat('m', {}, headers),
      await policyd.chat('m', { stream: true }, headers),
      await policyd.chat('unknown', {}, headers),
      await policyd.chat('m', {}, { origin: ALLOWED }),
      await fetch(`${policyd.url}/v1/budgets`, { headers }),
      await fetch(`${policyd.url}/nowhere`, { headers }),
      await fetch(`${policyd.url}/metrics`, { headers }),
    ];
    for (const answer of answers) {
      await answer.arrayBuffer();
      expect(answer.headers.get('access-control-allow-origin'), answer.url).toBe(ALLOWED);
      for (const name of ['x-nexus-backend', 'x-request-id', 'retry-after'])
        expect(answer.headers.get('access-control-expose-headers')).toContain(name);
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    }
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 404, 401, 200, 404, 200]);
    expect(answers[0].headers.get('x-nexus-backend')).toBe('house');
  });

  test('other origins, and requests without one, are told nothing', async () => {
    for (const origin of [{ origin: 'https://b.example' }, {}]) {
      const answer = await policyd.chat('m', {}, { ...bearer('app-key'), ...origin } as Record<string, string>);
      await answer.arrayBuffer();
      expect(answer.status).toBe(200);
      expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
  });

  test('without the option nobody is allowed', async () => {
    const other = await Policyd.start(`backends: { house: { type: vllm, url: "${upstream.url}", models: { m: {} } } }`);
    try {
      const answer = await other.chat('m', {}, { origin: ALLOWED });
      await answer.arrayBuffer();
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    } finally {
      await other.stop();
    }
  });

  const WRONG = [
    '*',
    'a.example',
    'https://a.example/',
    'https://*.example',
    'null',
    'ftp://a.example',
    'https://a.example/path',
    '',
    'https://A.example',
  ];
  test('what is no origin is refused at the start, all of them at once', async () => {
    for (const text of WRONG.slice(0, -2)) expect(() => readConfig(['--cors-origins', text], {}), text).toThrow(/cors-origins/);
    const { child, output } = launch(['--cors-origins', `${WRONG[0]},https://fine.example,${WRONG[8]}`, '--policy', '/nowhere']);
    expect(await new Promise((resolve) => child.once('exit', resolve))).toBe(2);
    const said = output.join('');
    expect(said).toContain('not `*`');
    expect(said).toContain('did you mean `https://a.example`');
    expect(said).not.toContain('fine.example');
  });
});

test('what a browser could do with an answer is narrowed, and the dashboard keeps its own words', async () => {
  const answer = await fetch(`${policyd.url}/v1/budgets`, { headers: bearer('app-key') });
  await answer.arrayBuffer();
  expect(answer.headers.get('content-security-policy')).toBe("default-src 'none';frame-ancestors 'none'");
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  expect(answer.headers.get('x-frame-options')).toBe('SAMEORIGIN');
  expect(answer.headers.get('referrer-policy')).toBe('no-referrer');
  const page = await fetch(`${policyd.url}/dashboard`);
  expect(page.headers.get('content-security-policy')).toContain("script-src 'self'");
  await page.arrayBuffer();
});

test("a key's rate of requests holds for every route that asks for a scope, together", async () => {
  const { paths } = await policyd.get<{ paths: Record<string, Record<string, unknown>> }>('/openapi.json');
  const ask = (method: string, path: string) =>
    fetch(policyd.url + path.replace(/\{[^}]+\}/g, 'x'), {
      method: method.toUpperCase(),
      headers: { ...bearer('few-key'), ...(method === 'get' ? {} : { 'content-type': 'application/json' }) },
      ...(method === 'get' ? {} : { body: '{}' }),
    });
  for (let count = 0; count < 2; count++) await (await ask('get', '/v1/budgets')).arrayBuffer();
  const open: string[] = [];
  let asked = 0;
  for (const [path, methods] of Object.entries(paths)) {
    for (const method of Object.keys(methods)) {
      const answer = await ask(method, path);
      await answer.arrayBuffer();
      asked++;
      if (answer.status === 429) expect(Number(answer.headers.get('retry-after')), path).toBeGreaterThan(60);
      else open.push(`${method} ${path}`);
    }
  }
  expect(asked).toBeGreaterThan(40);
  // Those that take no key, and those of peers, who show who they are in another way.
  for (const path of open) expect(path).toMatch(/^get \/(health|metrics|openapi|dashboard)|^\w+ \/v1\/peers\/\w/);
});
