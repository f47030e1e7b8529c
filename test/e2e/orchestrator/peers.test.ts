import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BeatFile } from '../../peers/beat-file.ts';
import { PeerProcess } from '../../peers/policyds.ts';
import { until } from '../policyd.ts';
import { MarkFile } from './mark-file.ts';
import { callerOf, policyOf } from './workloads-api.ts';

const RESTRICTED = policyOf('placement: { prefer: local, restricted_labels: { zone: restricted } }');
const SMALL = { cpu: 0.1, memory: '64MiB' };
const WHOLE = { cpu: 1, memory: '64MiB' };

let marks: MarkFile;
let beats: BeatFile;
const running: PeerProcess[] = [];
beforeEach(() => {
  marks = new MarkFile();
  beats = new BeatFile();
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((peer) => peer.remove()));
  marks.remove();
  beats.remove();
}, 120_000);

/** A policyd that offers one core, unless it says otherwise. */
async function start(
  peers: string,
  more: { args?: string[]; policy?: string; host?: string; env?: Record<string, string> } = {},
): Promise<PeerProcess> {
  const { args = [], policy = RESTRICTED, ...rest } = more;
  const capacity = args.includes('--node-capacity') ? [] : ['--node-capacity', 'cpu=1,memory=4GiB'];
  const peer = await PeerProcess.start({ policy, args: ['--peers', peers, ...capacity, ...args], ...rest });
  running.push(peer);
  return peer;
}

const callerAt = (peer: PeerProcess) => callerOf(() => peer.policyd);

