import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { mkdirSync, renameSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Upstream } from '../upstreams/upstream.ts';
import { plant, toUpload } from './plant.ts';
import { compileText, type ErrorBody, Policyd, until, writeArtifact } from './policyd.ts';

interface Status {
  readonly active: { readonly hash: string; readonly source: string; readonly age_seconds: number };
  readonly previous: { readonly hash: string } | null;
  readonly last_error: { readonly message: string; readonly hash: string | null } | null;
  readonly watch: { readonly state: string; readonly hash: string | null };
  readonly history: readonly { event: string; from: string; to: string | null; by: string }[];
  readonly max_staleness: number | null;
}

let upstream: Upstream;
let policyd: Policyd;
const sha256 = (key: string): string => createHash('sha256').update(key).digest('hex');
const ADMIN = { authorization: 'Bearer pk-ops' };
const bare = (quality: number): string => `
backends:
  server: { type: vllm, url: "${upstream.url}", models: { m: { quality: ${quality} } } }
`;
const keyed = (quality: number): string => `${bare(quality)}
keys:
  app: { sha256: "${sha256('pk-app')}", scopes: [llm:invoke] }
  ops: { sha256: "${sha256('pk-ops')}", scopes: [admin] }
`;
const read = (): Promise<Status> => policyd.get<Status>('/v1/policy', ADMIN);

