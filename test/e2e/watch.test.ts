import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Upstream } from '../upstreams/upstream.ts';
import { launch, Policyd, until } from './policyd.ts';

interface Policy {
  readonly active: { readonly hash: string };
  readonly last_error: { readonly message: string } | null;
  readonly watch: { readonly policies: string | null };
}

let upstream: Upstream;
let policyd: Policyd;
let home: string;
let policies: string;
const read = (): Promise<Policy> => policyd.get<Policy>('/v1/policy');
const write = (model: string): void =>
  writeFileSync(
    join(policies, 'backends.yaml'),
    `backends: { server: { type: vllm, url: "${upstream.url}", models: { ${model}: {} } } }\n`,
  );

beforeAll(async () => {
  upstream = await Upstream.start();
  home = mkdtempSync(join(tmpdir(), 'policyd-watch-'));
  policies = join(home, 'policies');
  mkdirSync(policies);
  write('first');
  policyd = await Policyd.run(home, join(home, 'generated'), { args: ['--watch', policies] });
}, 60_000);
afterAll(async () => {
  await policyd.stop();
  await upstream.stop();
  rmSync(home, { recursive: true, force: true });
});

test('a policy folder is compiled at the start and on every change', async () => {
  expect((await policyd.chat('first')).status).toBe(200);
  const before = await read();
  expect(before.watch.policies).toBe(policies);
  write('second');
  await until(async () => (await read()).active.hash !== before.active.hash, 'the change to serve', 20_000);
  expect([(await policyd.chat('second')).status, (await policyd.chat('first')).status]).toEqual([200, 404]);
}, 60_000);

test('a policy that does not compile never reaches traffic: the compiler’s words are told, the last good one serves', async () => {
  const before = await read();
  writeFileSync(join(policies, 'wrong.yaml'), 'backends:\n  server: { typ: vllm }\n');
  const failed = await until(async () => ((await read()).last_error ? await read() : null), 'the error', 20_000);
  expect(failed.active.hash).toBe(before.active.hash);
  expect(failed.last_error?.message).toContain('wrong.yaml:2');
  expect((await policyd.chat('second')).status).toBe(200);
  rmSync(join(policies, 'wrong.yaml'));
  await until(async () => (await read()).last_error === null, 'the way back to be noticed', 20_000);
  expect((await read()).active.hash).toBe(before.active.hash);
  write('third');
  await until(async () => (await read()).active.hash !== before.active.hash, 'the correction to serve', 20_000);
  expect((await read()).last_error).toBeNull();
}, 60_000);

test('where nothing could be compiled at the start, the reason is told, and not just that there is no artifact', async () => {
  const wrong = join(home, 'wrong');
  mkdirSync(wrong);
  writeFileSync(join(wrong, 'policy.yaml'), 'backends:\n  server: { typ: vllm }\n');
  const { child, output } = launch(['--watch', wrong, '--policy', join(home, 'nothing'), '--data', join(home, 'data'), '--port', '0']);
  expect(await new Promise((resolve) => child.once('close', resolve))).toBe(2);
  expect(output.join('')).toMatch(/policy\.yaml:2.*\[not-compiled\]/s);
}, 60_000);