describe('two peers', () => {
  test('each sees what the other has; no node of further peers', { timeout: 120_000 }, async () => {
    const far = await start('accept');
    const near = await start(far.address);
    const further = await start(near.address);
    expect((await near.sees(far.address, 'up')).nodes).toMatchObject([
      { name: `${far.address}/local`, reachable: true, free: { cpuMillis: 1_000 } },
    ]);
    const seen = await further.sees(near.address, 'up');
    expect(seen.nodes.map(({ name }) => name)).toEqual([`${near.address}/local`]);
  });

  test('work goes to the peer when this machine is full, with its output exact and its end told', { timeout: 180_000 }, async () => {
    const far = await start('accept');
    const near = await start(far.address, { args: ['--peer-lease', '5s'] });
    await near.sees(far.address, 'up');
    const caller = callerAt(near);
    const first = await caller.schedule({ name: 'stays', command: beats.command(10_000), resources: WHOLE });
    expect(first.body.placement).toMatchObject({ node: 'local', kind: 'local' });
    const text = Array.from({ length: 500 }, (_, i) => `line ${i}: ${'é'.repeat(i % 7)}`).join('\n');
    const { body } = await caller.schedule({
      name: 'goes',
      command: ['/bin/sh', '-c', 'for i in $(seq 40); do echo "$0"; done; sleep 7; echo "$GREETING" >&2; exit 5', text],
      env: { GREETING: 'from afar' },
      resources: SMALL,
    });
    expect(body.placement).toMatchObject({ node: `${far.address}/local`, kind: 'peer' });
    const pods = await until(async () => {
      const found = await caller.pods();
      return found.some(({ id, phase }) => id === `${body.job_id}-1` && phase === 'running') ? found : null;
    }, 'the pod');
    expect(pods.find(({ id }) => id === `${body.job_id}-1`)).toMatchObject({
      node: `${far.address}/local`,
      name: 'goes',
      job_id: body.job_id,
    });
    // It lives longer than its lease: it is renewed.
    const job = await caller.end(body.job_id, 120_000);
    expect(job).toMatchObject({ status: 'failed', exit_code: 5, attempts: 1 });
    expect(await readLog(near, body.job_id)).toBe(`${`${text}\n`.repeat(40)}from afar\n`);
    const trace = job as unknown as { trace_id: string };
    // Lines are written in groups.
    await until(() => far.policyd.lines('run of a peer ended').length > 0, 'the line');
    expect(far.policyd.lines('run of a peer ended')).toMatchObject([{ job: body.job_id, trace: trace.trace_id, phase: 'failed' }]);
    const metrics = await (await fetch(`${near.policyd.url}/metrics`)).text();
    expect(metrics).toContain('policyd_peer_forwards_total{result="started"} 1');
    expect(metrics).toContain('policyd_peers{state="up"} 1');
    await caller.post(`/v1/jobs/${first.body.job_id}/cancel`, {});
  });

  test('a restricted workload waits at home rather than leave, and a peer refuses one that its policy keeps out', {
    timeout: 120_000,
  }, async () => {
    const far = await start('accept', { args: ['--node-labels', 'zone=open'] });
    const near = await start(far.address);
    await near.sees(far.address, 'up');
    const caller = callerAt(near);
    const busy = await caller.schedule({ name: 'busy', command: beats.command(10_000), resources: WHOLE });
    const secret = await caller.schedule({ name: 'secret', command: marks.command('secret'), resources: SMALL, privacy: 'restricted' });
    const open = await caller.schedule({ name: 'open', command: marks.command('open'), resources: SMALL });
    expect(secret.body).toMatchObject({ status: 'pending', placement: null });
    expect(secret.body.reasons.filter(({ node }) => node !== 'local')).toMatchObject([{ filter: 'privacy' }]);
    expect(await caller.end(open.body.job_id)).toMatchObject({ status: 'succeeded', placement: { kind: 'peer' } });
    expect((await caller.job(secret.body.job_id)).status).toBe('pending');
    await caller.post(`/v1/jobs/${busy.body.job_id}/cancel`, {});
    expect(await caller.end(secret.body.job_id)).toMatchObject({ status: 'succeeded', placement: { node: 'local' } });
    // Whoever offers it all the same is refused there, too.
    const { body, status } = await offer(far, { privacy: 'restricted' });
    expect([status, (body as { reasons: { code: string }[] }).reasons.map(({ code }) => code)]).toEqual([409, ['privacy']]);
  });

  test('a peer whose policy names no place for restricted workloads takes none', { timeout: 120_000 }, async () => {
    const far = await start('accept', { policy: policyOf() });
    const refused = await offer(far, { privacy: 'restricted' });
    expect([refused.status, refused.body]).toMatchObject([409, { reasons: [{ code: 'privacy', node: 'local' }] }]);
    expect((await offer(far, { privacy: 'unrestricted' })).status).toBe(200);
  });

  test('a peer judges by its own quotas and capacity, and shows what they leave', { timeout: 120_000 }, async () => {
    const far = await start('accept', { policy: policyOf('quotas: { jobs_per_token: 2, cpu: 0.5 }') });
    const near = await start(far.address);
    expect((await near.sees(far.address, 'up')).nodes[0].free.cpuMillis).toBe(500);
    const needs = (cpuMillis: number) => ({ needs: { cpuMillis, memoryBytes: 1 << 20, gpus: 0 } });
    expect((await offer(far, needs(300))).status).toBe(200);
    expect(await offer(far, needs(300))).toMatchObject({
      status: 409,
      body: { reasons: [{ code: 'cpu', limit: 500, held: 300, asked: 300 }] },
    });
    expect((await offer(far, needs(100))).status).toBe(200);
    expect(await offer(far, needs(100))).toMatchObject({
      status: 409,
      body: { reasons: [{ code: 'jobs_per_token', limit: 2, held: 2, asked: 1 }] },
    });
    // What is held for nobody comes back with the end of its lease.
    await until(async () => (await offer(far, needs(500))).status === 200, 'leases that nobody used to end', 30_000);
  });

  test('a workload is stopped at the peer, and its quota comes back', { timeout: 120_000 }, async () => {
    const far = await start('accept');
    const near = await start(far.address);
    await near.sees(far.address, 'up');
    const caller = callerAt(near);
    const busy = await caller.schedule({ name: 'busy', command: beats.command(10_000), resources: WHOLE });
    const { body } = await caller.schedule({ name: 'goes', command: ['/bin/sh', '-c', 'while :; do sleep 0.1; done'], resources: WHOLE });
    await caller.reach(body.job_id, ['running']);
    await caller.post(`/v1/jobs/${body.job_id}/cancel`, {});
    expect(await caller.end(body.job_id)).toMatchObject({ status: 'cancelled' });
    await until(async () => (await near.peers()).items[0].nodes[0].free.cpuMillis === 1_000, 'room at the peer', 30_000);
    await caller.post(`/v1/jobs/${busy.body.job_id}/cancel`, {});
  });
});

