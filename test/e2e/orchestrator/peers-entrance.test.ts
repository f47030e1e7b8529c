import { createHash } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { PeerProcess } from '../../peers/policyds.ts';
import { Tailscaled } from '../../peers/tailscaled.ts';
import { until } from '../policyd.ts';
import { callerOf, policyOf } from './workloads-api.ts';

const hash = (key: string): string => createHash('sha256').update(key).digest('hex');
const POLICY = `${policyOf()}keys:
  lab: { sha256: "${hash('lab-key-12345678')}", scopes: [peer] }
  worker: { sha256: "${hash('worker-key-1234')}", scopes: [read:jobs, write:jobs] }
  operator: { sha256: "${hash('operator-key-12')}", scopes: [read:jobs, write:jobs, admin] }
`;
const READER = { authorization: 'Bearer worker-key-1234' };

const cleaning: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleaning.splice(0).reverse()) await clean();
}, 120_000);

async function start(
  args: readonly string[],
  more: { host?: string; env?: Record<string, string>; policy?: string } = {},
): Promise<PeerProcess> {
  const peer = await PeerProcess.start({ policy: POLICY, args, ...more });
  cleaning.push(() => peer.remove());
  return peer;
}

const ROUTES = [
  ['GET', '/v1/peers/self'],
  ['GET', '/v1/peers/runs'],
  ['POST', '/v1/peers/sync'],
  ['POST', '/v1/peers/runs'],
  ['POST', '/v1/peers/runs/a-1/start'],
  ['POST', '/v1/peers/runs/a-1/stop'],
  ['GET', '/v1/peers/runs/a-1/logs'],
] as const;

test('nothing is told to who shows no key, a wrong one, or one of another scope', { timeout: 120_000 }, async () => {
  const peer = await start(['--peers', 'accept']);
  const ask = async (method: string, path: string, key: string | null): Promise<number> => {
    const headers = { 'content-type': 'application/json', ...(key === null ? {} : { authorization: `Bearer ${key}` }) };
    const answer = await fetch(peer.policyd.url + path, { method, headers, ...(method === 'POST' ? { body: '{}' } : {}) });
    const body = await answer.text();
    if (answer.status === 401 || answer.status === 403) expect(body).not.toMatch(/instance|cpuMillis|capability/);
    return answer.status;
  };
  for (const [method, path] of ROUTES) {
    expect([path, await ask(method, path, null)]).toEqual([path, 401]);
    expect([path, await ask(method, path, 'wrong-key-1234567')]).toEqual([path, 401]);
    expect([path, await ask(method, path, 'worker-key-1234')]).toEqual([path, 403]);
    // Who may do all else is no peer.
    expect([path, await ask(method, path, 'operator-key-12')]).toEqual([path, 403]);
    expect([401, 403]).not.toContain(await ask(method, path, 'lab-key-12345678'));
  }
  expect(await ask('GET', '/v1/peers', 'lab-key-12345678')).toBe(403);
});

test('peers that are off answer nobody', { timeout: 120_000 }, async () => {
  const peer = await start([]);
  for (const [method, path] of ROUTES) {
    const headers = { 'content-type': 'application/json', authorization: 'Bearer lab-key-12345678' };
    const answer = await fetch(peer.policyd.url + path, { method, headers, ...(method === 'POST' ? { body: '{}' } : {}) });
    expect([path, answer.status, ((await answer.json()) as { error: { code: string } }).error.code]).toEqual([path, 404, 'peers_off']);
  }
  expect(await peer.policyd.get('/v1/peers', READER)).toMatchObject({ self: null, items: [] });
});

test('a key is shown to peers that are named; a wrong one is told as such, and stands nowhere', { timeout: 120_000 }, async () => {
  const far = await start(['--peers', 'accept', '--node-labels', 'role=far']);
  const near = await start(['--peers', far.address, '--peer-key-env', 'LAB_KEY'], { env: { LAB_KEY: 'lab-key-12345678' } });
  const stranger = await start(['--peers', far.address, '--peer-key-env', 'LAB_KEY'], { env: { LAB_KEY: 'stolen-key-123456' } });
  await near.sees(far.address, 'up', READER);
  const caller = callerOf(() => near.policyd, 'worker-key-1234');
  const { body } = await caller.schedule({ name: 'goes', command: ['echo', 'hi'], node_labels: { role: 'far' } });
  expect(await caller.end(body.job_id)).toMatchObject({ status: 'succeeded', placement: { kind: 'peer' } });
  await until(() => far.policyd.lines('run of a peer ended').length > 0, 'the line');
  expect(far.policyd.lines('run of a peer ended')).toMatchObject([{ peer: 'lab', job: body.job_id }]);
  expect((await stranger.sees(far.address, 'refused', READER)).reason).toContain('not known');
  for (const { policyd } of [near, stranger, far]) expect(policyd.output).not.toMatch(/lab-key-12345678|stolen-key-123456/);
});

