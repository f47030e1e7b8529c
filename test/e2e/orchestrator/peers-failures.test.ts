import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BeatFile } from '../../peers/beat-file.ts';
import { PeerProcess } from '../../peers/policyds.ts';
import { until } from '../policyd.ts';
import { callerOf, policyOf } from './workloads-api.ts';

const POLICY = policyOf('placement: { prefer: local, restricted_labels: { zone: restricted } }');
const LEASE = 3_000;
/** From the last word of a peer until its runs are placed anew, at most; and a loaded machine. */
const REPLACED = 60_000;

let beats: BeatFile;
const running: PeerProcess[] = [];
beforeEach(() => {
  beats = new BeatFile();
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((peer) => peer.remove()));
  beats.remove();
}, 120_000);

async function start(peers: string, labels: string, args: readonly string[] = []): Promise<PeerProcess> {
  const own = ['--peers', peers, '--peer-lease', `${LEASE}ms`, '--node-capacity', 'cpu=2,memory=4GiB', '--node-labels', labels];
  const peer = await PeerProcess.start({ policy: POLICY, args: [...own, ...args] });
  running.push(peer);
  return peer;
}

/** One that takes nothing itself, and two peers that can. */
async function makeThree(): Promise<{ near: PeerProcess; far: PeerProcess[] }> {
  const far = await Promise.all([start('accept', 'role=far'), start('accept', 'role=far')]);
  const near = await start(far.map(({ address }) => address).join(','), 'role=near');
  for (const { address } of far) await near.sees(address, 'up');
  return { near, far };
}

const callerAt = (peer: PeerProcess) => callerOf(() => peer.policyd);
const FAR = { role: 'far' };

/** A workload that beats, when its first beat was heard, and where it is. */
async function begin(near: PeerProcess, far: readonly PeerProcess[], count: number, more: object = {}) {
  const caller = callerAt(near);
  const { body } = await caller.schedule({ name: 'beats', command: beats.command(count), node_labels: FAR, ...more });
  await until(() => beats.lives.length > 0, 'the first beat', 60_000);
  const { placement } = await caller.job(body.job_id);
  return { caller, id: body.job_id, there: far.find(({ address }) => placement!.node === `${address}/local`)! };
}

describe('a peer that vanishes', () => {
  test.each([
    'SIGKILL',
    'SIGSTOP',
  ] as const)('by %s: its run is replaced at another, and they never run at the same time', async (signal) => {
    const { near, far } = await makeThree();
    const { caller, id, there } = await begin(near, far, 100);
    there.signal(signal);
    const job = await until(
      async () => {
        const view = await caller.job(id);
        return view.runs.length > 1 ? view : null;
      },
      'another run',
      REPLACED,
    );
    expect(job.runs.map(({ phase }) => phase)[0]).toBe('lost');
    expect(job.runs[0].reason).toContain('did not answer');
    expect(job.runs[1].node).not.toBe(job.runs[0].node);
    const state = (await near.peers()).items.find(({ name }) => name === there.address)!;
    expect(state).toMatchObject({ state: 'unreachable', reason: expect.stringMatching(/did not answer/) });
    // It comes back while the other runs.
    if (signal === 'SIGSTOP') there.signal('SIGCONT');
    else await there.again();
    await near.sees(there.address, 'up');
    expect(await caller.end(id, REPLACED)).toMatchObject({ status: 'succeeded', attempts: 2 });
    expect(beats.lives).toHaveLength(2);
    expect(beats.overlaps).toEqual([]);
    expect(beats.lives[1].beats).toBe(100);
  }, 240_000);

  test('and is back before the lease ends: the run goes on, once', async () => {
    const { near, far } = await makeThree();
    const { caller, id, there } = await begin(near, far, 240);
    there.signal('SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, LEASE / 3));
    there.signal('SIGCONT');
    expect(await caller.end(id, REPLACED)).toMatchObject({ status: 'succeeded', attempts: 1 });
    expect(beats.lives).toMatchObject([{ beats: 240 }]);
  }, 240_000);

  test('where nobody else can take its run, that is reported, and it waits', async () => {
    const far = await start('accept', 'role=far');
    const near = await start(far.address, 'role=near');
    await near.sees(far.address, 'up');
    const { caller, id } = await begin(near, [far], 10_000);
    await far.kill();
    await until(async () => (await caller.job(id)).runs[0].reason?.includes('PeerAway'), 'word of the peer', 30_000);
    const view = await caller.reach(id, ['pending'], REPLACED);
    expect(view.runs).toMatchObject([{ phase: 'lost' }]);
    expect(view.status).toBe('pending');
    const { last } = beats.lives[0];
    await far.again();
    await until(() => beats.lives.length > 1, 'the run that replaces it', REPLACED);
    expect(beats.lives[1].first).toBeGreaterThan(last);
    await caller.post(`/v1/jobs/${id}/cancel`, {});
    await caller.end(id, REPLACED);
    expect(beats.overlaps).toEqual([]);
  }, 240_000);
});

describe('an owner that vanishes', () => {
  test('and comes back before the lease ends finds its run, once, and all of its output', async () => {
    const far = await start('accept', 'role=far', ['--log-level', 'info']);
    const near = await start(far.address, 'role=near');
    await near.sees(far.address, 'up');
    // Longer than it takes to start again.
    const { caller, id } = await begin(near, [far], 300);
    await near.kill();
    await near.again();
    const job = await caller.end(id, REPLACED);
    // On a machine that is too busy to start it in time the run is replaced, which is as good.
    expect(job.status).toBe('succeeded');
    expect(beats.overlaps).toEqual([]);
    expect(beats.lives).toHaveLength(job.attempts);
  }, 240_000);

  test.each([false, true])('for ever: the peer ends its run with the lease, though its own policyd is dead: %s', async (dead) => {
    const far = await start('accept', 'role=far');
    const near = await start(far.address, 'role=near');
    await near.sees(far.address, 'up');
    await begin(near, [far], 10_000);
    await near.kill();
    if (dead) await far.kill();
    const ended = Date.now();
    await until(() => Date.now() - beats.lives[0].last > 2_000, 'the last beat', REPLACED);
    // Nobody else would start it: what counts is that it is over in the time that an owner waits.
    expect(beats.lives[0].last - ended).toBeLessThan(LEASE + 7_000);
    expect(beats.lives).toHaveLength(1);
    if (dead) await far.again();
    const log = (): string => JSON.stringify(far.policyd.lines('run of a peer ended'));
    await until(() => log().includes('lost'), 'its end to be written down', 30_000);
    await near.again();
  }, 240_000);
});
