import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Upstream } from '../upstreams/upstream.ts';
import { compileText, Policyd, until, writeArtifact } from './policyd.ts';

interface Policy {
  readonly active: { readonly hash: string };
  readonly previous: { readonly hash: string } | null;
  readonly last_error: { readonly message: string; readonly hash: string | null } | null;
}

let one: Upstream;
let two: Upstream;
let policyd: Policyd;
const policyOf = (url: string, quality = 0.5) => `
backends:
  server: { type: vllm, url: "${url}", models: { m: { quality: ${quality} } } }
`;
const read = (): Promise<Policy> => policyd.get<Policy>('/v1/policy');

beforeAll(async () => {
  one = await Upstream.start();
  two = await Upstream.start();
  policyd = await Policyd.start(policyOf(one.url));
});
afterAll(async () => {
  await policyd.stop();
  await one.stop();
  await two.stop();
});

test('a new artifact serves within a second, the old one stays hot, requests in flight end where they began', async () => {
  const before = await read();
  one.gap = 150;
  const stream = await policyd.chat('m', { stream: true });
  const begun = performance.now();
  await policyd.rewrite(policyOf(two.url));
  await until(async () => (await read()).active.hash !== before.active.hash, 'the swap', 1_000);
  expect(performance.now() - begun).toBeLessThan(2_000);
  const after = await read();
  expect(after.previous?.hash).toBe(before.active.hash);
  const fresh = await policyd.chat('m');
  expect(fresh.headers.get('x-nexus-policy')).toBe(after.active.hash);
  expect(two.calls).toHaveLength(1);
  const text = await stream.text();
  expect(text).toContain('[DONE]');
  expect(stream.headers.get('x-nexus-policy')).toBe(before.active.hash);
  one.gap = 0;
});

test('no request is lost while policies change under load', async () => {
  let running = true;
  const statuses: Record<number, number> = {};
  const clients = Array.from({ length: 8 }, async () => {
    while (running) {
      const answer = await policyd.chat('m');
      await answer.text();
      statuses[answer.status] = (statuses[answer.status] ?? 0) + 1;
    }
  });
  const hashes = new Set<string>();
  for (let swap = 1; swap <= 6; swap++) {
    const { hash } = (await read()).active;
    await policyd.rewrite(policyOf(swap % 2 ? one.url : two.url, swap / 10));
    await until(async () => (await read()).active.hash !== hash, `swap ${swap}`);
    hashes.add((await read()).active.hash);
  }
  running = false;
  await Promise.all(clients);
  expect(hashes.size).toBe(6);
  expect(Object.keys(statuses)).toEqual(['200']);
  expect(statuses[200]).toBeGreaterThan(50);
});

test('a half-written set is never loaded; the whole one is', async () => {
  const { active } = await read();
  const next = await compileText(policyOf(one.url, 0.91));
  writeFileSync(join(policyd.folder, 'router.js'), next.get('router.js')!);
  await new Promise((resolve) => setTimeout(resolve, 900));
  expect(await read()).toMatchObject({ active: { hash: active.hash }, last_error: null });
  writeFileSync(join(policyd.folder, 'manifest.json'), next.get('manifest.json')!.slice(0, 500));
  await new Promise((resolve) => setTimeout(resolve, 700));
  expect(await read()).toMatchObject({ active: { hash: active.hash }, last_error: null });
  writeArtifact(policyd.folder, next);
  await until(async () => (await read()).active.hash !== active.hash, 'the whole set');
});

test('a router with one flipped bit is refused: traffic goes on, the error is told, the same files are not tried again', async () => {
  const { active } = await read();
  const next = new Map(await compileText(policyOf(one.url, 0.92)));
  next.set('router.js', next.get('router.js')!.replace(/0b1\b/, '0b0'));
  writeArtifact(policyd.folder, next);
  const failed = await until(async () => ((await read()).last_error === null ? null : await read()), 'the refusal');
  expect(failed.active.hash).toBe(active.hash);
  expect(failed.last_error?.message).toContain('[artifact-incomplete]');
  expect((await policyd.chat('m')).status).toBe(200);
});

test('a router that decides otherwise than its self-test says is refused, even where every hash fits', async () => {
  const { active } = await read();
  const { createHash } = await import('node:crypto');
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
  const next = new Map(await compileText(policyOf(one.url, 0.93)));
  const router = `const made = (() => {${next.get('router.js')}})(); return { ...made, decide: () => -1 };`;
  const { hash: _, ...manifest } = JSON.parse(next.get('manifest.json')!) as { hash: string; router: { sha256: string } };
  manifest.router.sha256 = sha256(router);
  const text = JSON.stringify({ ...manifest, hash: sha256(JSON.stringify(manifest)) });
  next.set('router.js', router).set('manifest.json', text);
  writeArtifact(policyd.folder, next);
  const failed = await until(async () => ((await read()).last_error?.message.includes('[self-test]') ? await read() : null), 'the refusal');
  expect(failed.active.hash).toBe(active.hash);
  const count = (): number => policyd.lines('policy refused').filter(({ error }) => String(error).includes('[self-test]')).length;
  await until(() => count() === 1, 'the refusal to be logged');
  writeArtifact(policyd.folder, next);
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  expect(count()).toBe(1);
  await policyd.rewrite(policyOf(one.url, 0.94));
  await until(async () => (await read()).last_error === null, 'a good one to clear the error');
});

test('a folder that vanishes is told, and does not end the service', async () => {
  const { active } = await read();
  const kept = readFileSync(join(policyd.folder, 'manifest.json'), 'utf8');
  rmSync(join(policyd.folder, 'manifest.json'));
  const failed = await until(async () => ((await read()).last_error === null ? null : await read()), 'the loss to be told');
  expect(failed.last_error?.message).toContain('[artifact-missing]');
  expect((await policyd.chat('m')).status).toBe(200);
  writeFileSync(join(policyd.folder, 'manifest.json'), kept);
  await until(async () => (await read()).last_error === null, 'the return to be noticed');
  expect((await read()).active.hash).toBe(active.hash);
});

test('a folder behind a link that is replaced, as Kubernetes does it, is seen', async () => {
  const home = mkdtempSync(join(tmpdir(), 'policyd-k8s-'));
  const mount = join(home, 'mount');
  mkdirSync(mount);
  writeArtifact(join(mount, '..2026_01'), await compileText(policyOf(one.url)));
  symlinkSync('..2026_01', join(mount, '..data'));
  for (const name of ['router.js', 'router.ts', 'manifest.json']) symlinkSync(join('..data', name), join(mount, name));
  const linked = await Policyd.run(home, mount);
  const { active } = await linked.get<Policy>('/v1/policy');
  writeArtifact(join(mount, '..2026_02'), await compileText(policyOf(two.url)));
  symlinkSync('..2026_02', join(mount, '..data_tmp'));
  renameSync(join(mount, '..data_tmp'), join(mount, '..data'));
  await until(async () => (await linked.get<Policy>('/v1/policy')).active.hash !== active.hash, 'the swap', 1_500);
  await linked.stop();
});

test('SIGHUP looks at once', async () => {
  const { active } = await read();
  writeArtifact(policyd.folder, await compileText(policyOf(two.url, 0.99)));
  policyd.process.kill('SIGHUP');
  await until(async () => (await read()).active.hash !== active.hash, 'the reload');
  expect(policyd.lines('reload').length + policyd.lines('policy swapped').length).toBeGreaterThan(0);
});
