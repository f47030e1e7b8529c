import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Offer, Seat } from '../../runtime/jobs/job-engine.ts';
import type { StoreEngine } from '../../runtime/jobs/store-engine.ts';
import { checkHistory } from './jobs/check-history.ts';
import { type ExamClock, makeJob, QUEUE, TYPES, type Yard, YARDS } from './jobs/engines.ts';

/** The exam that every job engine passes. */
const LEASE = 5_000;
const NOBODY = { seat: null, delay: 0, final: false };

for (const [kind, make] of Object.entries(YARDS)) {
  describe.skipIf(make === null)(make === null ? `${kind} (not run: no PostgreSQL)` : kind, () => {
    let yard: Yard;
    let engine: StoreEngine;
    beforeEach(async () => {
      yard = await make!();
      engine = await yard.open();
      await engine.join('here', LEASE);
    });
    afterEach(() => yard.remove());

    const offer = (agent: string, given: Partial<Offer> = {}): Offer => ({ agent, holder: 'here', types: TYPES, latency: {}, ...given });
    const seat = (agent: string, holder = 'here'): Seat => ({ agent, holder });
    const submit = async (given = {}, at: Seat | null = null) => (await engine.enqueue(makeJob(given), at)).job!;
    const claimOne = async (agent: string, given: Partial<Offer> = {}) => (await engine.claim(QUEUE, [offer(agent, given)])).jobs[0];

    test('a job goes through its life, and its history says so', async () => {
      const job = await submit({ payload: '{"a":1}' });
      expect(job).toMatchObject({ state: 'pending', attempts: 0, agent: null });
      yard.clock.wall = job.createdAt + 40;
      const taken = await claimOne('a');
      expect(taken).toMatchObject({ id: job.id, state: 'in_progress', agent: 'a', attempts: 1, token: 1, assignmentLatency: 40 });
      yard.clock.wall += 100;
      const ended = await engine.complete(taken, '{"b":2}');
      expect(ended).toMatchObject({ result: 'done', job: { state: 'completed', result: '{"b":2}', endedAt: yard.clock.wall } });
      expect((await engine.history(job.id)).map(({ event }) => event)).toEqual(['queued', 'assigned', 'completed']);
      expect(await engine.stats(QUEUE)).toMatchObject({
        submitted: 1,
        completed: 1,
        pending: 0,
        averageDuration: 100,
        averageAssignment: 40,
      });
    });

    test('a job that is given a seat never waits', async () => {
      expect(await submit({}, seat('a'))).toMatchObject({ state: 'in_progress', agent: 'a', token: 1 });
      expect(await claimOne('b')).toBeUndefined();
    });

    test('order: priority first, then age, over types and transactions', async () => {
      const given = [
        { priority: 0, type: 'special' },
        { priority: 5, type: 'plain' },
        { priority: 0, type: 'plain' },
        { priority: 5, type: 'special' },
        { priority: -1, type: 'plain' },
      ];
      const ids: string[] = [];
      for (const one of given.slice(0, 2)) ids.push((await submit(one)).id);
      const together = await Promise.all(given.slice(2).map((one) => engine.enqueue(makeJob(one), null)));
      ids.push(...together.map(({ job }) => job!.id));
      const taken: string[] = [];
      for (let i = 0; i < 5; i++) taken.push((await claimOne(`agent-${i}`)).id);
      expect(taken).toEqual([1, 3, 0, 2, 4].map((i) => ids[i]));
    });

    test('who gets it: the preferred agent, else the fastest at its type, else the first', async () => {
      const offers = [offer('a'), offer('b', { latency: { plain: 50 } }), offer('c', { latency: { plain: 20, special: 900 } })];
      const ask = async (given: object) => {
        const { id } = await submit(given);
        const { jobs } = await engine.claim(QUEUE, offers);
        expect(jobs.map((job) => job.id)).toEqual([id]);
        return jobs[0].agent;
      };
      expect(await ask({ preferredAgent: 'a' })).toBe('a');
      expect(await ask({})).toBe('c');
      expect(await ask({ type: 'special', preferredAgent: 'gone' })).toBe('c');
      expect(await ask({ preferredAgent: 'b' })).toBe('b');
    });

    test('an agent gets only types that it may take, and never a job that it failed at', async () => {
      const special = await submit({ type: 'special' });
      expect(await claimOne('a', { types: ['plain'] })).toBeUndefined();
      const taken = await claimOne('a');
      expect((await engine.fail(taken, 'broken', NOBODY)).job).toMatchObject({ state: 'pending', failedAgents: ['a'] });
      yard.clock.wall += 1_500;
      expect(await claimOne('a')).toBeUndefined();
      // What a may not have does not stand in the way of what it may.
      const plain = await submit();
      expect((await claimOne('a')).id).toBe(plain.id);
      await expect.poll(() => claimOne('b').then((job) => job?.id), { timeout: 5_000 }).toBe(special.id);
    });

    test('another agent takes a failed job in the same transaction; the last attempt makes it dead, and it can be tried again', async () => {
      const job = await submit({}, seat('a'));
      const second = await engine.fail({ id: job.id, token: 1 }, 'one', { ...NOBODY, seat: seat('b') });
      expect(second.job).toMatchObject({ state: 'in_progress', agent: 'b', token: 2, attempts: 2, failedAgents: ['a'] });
      await engine.fail(second.job!, 'two', { ...NOBODY, seat: seat('c') });
      const dead = await engine.fail({ id: job.id, token: 3 }, 'three', { ...NOBODY, seat: seat('d') });
      expect(dead.job).toMatchObject({ state: 'failed', attempts: 3, failedAgents: ['a', 'b', 'c'], error: 'three' });
      expect((await engine.list({ queue: QUEUE, states: ['failed'], limit: 10 })).jobs.map(({ id }) => id)).toEqual([job.id]);
      expect(checkHistory(dead.job!, await engine.history(job.id))).toEqual([]);
      expect((await engine.redrive(job.id, 1)).job).toMatchObject({ state: 'pending', attempts: 0, failedAgents: [] });
      expect((await engine.stats(QUEUE)).failed).toBe(0);
      expect((await claimOne('a')).id).toBe(job.id);
      expect((await engine.redrive(job.id, 1)).result).toBe('stale');
    });

    test('what is final is not tried again', async () => {
      const job = await submit({}, seat('a'));
      expect((await engine.fail(job, 'no', { ...NOBODY, final: true })).job).toMatchObject({ state: 'failed', attempts: 1 });
    });

    test('a delay is kept, told, and survives a clock that is set back', async () => {
      const job = await submit({}, seat('a'));
      await engine.fail(job, 'busy', { ...NOBODY, delay: 1_000 });
      expect(await engine.claim(QUEUE, [offer('b')])).toMatchObject({ jobs: [], pending: 1 });
      const { wait } = await engine.claim(QUEUE, [offer('b')]);
      expect(wait).toBe(1_000);
      yard.clock.wall -= 3_600_000;
      await expect.poll(() => claimOne('b').then((found) => found?.id), { timeout: 5_000 }).toBe(job.id);
    });

    test('fencing: an old right ends nothing, whatever it says', async () => {
      const job = await submit({}, seat('a'));
      await engine.fail(job, 'slow', { ...NOBODY, seat: seat('b') });
      const old = { id: job.id, token: 1 };
      for (const late of [engine.complete(old, '"late"'), engine.fail(old, 'late', NOBODY), engine.release(old)]) {
        expect(await late).toMatchObject({ result: 'stale', job: { agent: 'b', token: 2, state: 'in_progress' } });
      }
      expect((await engine.complete({ id: job.id, token: 2 }, '"new"')).job).toMatchObject({ result: '"new"' });
      expect((await engine.complete({ id: job.id, token: 2 }, '"again"')).result).toBe('stale');
      expect((await engine.get(job.id))!.result).toBe('"new"');
      expect((await engine.complete({ id: 'nobody', token: 1 }, null)).result).toBe('unknown');
    });

    test('what is given back costs no attempt, and anybody may have it', async () => {
      const job = await submit({}, seat('a'));
      expect((await engine.release(job)).job).toMatchObject({ state: 'pending', attempts: 0, failedAgents: [] });
      expect(await claimOne('a')).toMatchObject({ id: job.id, attempts: 1, token: 2 });
    });

    test('idempotency: the same key is one job, another body a conflict, another caller another job', async () => {
      const idempotency = { key: 'k', digest: 'd' };
      const first = await engine.enqueue(makeJob({ caller: 'x', idempotency }), null);
      const answers = await Promise.all([1, 2, 3].map(() => engine.enqueue(makeJob({ caller: 'x', idempotency }), seat('a'))));
      expect(answers.map(({ result, job }) => [result, job!.id])).toEqual(answers.map(() => ['replayed', first.job!.id]));
      expect((await engine.enqueue(makeJob({ caller: 'x', idempotency: { key: 'k', digest: 'e' } }), null)).result).toBe('conflict');
      expect((await engine.enqueue(makeJob({ caller: 'y', idempotency }), null)).result).toBe('accepted');
      expect((await engine.stats(QUEUE)).submitted).toBe(2);
    });

    test('the queue is never deeper than it may be, however many ask at once, from two processes', async () => {
      const other = await yard.open();
      const asked = Array.from({ length: 60 }, (_, i) => (i % 2 === 0 ? engine : other).enqueue(makeJob({ depth: 25 }), null));
      const results = (await Promise.all(asked)).map(({ result }) => result);
      expect(results.filter((result) => result === 'accepted')).toHaveLength(25);
      expect(results.filter((result) => result === 'full')).toHaveLength(35);
      expect((await engine.stats(QUEUE)).pending).toBe(25);
      // One that is given a seat takes no place in it.
      expect((await engine.enqueue(makeJob({ depth: 25 }), seat('a'))).result).toBe('accepted');
    });

    test('two processes that ask at once never get the same job', async () => {
      const other = await yard.open();
      await other.join('there', LEASE);
      await Promise.all(Array.from({ length: 40 }, () => engine.enqueue(makeJob(), null)));
      const claims = Array.from({ length: 20 }, (_, i) =>
        i % 2 === 0
          ? engine.claim(QUEUE, [offer(`h${i}`), offer(`i${i}`)])
          : other.claim(QUEUE, [offer(`t${i}`, { holder: 'there' }), offer(`u${i}`, { holder: 'there' })]),
      );
      const ids = (await Promise.all(claims)).flatMap(({ jobs }) => jobs.map(({ id }) => id));
      expect(ids).toHaveLength(40);
      expect(new Set(ids).size).toBe(40);
    });

    test('cancelled is cancelled: what waits is not given out, what is done is refused', async () => {
      const [waits, works] = [await submit(), await submit({}, seat('a'))];
      expect((await engine.cancel(waits.id, 'no need')).job).toMatchObject({ state: 'cancelled', error: 'no need' });
      await engine.cancel(works.id, 'no need');
      expect((await engine.complete(works, null)).result).toBe('stale');
      expect(await claimOne('b')).toBeUndefined();
      expect((await engine.cancel(waits.id, 'again')).result).toBe('stale');
      await submit();
      await submit();
      expect(await engine.cancelPending(QUEUE, 'all')).toBe(2);
      expect(await engine.stats(QUEUE)).toMatchObject({ cancelled: 4, pending: 0, inProgress: 0 });
    });

    test('a holder that is silent for its lease loses its jobs to others; one that speaks does not', async () => {
      const other = await yard.open({ wall: yard.clock.wall, monotonic: 0 });
      const clock: ExamClock = { wall: yard.clock.wall, monotonic: 0 };
      const watcher = await yard.open(clock);
      await other.join('there', LEASE);
      const lost = await submit({}, seat('a', 'there'));
      const kept = await submit({}, seat('b'));
      expect(await watcher.sweep()).toBe(0);
      clock.monotonic += LEASE - 1;
      expect(await watcher.sweep()).toBe(0);
      await engine.heartbeat('here');
      clock.monotonic += 1;
      expect(await watcher.sweep()).toBe(1);
      expect(await engine.get(lost.id)).toMatchObject({ state: 'pending', failedAgents: ['a'], holder: null });
      expect((await engine.get(kept.id))!.state).toBe('in_progress');
      // The silent one wakes up: it holds nothing, and may hold nothing.
      expect(await other.heartbeat('there')).toBe(false);
      expect((await other.complete(lost, '"late"')).result).toBe('stale');
      expect(await other.claim(QUEUE, [offer('c', { holder: 'there' })])).toMatchObject({ jobs: [], lost: ['there'] });
      expect(await claimOne('d')).toMatchObject({ id: lost.id, attempts: 2 });
    });

    test('a wall clock that jumps, either way, takes no job from anybody', async () => {
      const clock: ExamClock = { wall: yard.clock.wall, monotonic: 0 };
      const watcher = await yard.open(clock);
      const job = await submit({}, seat('a'));
      await watcher.sweep();
      for (const jump of [3_600_000, -7_200_000, 86_400_000 * 365]) {
        clock.wall += jump;
        clock.monotonic += 10;
        expect(await watcher.sweep()).toBe(0);
      }
      expect((await engine.complete(job, null)).result).toBe('done');
    });

    test('a job whose every holder dies is dead after its attempts', async () => {
      const clock: ExamClock = { wall: yard.clock.wall, monotonic: 0 };
      const watcher = await yard.open(clock);
      const job = await submit();
      for (const [i, state] of ['pending', 'pending', 'failed'].entries()) {
        await engine.join(`holder-${i}`, LEASE);
        await expect
          .poll(() => claimOne(`agent-${i}`, { holder: `holder-${i}` }).then((found) => found?.id), { timeout: 5_000 })
          .toBe(job.id);
        await watcher.sweep();
        clock.monotonic += LEASE;
        await watcher.sweep();
        expect((await engine.get(job.id))!.state).toBe(state);
      }
      expect(checkHistory((await engine.get(job.id))!, await engine.history(job.id))).toEqual([]);
    });

    test('who leaves gives back what it holds', async () => {
      const other = await yard.open();
      await other.join('there', LEASE);
      const job = await submit({}, seat('a', 'there'));
      await other.close('there');
      expect(await engine.get(job.id)).toMatchObject({ state: 'pending', attempts: 0, failedAgents: [] });
    });

    test('others hear of work', async () => {
      if (yard.location.kind === 'sqlite') return;
      const other = await yard.open();
      const heard: string[] = [];
      await other.listen((hint) => heard.push(hint.kind));
      const { id } = await submit();
      await expect.poll(() => heard).toContain('work');
      await engine.cancel(id, 'over');
      await expect.poll(() => heard).toContain('ended');
    });

    test('a command that fails spoils none of those that share its transaction', async () => {
      const same = makeJob();
      const [one, two, three] = await Promise.allSettled([
        engine.enqueue(same, null),
        engine.enqueue(same, null),
        engine.enqueue(makeJob(), null),
      ]);
      expect([one.status, two.status, three.status]).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect((await engine.stats(QUEUE)).pending).toBe(2);
    });

    test('pages of a list meet, and are filtered', async () => {
      const ids: string[] = [];
      for (let i = 0; i < 7; i++) ids.push((await submit({ type: TYPES[i % 2] })).id);
      const first = await engine.list({ queue: QUEUE, limit: 4 });
      const rest = await engine.list({ queue: QUEUE, limit: 4, cursor: first.cursor! });
      expect([...first.jobs, ...rest.jobs].map(({ id }) => id)).toEqual(ids.toReversed());
      expect(rest.cursor).toBe(null);
      expect((await engine.list({ queue: QUEUE, types: ['special'], limit: 10 })).jobs).toHaveLength(3);
    });

    test('the size of a pool is remembered', async () => {
      expect(await engine.readSize(QUEUE)).toBe(0);
      await engine.writeSize(QUEUE, 4);
      await engine.writeSize(QUEUE, 2);
      expect(await (await yard.open()).readSize(QUEUE)).toBe(2);
    });
  });
}
