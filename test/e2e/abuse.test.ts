import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runAbuse, SHORT } from '../chaos/run-abuse.ts';
import { Upstream } from '../upstreams/upstream.ts';
import { Policyd, readError, until } from './policyd.ts';

test('names, bodies, headers, connections and callers that leave: a clear answer, bounded memory, nothing left behind', async () => {
  const report = await runAbuse(SHORT);
  expect(report.wrong).toEqual([]);
  expect(report.rows).toHaveLength(13);
}, 180_000);

let upstream: Upstream;
let policyd: Policyd;

const hash = (key: string): string => createHash('sha256').update(key).digest('hex');

beforeAll(async () => {
  upstream = await Upstream.start();
  policyd = await Policyd.start(
    `
backends: { server: { type: vllm, url: "${upstream.url}", models: { m: {} } } }
keys:
  one: { sha256: "${hash('pk-one')}", scopes: [llm:invoke] }
  two: { sha256: "${hash('pk-two')}", scopes: [llm:invoke] }
`,
    { args: ['--max-streams-per-caller', '2', '--max-requests', '5'] },
  );
});
afterAll(async () => {
  await policyd.stop();
  await upstream.stop();
});

const as = (caller: string): Record<string, string> => ({ authorization: `Bearer pk-${caller}` });

test('a caller may have so many streams open, whatever the others do, and again when one has ended', async () => {
  upstream.gap = 50;
  const open = await Promise.all([1, 2].map(() => policyd.chat('m', { stream: true }, as('one'))));
  const refused = await policyd.chat('m', { stream: true }, as('one'));
  expect([refused.status, refused.headers.get('retry-after'), refused.headers.get('x-nexus-backend')]).toEqual([429, '1', 'none']);
  expect((await readError(refused)).error).toMatchObject({ code: 'too_many_streams', type: 'rate_limit_error' });
  expect((await policyd.chat('m', {}, as('one'))).status).toBe(200);
  const other = await policyd.chat('m', { stream: true }, as('two'));
  expect(other.status).toBe(200);
  await Promise.all([...open, other].map((answer) => answer.text()));
  const again = async (): Promise<boolean> => (await (await policyd.chat('m', { stream: true }, as('one'))).text()).includes('[DONE]');
  await until(again, 'its streams to be over');
  upstream.gap = 0;
});

test('the server takes so many requests at once, then says when to come again; health is still told', async () => {
  upstream.delay = 300;
  const answers = await Promise.all(Array.from({ length: 8 }, () => policyd.chat('m', {}, as('one'))));
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 200, 503, 503, 503]);
  const refused = answers.find(({ status }) => status === 503)!;
  expect([refused.headers.get('retry-after'), (await readError(refused)).error.code]).toEqual(['1', 'overloaded']);
  const held = Array.from({ length: 5 }, () => policyd.chat('m', {}, as('one')));
  expect((await fetch(`${policyd.url}/health`)).status).toBe(200);
  await Promise.all(held);
  upstream.delay = 0;
});