test('one that speaks another protocol is shown and not used; a redirect is not followed; nonsense is no peer', {
  timeout: 120_000,
}, async () => {
  const asked: string[] = [];
  const facts = { protocol: 2, version: '9.0.0', instance: 'i', policy: 'p', capability: 'c', nodes: [] };
  const answers: Record<string, (response: import('node:http').ServerResponse) => void> = {
    newer: (response) => response.end(JSON.stringify(facts)),
    elsewhere: (response) => response.writeHead(302, { location: 'http://127.0.0.1:1/v1/peers/self' }).end(),
    nonsense: (response) => response.end('{"protocol":1,"nodes":"many"}'),
    endless: (response) => {
      response.on('error', () => {});
      const more = (): void => void (response.destroyed || response.write('x'.repeat(65_536), () => setImmediate(more)));
      more();
    },
    silent: () => {},
  };
  const servers = await Promise.all(
    Object.entries(answers).map(async ([name, answer]) => {
      const server = createServer((request, response) => {
        asked.push(`${name} ${request.url}`);
        answer(response);
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      cleaning.push(() => {
        server.closeAllConnections();
        server.close();
      });
      return [name, `127.0.0.1:${(server.address() as AddressInfo).port}`] as const;
    }),
  );
  const at = Object.fromEntries(servers);
  const near = await start(['--peers', Object.values(at).join(',')], { policy: policyOf() });
  expect(await near.sees(at.newer, 'incompatible')).toMatchObject({ reason: 'it speaks protocol 2, this policyd 1', nodes: [] });
  for (const name of ['elsewhere', 'nonsense', 'endless', 'silent']) {
    expect((await near.sees(at[name], 'unreachable')).reason, name).toMatch(/./);
  }
  expect(asked.every((line) => line.endsWith(' /v1/peers/self'))).toBe(true);
  const caller = callerOf(() => near.policyd);
  const { body, status } = await caller.schedule({ name: 'a', command: ['true'], node_labels: { role: 'far' } });
  expect([status, body.error.code]).toEqual([409, 'no_node']);
});

test('peers of the tailnet are found by their tag, and known by their address', { timeout: 180_000 }, async () => {
  const tag = 'tag:policyd';
  const far = { name: 'far', addresses: ['127.0.0.2'], tags: [tag] };
  const near = { name: 'near', addresses: ['127.0.0.1'], tags: [tag] };
  const others = [
    { name: 'laptop', addresses: ['127.0.0.9'] },
    { name: 'printer', addresses: ['127.0.0.10'], tags: ['tag:printer'] },
    { name: 'asleep', addresses: ['127.0.0.11'], tags: [tag], online: false, lastSeen: '2026-10-01T10:00:00Z' },
  ];
  const [atFar, atNear] = await Promise.all([Tailscaled.start(far, [near, ...others]), Tailscaled.start(near, [far, ...others])]);
  cleaning.push(
    () => atFar.stop(),
    () => atNear.stop(),
  );
  const there = await start(['--peers', 'auto', '--tailscale-socket', atFar.socket], { host: '127.0.0.2' });
  const here = await start(['--peers', 'auto', '--tailscale-socket', atNear.socket, '--peer-port', String(there.port)]);
  await here.sees('far', 'up', READER);
  const view = await here.peers(READER);
  expect(view.discovery.state).toBe('up');
  expect(view.items.map(({ name }) => name).sort()).toEqual(['asleep', 'far']);
  expect(view.items.find(({ name }) => name === 'asleep')).toMatchObject({
    state: 'unreachable',
    reason: expect.stringContaining('2026-10-01T10:00:00Z'),
  });
  expect(atFar.asked.some((path) => path.startsWith('/localapi/v0/whois?addr=127.0.0.1%3A'))).toBe(true);
  // The tag is taken away from the one who asks.
  atFar.members = [{ ...near, tags: ['tag:other'] }, ...others];
  expect((await here.sees('far', 'refused', READER)).reason).toContain('tag:policyd');
  // It is no part of the tailnet any more; then it is again.
  atFar.members = others;
  await until(
    async () => (await here.peers(READER)).items.find(({ name }) => name === 'far')?.reason?.includes('does not know the address'),
    'a 401',
    60_000,
  );
  atFar.members = [near, ...others];
  await here.sees('far', 'up', READER);
  // The one who is asked leaves the tailnet: it is gone, not called, and told of.
  atNear.members = others;
  expect((await here.sees('far', 'gone', READER)).reason).toBe('nothing tells of it any more');
  atNear.members = [far, ...others];
  await here.sees('far', 'up', READER);
  // Tailscale stops: those of before are asked themselves.
  atNear.backendState = 'Stopped';
  await until(async () => (await here.peers(READER)).discovery.state === 'down', 'the tailnet to be down', 30_000);
  expect((await here.peers(READER)).discovery.reason).toBe('tailscale is Stopped');
  expect((await here.sees('far', 'up', READER)).state).toBe('up');
});

test('without the socket the program `tailscale` is asked', { timeout: 120_000 }, async () => {
  const there = await start(['--peers', 'accept'], { host: '127.0.0.2', policy: policyOf() });
  const tailscaled = await Tailscaled.start({ name: 'near', addresses: ['127.0.0.1'] }, [
    { name: 'far', addresses: ['127.0.0.2'], tags: ['tag:lab'] },
  ]);
  const status = JSON.stringify(tailscaled.status());
  await tailscaled.stop();
  const folder = mkdtempSync(join(tmpdir(), 'tailscale-cli-'));
  cleaning.push(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'status.json'), status);
  writeFileSync(join(folder, 'tailscale'), `#!/bin/sh\n[ "$1 $2" = "status --json" ] && exec cat ${join(folder, 'status.json')}\nexit 1\n`);
  chmodSync(join(folder, 'tailscale'), 0o755);
  const args = [
    '--peers',
    'auto',
    '--peer-tag',
    'tag:lab',
    '--peer-port',
    String(there.port),
    '--tailscale-socket',
    join(folder, 'none.sock'),
  ];
  const here = await start(args, { policy: policyOf(), env: { PATH: `${folder}:${process.env.PATH}` } });
  await here.sees('far', 'up');
});
