import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Upstream } from '../upstreams/upstream.ts';
import { Policyd, readError } from './policyd.ts';

/** What is asked of a request before its body is read, whatever way it takes to the gateway. */
let upstream: Upstream;
let policyd: Policyd;

beforeAll(async () => {
  upstream = await Upstream.start();
  policyd = await Policyd.start(
    `
backends: { server: { type: vllm, url: "${upstream.url}", models: { m: {} } } }
keys:
  one: { sha256: "${createHash('sha256').update('pk-one').digest('hex')}", scopes: [llm:invoke] }
  none: { sha256: "${createHash('sha256').update('pk-none').digest('hex')}", scopes: [read:jobs] }
`,
    { args: ['--header-timeout', '400ms', '--body-timeout', '3s', '--body-limit', '4096'] },
  );
});
afterAll(async () => {
  await policyd.stop();
  await upstream.stop();
});

/** The same route, as the server looks for it, and in spellings that only the router of URLs understands. */
const SPELLINGS = ['/v1/chat/completions', '/v1/chat/completions?api-version=2024-06-01', '/v1/chat/completion%73'];
const BODY = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hello' }] });

interface Ask {
  readonly key?: string;
  readonly type?: string;
  readonly body?: string;
  readonly headers?: number;
}

const CASES: readonly (readonly [what: string, ask: Ask, status: number, code: string | null])[] = [
  ['a good request', {}, 200, null],
  ['too many headers, before the key', { headers: 250, key: 'wrong' }, 431, 'headers_too_large'],
  ['no such key, before the type', { key: 'pk-two', type: 'text/plain' }, 401, 'invalid_api_key'],
  ['a key without the scope, before the type', { key: 'pk-none', type: 'text/plain' }, 403, 'insufficient_scope'],
  ['another type, before the size', { type: 'text/plain', body: 'x'.repeat(5_000) }, 415, 'unsupported_media_type'],
  ['a type that only begins like JSON', { type: 'application/jsonl' }, 415, 'unsupported_media_type'],
  ['JSON with a parameter', { type: 'Application/JSON; charset=utf-8' }, 200, null],
  ['too large, before it is read', { body: `{${'x'.repeat(5_000)}` }, 413, 'request_too_large'],
  ['no JSON', { body: '{' }, 400, null],
];

test.each(
  SPELLINGS.flatMap((path) => CASES.map(([what, ask, status, code]) => [path, what, ask, status, code] as const)),
)('%s: %s', async (path, _what, { key = 'pk-one', type = 'application/json', body = BODY, headers = 0 }, status, code) => {
  const more = Object.fromEntries(Array.from({ length: headers }, (_, at) => [`x-more-${at}`, '1']));
  const answer = await policyd.post(path, body, { authorization: `Bearer ${key}`, 'content-type': type, 'x-request-id': 'id-1', ...more });
  expect(answer.status).toBe(status);
  expect([answer.headers.get('x-request-id'), answer.headers.get('x-nexus-backend')]).toEqual(['id-1', status === 200 ? 'server' : 'none']);
  if (status !== 200) expect((await readError(answer)).error.code).toBe(code);
});

test('another method on the path is no request for a backend', async () => {
  const answer = await fetch(policyd.url + SPELLINGS[0], { headers: { authorization: 'Bearer pk-one' } });
  expect([answer.status, answer.headers.get('x-nexus-backend')]).toEqual([404, null]);
});

/** What comes back on a connection that sends this and nothing more, and after how many ms it is closed. */
async function sendOnly(text: string): Promise<{ answer: string; ms: number }> {
  const begun = performance.now();
  const socket = connect(Number(new URL(policyd.url).port), '127.0.0.1');
  let answer = '';
  socket.on('data', (part) => (answer += part.toString()));
  socket.write(text);
  await new Promise((resolve) => socket.once('close', resolve));
  return { answer, ms: performance.now() - begun };
}

test('headers that do not come to an end are waited for as long as the flag says, a body longer', async () => {
  const head = 'POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n';
  const [headers, body] = await Promise.all([
    sendOnly(head),
    sendOnly(`${head}authorization: Bearer pk-one\r\ncontent-length: 100\r\n\r\n{`),
  ]);
  for (const { answer } of [headers, body]) expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  // Looked at once a second.
  expect(headers.ms).toBeGreaterThan(390);
  expect(headers.ms).toBeLessThan(2_600);
  expect(body.ms).toBeGreaterThan(2_900);
}, 20_000);

test('headers may be given longer than the whole request: the shorter time counts', async () => {
  const short = await Policyd.start(`backends: { server: { type: vllm, url: "${upstream.url}", models: { m: {} } } }`, {
    args: ['--header-timeout', '30s', '--body-timeout', '500ms'],
  });
  expect((await short.chat('m')).status).toBe(200);
  await short.stop();
});
