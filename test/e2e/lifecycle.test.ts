import { createHash } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { connect } from 'node:net';
import { Validator } from '@seriousme/openapi-schema-validator';
import { request } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Upstream } from '../upstreams/upstream.ts';
import { compileText, launch, Policyd, writeArtifact } from './policyd.ts';

let upstream: Upstream;
let folder: string;
let home: string;
const HASH = '0'.repeat(64);

beforeAll(async () => {
  upstream = await Upstream.start();
  home = mkdtempSync(join(tmpdir(), 'policyd-life-'));
  folder = join(home, 'generated');
  writeArtifact(folder, await compileText(policy()));
});
afterAll(() => upstream.stop());

function policy(more = '', backend = ''): string {
  return `backends: { server: { type: vllm, url: "${upstream.url}", ${backend} models: { m: {} } } }\n${more}`;
}

/** Runs it until it ends by itself. */
async function fail(args: readonly string[], env: Record<string, string> = {}): Promise<{ code: number | null; output: string }> {
  const { child, output } = launch(args, env);
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, output: output.join('') };
}

async function failWith(text: string, args: readonly string[] = [], env: Record<string, string> = {}) {
  const at = mkdtempSync(join(tmpdir(), 'policyd-bad-'));
  writeArtifact(at, await compileText(text));
  return fail(['--policy', at, '--data', join(home, 'data'), '--port', '0', ...args], env);
}

test('SIGTERM lets streams in flight end whole, refuses new connections, and exits with 0', async () => {
  upstream.gap = 100;
  const policyd = await Policyd.run(home, folder);
  const stream = await policyd.chat('m', { stream: true });
  const idle = connect(Number(new URL(policyd.url).port), '127.0.0.1').on('error', () => {});
  await once(idle, 'connect');
  const stopped = policyd.stop();
  await new Promise((resolve) => setTimeout(resolve, 100));
  await expect(policyd.chat('m')).rejects.toThrow();
  expect(await stream.text()).toContain('[DONE]');
  expect(await stopped).toBe(0);
  expect(policyd.lines('request')).toHaveLength(1);
  idle.destroy();
  upstream.gap = 0;
});

