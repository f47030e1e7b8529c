import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Upstream } from '../upstreams/upstream.ts';
import { Policyd, readError } from './policyd.ts';

const KEY = 'pk-of-the-app';
const ADMIN = 'pk-of-the-operator';

let upstream: Upstream;
let policyd: Policyd;

beforeAll(async () => {
  upstream = await Upstream.start();
  policyd = await Policyd.start(`
backends: { house: { type: ollama, url: "${upstream.url}", models: { m: {}, other: {} } } }
keys:
  app: { sha256: "${hash(KEY)}", team: red }
  operator: { sha256: "${hash(ADMIN)}", scopes: [admin] }
traffic:
  - { name: red, match: { team: red }, min_tier: 1 }
`);
});
afterAll(async () => {
  await policyd.stop();
  await upstream.stop();
});

function hash(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

test.each([
  ['nothing', undefined],
  ['an empty header', ''],
  ['a scheme alone', 'Bearer '],
  ['no scheme', KEY],
  ['another scheme', `Basic ${KEY}`],
  ['a key and more', `Bearer ${KEY} more`],
  ['a key twice', `Bearer ${KEY},${KEY}`],
  ['the hash of a key', `Bearer ${hash(KEY)}`],
  ['a beginning of a key', `Bearer ${KEY.slice(0, -1)}`],
  ['letters that are not ASCII', 'Bearer \u00e9\u00e8'],
])('%s is no key: 401, and nobody is called', async (_, authorization) => {
  const before = upstream.calls.length;
  const answer = await policyd.chat('m', {}, authorization === undefined ? {} : { authorization });
  expect(answer.status).toBe(401);
  expect(answer.headers.get('www-authenticate')).toContain('Bearer');
  expect(answer.headers.get('x-should-retry')).toBe('false');
  expect(answer.headers.get('x-nexus-backend')).toBe('none');
  expect((await readError(answer)).error.code).toBe('invalid_api_key');
  expect(upstream.calls).toHaveLength(before);
});

test('a key lets in what its scopes name, and its team is what policies see', async () => {
  const app = { authorization: `bearer ${KEY}` };
  const operator = { authorization: `Bearer ${ADMIN}` };
  expect((await policyd.chat('m', {}, app)).status).toBe(200);
  expect(upstream.calls.at(-1)!.headers.authorization).toBeUndefined();
  const read = await policyd.post('/v1/route', { model: 'm', messages: [{ role: 'user', content: 'x' }] }, app);
  expect(await read.json()).toMatchObject({ intent: { policy: 'red' } });
  const refused = await policyd.chat('m', {}, operator);
  expect([refused.status, (await readError(refused)).error.code]).toEqual([403, 'insufficient_scope']);
  const look = async (headers: Record<string, string>): Promise<number> => (await fetch(`${policyd.url}/v1/policy`, { headers })).status;
  expect([await look({}), await look(app), await look(operator)]).toEqual([401, 403, 200]);
});