async function put(to: Policyd, body: unknown, headers: Record<string, string> = {}) {
  const answer = await fetch(`${to.url}/v1/policy`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const json = (await answer.json()) as Status & ErrorBody;
  return { status: answer.status, etag: answer.headers.get('etag'), body: json, message: json.error?.message ?? '' };
}

async function rollBack(headers: Record<string, string> = ADMIN, to = policyd) {
  const answer = await fetch(`${to.url}/v1/policy/rollback`, { method: 'POST', headers });
  return { status: answer.status, body: (await answer.json()) as Status & ErrorBody };
}

beforeAll(async () => {
  upstream = await Upstream.start();
  policyd = await Policyd.start(keyed(0.1));
});
afterAll(async () => {
  await policyd.stop();
  await upstream.stop();
});

test('there is nothing to roll back to at first', async () => {
  const { status, body } = await rollBack();
  expect([status, body.error.code]).toEqual([409, 'no_previous_policy']);
});

test('an artifact that is put serves when the answer is there; If-Match guards it; both steps stand in the history', async () => {
  const before = await read();
  const next = toUpload(await compileText(keyed(0.2)));
  const stale = await put(policyd, next, { ...ADMIN, 'if-match': `"${'0'.repeat(64)}"` });
  expect([stale.status, stale.message.includes(before.active.hash)]).toEqual([412, true]);
  expect((await read()).active.hash).toBe(before.active.hash);
  const done = await put(policyd, next, { ...ADMIN, 'if-match': `"${before.active.hash}"` });
  expect([done.status, done.body.active.hash, done.body.active.source]).toEqual([200, next.manifest.hash, 'upload']);
  expect(done.etag).toBe(`"${next.manifest.hash}"`);
  expect(done.body.previous?.hash).toBe(before.active.hash);
  expect(done.body.watch).toMatchObject({ state: 'open', hash: next.manifest.hash });
  expect(done.body.history[0]).toMatchObject({ event: 'swapped', from: before.active.hash, to: next.manifest.hash, by: 'key ops' });
  const chat = await policyd.chat('m', {}, { authorization: 'Bearer pk-app' });
  expect(chat.headers.get('x-nexus-policy')).toBe(next.manifest.hash);
  const again = await put(policyd, next, ADMIN);
  expect([again.status, again.body.history.length]).toEqual([200, done.body.history.length]);
  await until(() => policyd.lines('policy swapped').some(({ policy, from }) => policy === next.manifest.hash && from), 'the audit line');
});

test('the folder that did not change does not take back what was put; SIGHUP does', async () => {
  const { active, previous } = await read();
  // Touched and written again, with the same content.
  utimesSync(join(policyd.folder, 'manifest.json'), new Date(), new Date());
  await policyd.rewrite(keyed(0.1));
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  expect((await read()).active.hash).toBe(active.hash);
  policyd.process.kill('SIGHUP');
  await until(async () => (await read()).active.hash === previous!.hash, 'the folder to be loaded');
  expect((await read()).history[0].by).toBe('SIGHUP');
});

test('rollback brings the previous one back, a second one undoes it, and the folder does not interfere', async () => {
  const { active, previous } = await read();
  expect((await rollBack({ ...ADMIN, 'if-match': '"other"' })).status).toBe(412);
  const back = await rollBack();
  expect([back.status, back.body.active.hash, back.body.previous?.hash]).toEqual([200, previous!.hash, active.hash]);
  expect(back.body.history[0]).toMatchObject({ event: 'rolled-back', from: active.hash, to: previous!.hash, by: 'key ops' });
  await new Promise((resolve) => setTimeout(resolve, 700));
  expect((await rollBack()).body.active.hash).toBe(active.hash);
});

test('a path is loaded only in the artifact folder', async () => {
  writeArtifact(join(policyd.folder, 'next'), await compileText(keyed(0.3)));
  const inside = await put(policyd, { path: join(policyd.folder, 'next') }, ADMIN);
  expect([inside.status, inside.body.active.source]).toEqual([200, join(policyd.folder, 'next')]);
  const own = await put(policyd, { path: policyd.folder }, ADMIN);
  expect(own.status).toBe(200);
  writeArtifact(`${policyd.folder}-other`, await compileText(keyed(0.3)));
  for (const path of ['/etc', `${policyd.folder}-other`, join(policyd.folder, '..'), join(policyd.folder, 'none')]) {
    expect((await put(policyd, { path }, ADMIN)).body.error.code, path).toBe('path_not_allowed');
  }
  mkdirSync(join(policyd.folder, 'empty'));
  const empty = await put(policyd, { path: join(policyd.folder, 'empty') }, ADMIN);
  expect([empty.status, empty.message.includes('[artifact-missing]')]).toEqual([422, true]);
});

test('what is no artifact is refused with every reason, and what served goes on serving', async () => {
  const { active } = await read();
  const good = toUpload(await compileText(keyed(0.4)));
  const shapes = await put(policyd, { manifest: 1, router: 2, rooter: 3 }, ADMIN);
  expect(shapes.status).toBe(400);
  for (const word of ['`manifest` is no object', '`router` is no text', 'unknown key `rooter`']) expect(shapes.message).toContain(word);
  expect((await put(policyd, { ...good, path: 'x' }, ADMIN)).message).toContain('`path` excludes');
  for (const body of ['[1]', '{', 'null', '"x"']) expect((await put(policyd, body, ADMIN)).status, body).toBe(400);
  expect((await put(policyd, good, { ...ADMIN, 'if-match': 'abc' })).body.error.code).toBe('invalid_if_match');
  const wrong: [string, unknown][] = [
    ['[artifact-incomplete]', { ...good, router: `${good.router} ` }],
    ['[artifact-incomplete]', { ...good, manifest: { ...good.manifest, hash: '0'.repeat(64) } }],
    ['[artifact-format]', { ...good, manifest: { format: 99 } }],
    ['[artifact-format]', { ...good, manifest: {} }],
    ['[router-broken]', toUpload(await plant(keyed(0.41), 'return {'))],
    ['[router-format]', toUpload(await plant(keyed(0.42), 'return { ...made, targets: 7 };'))],
    ['[self-test]', toUpload(await plant(keyed(0.43), 'return { ...made, decide: () => -1 };'))],
    ['[router-slow]', toUpload(await plant(keyed(0.44), busy('true')))],
  ];
  for (const [slug, body] of wrong) {
    const refused = await put(policyd, body, ADMIN);
    expect([refused.status, refused.message.includes(slug)], `${slug} ${refused.message}`).toEqual([422, true]);
    const after = await read();
    expect(after.active.hash).toBe(active.hash);
    expect(after.last_error?.message).toContain(slug);
    expect(after.history[0]).toMatchObject({ event: 'refused', from: active.hash });
  }
  expect((await policyd.chat('m', {}, { authorization: 'Bearer pk-app' })).status).toBe(200);
  const twice = await put(policyd, wrong[6][1], ADMIN);
  expect(twice.message).toContain('[self-test]');
});

test('the history is bounded', async () => {
  const broken = { manifest: { format: 99 }, router: '' };
  for (let step = 0; step < 70; step++) await put(policyd, broken, ADMIN);
  expect((await read()).history).toHaveLength(64);
});

test('without scope admin nothing is shown and nothing changes', async () => {
  const next = toUpload(await compileText(keyed(0.5)));
  const app = { authorization: 'Bearer pk-app' };
  expect((await put(policyd, next, app)).status).toBe(403);
  expect((await put(policyd, next)).status).toBe(401);
  expect((await rollBack(app)).status).toBe(403);
});

test('a caller whose body takes longer than two swaps is served by the router that serves then', async () => {
  const { port } = new URL(policyd.url);
  const body = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'slow' }] });
  const socket = connect(Number(port), '127.0.0.1');
  const heard: string[] = [];
  socket.on('data', (part) => heard.push(part.toString()));
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nauthorization: Bearer pk-app\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body.slice(0, 9)}`,
  );
  // Another timeout makes another backend, so that the first router's is closed.
  const make = async (idle: number): Promise<unknown> =>
    toUpload(await compileText(keyed(0.1).replace('models:', `timeouts: { idle: ${idle}s }, models:`)));
  for (const idle of [71, 72, 73]) expect((await put(policyd, await make(idle), ADMIN)).status).toBe(200);
  socket.write(body.slice(9));
  const text = await until(() => (heard.join('').includes('system_fingerprint') ? heard.join('') : null), 'the answer');
  expect(text).toMatch(/^HTTP\/1\.1 200/);
  expect(text.toLowerCase()).toContain(`x-nexus-policy: ${(await read()).active.hash}`);
  socket.destroy();
});

test('without caller keys a router is taken from outside only where that is allowed, and never for a foreign page', async () => {
  const open = await Policyd.start(bare(0.1));
  const next = toUpload(await compileText(bare(0.2)));
  expect((await put(open, next)).body.error.code).toBe('upload_not_allowed');
  expect((await put(open, { path: open.folder })).status).toBe(200);
  await open.stop();
  const trusting = await Policyd.start(bare(0.1), { args: ['--allow-upload'] });
  expect((await put(trusting, next)).status).toBe(200);
  const foreign = { origin: 'https://attacker.example' };
  expect((await rollBack(foreign, trusting)).body.error.code).toBe('foreign_origin');
  expect((await put(trusting, next, foreign)).body.error.code).toBe('foreign_origin');
  expect((await rollBack({ origin: trusting.url }, trusting)).status).toBe(200);
  await trusting.stop();
});

test('readiness ends where the policy could not be verified for too long, and returns with it', async () => {
  const strict = await Policyd.start(bare(0.1), { args: ['--max-staleness', '1s'] });
  const ready = async (): Promise<number> => (await fetch(`${strict.url}/health/ready`)).status;
  await new Promise((resolve) => setTimeout(resolve, 1_800));
  expect(await ready()).toBe(200);
  renameSync(strict.folder, `${strict.folder}-away`);
  await until(async () => (await ready()) === 503, 'it to be not ready', 3_000);
  expect((await strict.chat('m')).status).toBe(200);
  expect((await strict.get<Status>('/v1/policy')).max_staleness).toBe(1);
  renameSync(`${strict.folder}-away`, strict.folder);
  await until(async () => (await ready()) === 200, 'it to be ready', 3_000);
  await strict.stop();
});

test('metrics count the steps and name the hash', async () => {
  const { active } = await read();
  const text = await (await fetch(`${policyd.url}/metrics`)).text();
  expect(text).toMatch(/policyd_swaps_total\{result="swapped"\} \d+/);
  expect(text).toMatch(/policyd_swaps_total\{result="refused"\} \d+/);
  expect(text).toContain(`policyd_policy_info{state="active",hash="${active.hash}"} 1`);
  expect(text).toMatch(/policyd_policy_age_seconds [\d.]+/);
});

/** A router that takes 5 ms for a decision where `when` holds. */
function busy(when: string): string {
  return `let calls = 0; return { ...made, decide(...all) { calls++; if (${when}) { const end = Date.now() + 5; while (Date.now() < end); } return made.decide(...all); } };`;
}
