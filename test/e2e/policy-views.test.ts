import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { understand } from '../../compiler/understand.ts';
import { findFrontier } from '../../compiler/frontier/find-frontier.ts';
import { Upstream } from '../upstreams/upstream.ts';
import { toUpload } from './plant.ts';
import { compileText, Policyd, readError } from './policyd.ts';

let upstream: Upstream;
let policyd: Policyd;
const sha256 = (key: string): string => createHash('sha256').update(key).digest('hex');
const OPS = { authorization: 'Bearer pk-ops' };
const APP = { authorization: 'Bearer pk-app' };
const ASKED = { model: 'support-chat', messages: [{ role: 'user', content: 'hello' }] };

const policy = (privacy: string, more = ''): string => `
backends:
  home: { type: vllm, url: "${upstream.url}", models: { small: { quality: 0.5 }, middle: { quality: 0.7, price: { input: 3, output: 3 } } } }
  cloud: { type: openai, url: "${upstream.url}", api_key_env: CLOUD_KEY, priority: 90, models: { large: { quality: 0.9, price: { input: 1, output: 4 } }, odd: { quality: 0.9, price: { input: 2, output: 8 } } } }
auto: { auto: { candidates: ["*"] }, support-chat: { candidates: ["*"] } }
classes:
  proof: { when: { words: [prove] }, candidates: [large, odd] }
traffic:
  - { name: customer-data, match: { model: "support-*" }, privacy: ${privacy} }
  - { name: the-rest }
keys:
  app: { sha256: "${sha256('pk-app')}", scopes: ["llm:invoke"] }
  ops: { sha256: "${sha256('pk-ops')}", scopes: [admin, "llm:invoke"] }
${more}`;

const get = (path: string, headers: Record<string, string> = OPS): Promise<Response> => fetch(policyd.url + path, { headers });
const put = async (text: string, query = ''): Promise<void> => {
  const answer = await fetch(`${policyd.url}/v1/policy${query}`, {
    method: 'PUT',
    headers: { ...OPS, 'content-type': 'application/json' },
    body: JSON.stringify(toUpload(await compileText(text))),
  });
  expect(answer.status).toBe(200);
};
const decide = async (name: string, headers: Record<string, string> = OPS) => policyd.post(`/v1/route?policy=${name}`, ASKED, headers);
const targetOf = async (name: string): Promise<string> =>
  ((await (await decide(name)).json()) as { decision: { target: string } }).decision.target;

beforeAll(async () => {
  upstream = await Upstream.start({ models: ['small', 'middle', 'large', 'odd'] });
  policyd = await Policyd.start(policy('restricted'), { env: { CLOUD_KEY: 'sk-x' }, args: ['--watch-window', '0'] });
});
afterAll(async () => {
  await policyd.stop();
  await upstream.stop();
});

test('before a second policy there is nothing to compare with, and none to ask', async () => {
  expect([(await get('/v1/policy/diff')).status, (await readError(await get('/v1/policy/diff'))).error.code]).toEqual([
    409,
    'no_previous_policy',
  ]);
  for (const name of ['previous', 'canary', 'shadow']) {
    const answer = await decide(name);
    expect([answer.status, (await readError(answer)).error.code], name).toEqual([404, 'no_policy']);
  }
  const wrong = await decide('newest');
  expect([wrong.status, (await readError(wrong)).error.message]).toEqual([
    400,
    expect.stringContaining('one of active, previous, canary, shadow'),
  ]);
});

test('the frontier is the compiler’s: the same targets by class, the same costs, outdone by the same', async () => {
  const { set } = understand([{ file: 'policies/policy.yaml', text: policy('restricted') }]);
  const told = (await (await get('/v1/policy/frontier')).json()) as {
    input_tokens: number;
    output_tokens: number;
    classes: { class: string | null; points: { target: string; quality: number; cost_usd: number; dominated_by: string | null }[] }[];
  };
  expect(told.classes.map((one) => one.class)).toEqual([null, 'proof']);
  for (const { class: name, points } of told.classes) {
    const row = name === null ? null : set!.classes.findIndex((one) => one.name === name);
    const expected = findFrontier(set!, { category: null, class: row });
    expect(points.map(({ target, quality, dominated_by }) => ({ target, quality, dominated_by }))).toEqual(
      expected.points.map(({ target, quality, dominatedBy }) => ({ target, quality: quality / 1e6, dominated_by: dominatedBy })),
    );
    const { large, odd } = Object.fromEntries(points.map(({ target, cost_usd }) => [target.split('/')[1], cost_usd]));
    expect(large).toBeCloseTo((told.input_tokens * 1 + told.output_tokens * 4) / 1e6, 9);
    expect(odd).toBeCloseTo(2 * large, 9);
  }
});

test('a request is decided under every policy at hand, in the same world; the one in force is not touched', async () => {
  await put(policy('unrestricted'), '?mode=shadow');
  expect([await targetOf('active'), await targetOf('shadow')]).toEqual(['home/middle', 'cloud/large']);
  await put(policy('unrestricted'), '?canary=50');
  expect(await targetOf('canary')).toBe('cloud/large');
  await put(policy('unrestricted'));
  expect([await targetOf('active'), await targetOf('previous')]).toEqual(['cloud/large', 'home/middle']);
  expect(upstream.calls).toHaveLength(0);
});

test('what is not in force takes scope `admin`, and a key that it knows', async () => {
  expect([(await decide('active', APP)).status, (await decide('previous', APP)).status]).toEqual([200, 403]);
  expect([(await get('/v1/policy/diff', APP)).status, (await get('/v1/policy/frontier', APP)).status]).toEqual([403, 403]);
  const extra = policy('restricted', `  late: { sha256: "${sha256('pk-late')}", scopes: [admin, "llm:invoke"] }\n`);
  await put(extra);
  const late = { authorization: 'Bearer pk-late' };
  expect((await decide('active', late)).status).toBe(200);
  const refused = await decide('previous', late);
  expect([refused.status, (await readError(refused)).error.code]).toEqual([409, 'unknown_caller']);
});

test('what changed is what the compiler says of both artifacts, asked twice or not', async () => {
  const { active, previous } = await policyd.get<{ active: { hash: string }; previous: { hash: string } }>('/v1/policy', OPS);
  interface Told {
    readonly old: { readonly hash: string };
    readonly now: { readonly hash: string };
    readonly classes: readonly { readonly direction: string; readonly policies: readonly { readonly now: string }[] }[];
  }
  const [first, second] = await Promise.all([get('/v1/policy/diff'), get('/v1/policy/diff')]);
  const told = (await first.json()) as Told;
  expect([told.old.hash, told.now.hash]).toEqual([previous.hash, active.hash]);
  expect(told.classes.map(({ direction, policies }) => [direction, ...policies.map(({ now }) => now)])).toContainEqual([
    'tightens',
    'customer-data',
  ]);
  expect(await second.json()).toEqual(told);
});