test('it says where it serves, and that it serves loopback only', async () => {
  writeArtifact(folder, await compileText(policy()));
  const begun = performance.now();
  const policyd = await Policyd.run(home, folder);
  expect(performance.now() - begun).toBeLessThan(5_000);
  expect(policyd.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(policyd.output).toContain('only loopback is served');
  expect((await fetch(`${policyd.url}/health/ready`)).status).toBe(200);
  const { port } = new URL(policyd.url);
  const statusFor = async (host: string) => (await request(`${policyd.url}/health`, { headers: { host } })).statusCode;
  expect(await Promise.all([`localhost:${port}`, `a.localhost:${port}`, `[::1]:${port}`, '127.0.0.1'].map(statusFor))).toEqual([
    200, 200, 200, 200,
  ]);
  expect(await Promise.all([`rebound.example:${port}`, 'localhost.example', '10.0.0.1'].map(statusFor))).toEqual([403, 403, 403]);
  await policyd.stop();
});

test('every mistake in flags and variables at once, exit 2', async () => {
  const { code, output } = await fail(['--prot', '1', '--log-level', 'loud', 'stray'], {
    POLICYD_PORT: 'tcp://x',
    POLICYD_HOTS: 'x',
    POLICYD_SERVICE_HOST: 'k8s',
  });
  expect(code).toBe(2);
  for (const word of ['`--prot`', '`loud`', '`stray`', '`tcp://x`', '`POLICYD_HOTS`']) expect(output).toContain(word);
  expect(output).not.toContain('POLICYD_SERVICE_HOST');
});

test('no artifact, an artifact of another format, a folder that is none: exit 2 with the remedy', async () => {
  const empty = mkdtempSync(join(tmpdir(), 'policyd-none-'));
  const missing = await fail(['--policy', empty, '--port', '0']);
  expect([missing.code, missing.output.includes('[artifact-missing]'), missing.output.includes('policyc compile')]).toEqual([
    2,
    true,
    true,
  ]);
  writeFileSync(join(empty, 'manifest.json'), '{"format":99,"router":{"file":"router.js"}}');
  const stale = await fail(['--policy', empty, '--port', '0']);
  expect([stale.code, stale.output.includes('[artifact-format]')]).toEqual([2, true]);
});

test('without caller keys no other address than loopback is served', async () => {
  const refused = await failWith(policy(), ['--host', '0.0.0.0']);
  expect([refused.code, refused.output.includes('[no-keys]'), refused.output.includes('policyc keys new')]).toEqual([2, true, true]);
});

test('a port that is taken: exit 2', async () => {
  const { code, output } = await fail(['--policy', folder, '--data', join(home, 'data'), '--port', String(upstream.port)]);
  expect([code, output.includes('[address]')]).toEqual([2, true]);
});

test('an empty key and an address that is none are told together; an unset key leaves the backend down', async () => {
  const text = `
backends:
  a: { type: openai, url: "\${A_URL}", api_key_env: A_KEY, models: { x: { price: free } } }
  b: { type: openai, url: "\${B_URL}", api_key_env: B_KEY, models: { y: { price: free } } }
`;
  const refused = await failWith(text, [], { A_KEY: '', B_KEY: 'sk-b', B_URL: 'ftp://b' });
  expect(refused.code).toBe(2);
  for (const word of ['`A_KEY` is set but empty', '`A_URL` is not set', 'must begin with http']) expect(refused.output).toContain(word);
  const policyd = await Policyd.start(`
backends:
  cloud: { type: openai, url: "${upstream.url}", api_key_env: NOT_SET, models: { x: { price: free } } }
  other: { type: anthropic, url: "${upstream.url}", api_key_env: NOT_SET, models: { z: { price: free } } }
  house: { type: vllm, url: "${upstream.url}", models: { y: {} } }
`);
  const { backends } = await policyd.get<{ backends: { name: string; state: string; reason: string | null }[] }>('/health');
  expect(backends.map(({ name, state, reason }) => [name, state, reason])).toEqual([
    ['cloud', 'down', 'variable `NOT_SET` is not set'],
    ['other', 'down', 'variable `NOT_SET` is not set'],
    ['house', 'up', null],
  ]);
  expect((await policyd.chat('y')).status).toBe(200);
  expect((await policyd.chat('x')).status).toBe(503);
  await policyd.stop();
});

test('guards that are not enforced refuse the start, unless it is allowed', async () => {
  // What a compiler says that knows more of the language than this runtime enforces.
  const files = new Map(await compileText(policy(`keys: { app: { sha256: "${HASH}" } }\n`)));
  const { hash: _, ...manifest } = JSON.parse(files.get('manifest.json')!) as { hash: string };
  const later = { ...manifest, unenforced: ['keys.quota'] };
  const hash = createHash('sha256').update(JSON.stringify(later)).digest('hex');
  const place = join(home, 'later');
  writeArtifact(place, files.set('manifest.json', JSON.stringify({ ...later, hash })));
  const refused = await fail(['--policy', place, '--data', join(home, 'data'), '--port', '0']);
  expect([refused.code, refused.output.includes('[not-enforced]'), refused.output.includes('`keys.quota`')]).toEqual([2, true, true]);
  const policyd = await Policyd.run(home, place, { args: ['--allow-unenforced'] });
  expect((await policyd.chat('m')).status).toBe(401);
  await policyd.stop();
});

test('the description of the API names every route, and nothing it does not serve', async () => {
  const policyd = await Policyd.run(home, folder);
  const { paths } = await policyd.get<{ paths: Record<string, object> }>('/openapi.json');
  expect(Object.keys(paths).sort()).toEqual([
    '/api/chat',
    '/api/coordination/agents',
    '/api/coordination/agents/{id}',
    '/api/coordination/agents/{id}/claim',
    '/api/coordination/agents/{id}/fail',
    '/api/coordination/agents/{id}/heartbeat',
    '/api/coordination/dead-letters',
    '/api/coordination/dead-letters/{id}/redrive',
    '/api/coordination/isolation-report',
    '/api/coordination/metrics',
    '/api/coordination/pool',
    '/api/coordination/pool/drain',
    '/api/coordination/pool/initialize',
    '/api/coordination/tasks',
    '/api/coordination/tasks/{id}',
    '/api/coordination/tasks/{id}/cancel',
    '/api/coordination/tasks/{id}/complete',
    '/api/coordination/tasks/{id}/fail',
    '/api/coordination/tasks/{id}/history',
    '/api/embed',
    '/api/generate',
    '/api/ps',
    '/api/show',
    '/api/tags',
    '/api/version',
    '/dashboard',
    '/evict',
    '/health',
    '/health/live',
    '/health/ready',
    '/mcp',
    '/metrics',
    '/pods',
    '/schedule',
    '/stream/{id}',
    '/task-update',
    '/v1/audit',
    '/v1/budgets',
    '/v1/calibration',
    '/v1/chat/completions',
    '/v1/context/documents',
    '/v1/context/ingest',
    '/v1/context/search',
    '/v1/context/{jobId}',
    '/v1/decisions',
    '/v1/decisions/{request_id}',
    '/v1/embeddings',
    '/v1/jobs',
    '/v1/jobs/{id}',
    '/v1/jobs/{id}/cancel',
    '/v1/messages',
    '/v1/messages/count_tokens',
    '/v1/models',
    '/v1/models/{id}',
    '/v1/nodes',
    '/v1/peers',
    '/v1/peers/runs',
    '/v1/peers/runs/{run}/logs',
    '/v1/peers/runs/{run}/start',
    '/v1/peers/runs/{run}/stop',
    '/v1/peers/self',
    '/v1/peers/sync',
    '/v1/policy',
    '/v1/policy/canary',
    '/v1/policy/diff',
    '/v1/policy/frontier',
    '/v1/policy/rollback',
    '/v1/policy/shadow',
    '/v1/responses',
    '/v1/route',
    '/v1/spec-kit/run',
    '/v1/spec-kit/runs/{id}',
    '/v1/spec-kit/tasks',
    '/v1/stream',
  ]);
  await policyd.stop();
});

test('the description of the API is what OpenAPI 3.1 asks for, by a validator of others', async () => {
  const policyd = await Policyd.run(home, folder, { args: ['--peers', 'accept'] });
  const document = await policyd.get<Record<string, object>>('/openapi.json');
  await policyd.stop();
  const judge = async (spoil: object): Promise<unknown> => {
    const { valid, errors } = await new Validator().validate({ ...structuredClone(document), ...spoil });
    return valid ? 'valid' : errors;
  };
  expect(document.openapi).toBe('3.1.0');
  expect(await judge({})).toBe('valid');
  expect(await judge({ paths: { '/x': { get: { parameters: [{ name: 'y', in: 'nowhere' }] } } } })).not.toBe('valid');
});

test('caller keys: none 401, unknown 401, without the scope 403, team policies hold', async () => {
  const { createHash } = await import('node:crypto');
  const hash = (key: string) => createHash('sha256').update(key).digest('hex');
  const policyd = await Policyd.start(
    policy(`
keys:
  app: { sha256: "${hash('pk-app')}", team: search, scopes: [llm:invoke] }
  ops: { sha256: "${hash('pk-ops')}", scopes: [admin] }
  old: { sha256: "${HASH}", scopes: [llm:invoke] }
traffic:
  - { name: searchers, match: { team: search }, min_tier: 5 }
`),
    { args: ['--allow-unenforced'] },
  );
  const ask = async (headers: Record<string, string>) => (await policyd.chat('m', {}, headers)).status;
  expect(await ask({})).toBe(401);
  expect(await ask({ authorization: 'Bearer pk-wrong' })).toBe(401);
  expect(await ask({ authorization: 'Basic pk-app' })).toBe(401);
  expect(await ask({ authorization: 'Bearer pk-ops' })).toBe(403);
  const bound = await policyd.chat('m', {}, { authorization: 'Bearer pk-app' });
  expect(bound.status).toBe(503);
  expect(((await bound.json()) as { rejection_reasons: object[] }).rejection_reasons).toMatchObject([{ reconciler: 'TierReconciler' }]);
  const unknown = await policyd.chat('m', {}, { authorization: 'Bearer pk-wrong' });
  expect(((await unknown.json()) as { error: object }).error).toMatchObject({ code: 'invalid_api_key', type: 'invalid_request_error' });
  expect(unknown.headers.get('x-nexus-backend')).toBe('none');
  expect((await fetch(`${policyd.url}/v1/policy`, { headers: { authorization: 'Bearer pk-app' } })).status).toBe(403);
  expect((await fetch(`${policyd.url}/v1/policy`, { headers: { authorization: 'Bearer pk-ops' } })).status).toBe(200);
  expect((await fetch(`${policyd.url}/health/ready`)).status).toBe(200);
  await policyd.stop();
});