describe('three peers', () => {
  test('work goes where labels and room say, and nothing is sent on', { timeout: 180_000 }, async () => {
    const gpu = await start('accept', { args: ['--node-labels', 'disk=fast'] });
    const wide = await start(gpu.address, { args: ['--node-capacity', 'cpu=2,memory=8GiB'] });
    const near = await start(`${gpu.address},${wide.address}`);
    await near.sees(gpu.address, 'up');
    await near.sees(wide.address, 'up');
    await wide.sees(gpu.address, 'up');
    const caller = callerAt(near);
    const placed = async (more: object) => (await caller.schedule({ name: 'w', command: marks.command('w', 'sleep 600'), ...more })).body;
    expect((await placed({ node_labels: { disk: 'fast' } })).placement).toMatchObject({ node: `${gpu.address}/local` });
    expect((await placed({ resources: { cpu: 1.5, memory: '64MiB' } })).placement).toMatchObject({ node: `${wide.address}/local` });
    expect((await placed({ resources: { cpu: 0.9, memory: '64MiB' } })).placement).toMatchObject({ node: 'local' });
    // Nobody has room: it waits, though `wide` itself could ask `gpu`.
    const waits = await placed({ resources: { cpu: 0.95, memory: '64MiB' } });
    expect(waits).toMatchObject({ status: 'pending', placement: null });
    const no = await caller.schedule({ name: 'no', command: ['true'], resources: { cpu: 64 } });
    expect([no.status, no.body.error.code]).toEqual([409, 'no_node']);
    // A busy machine may lack memory, too, for now: that is told beside it.
    const cores = no.body.reasons!.filter(({ code }) => code === 'cpu').map(({ node }) => node);
    expect(cores.sort()).toEqual([`${gpu.address}/local`, `${wide.address}/local`, 'local'].sort());
  });
});

let offers = 0;
/** An offer as a peer makes it. */
async function offer(peer: PeerProcess, more: object, headers: Record<string, string> = {}): Promise<{ status: number; body: unknown }> {
  const { capability } = await peer.policyd.get<{ capability: string }>('/v1/peers/self', headers);
  const workload = {
    ...{ name: 'offered', image: null, command: ['true'], env: {}, needs: { cpuMillis: 100, memoryBytes: 1 << 20, gpus: 0 } },
    ...{ privacy: 'unrestricted', labels: {}, nodeLabels: {}, timeout: null, retries: 0, task: null, context: null, ...more },
  };
  const trace = createHash('md5').update(`${offers}`).digest('hex');
  const body = { protocol: 1, run: `offer-${offers++}-1`, job: 'offer', node: 'local', capability, lease: 3_000, trace, workload };
  const answer = await peer.policyd.post('/v1/peers/runs', body, headers);
  return { status: answer.status, body: await answer.json() };
}

/** What the stream of a job says of its output, to its end. */
async function readLog(peer: PeerProcess, job: string): Promise<string> {
  const over = new AbortController();
  const answer = await fetch(`${peer.policyd.url}/stream/${job}?from=1`, { headers: { accept: 'text/event-stream' }, signal: over.signal });
  const said = new Map<number, string>();
  let rest = '';
  for await (const part of answer.body!.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + part).split('\n');
    rest = lines.pop()!;
    for (const line of lines.filter((each) => each.startsWith('data: '))) {
      const { seq, type, payload } = JSON.parse(line.slice(6)) as { seq?: number; type: string; payload: { text?: string } };
      if (seq === undefined) continue;
      said.set(seq, type === 'log' ? (payload.text ?? '') : '');
      if (type === 'result' || type === 'error') return [...said.values()].join('');
    }
  }
  throw new Error('the stream ended before the job');
}
