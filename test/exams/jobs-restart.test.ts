import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JobHint } from '../../runtime/jobs/job-engine.ts';
import type { Job } from '../../runtime/jobs/job.ts';
import { openEngine } from '../../runtime/jobs/open-engine.ts';
import type { StoreEngine } from '../../runtime/jobs/store-engine.ts';
import type { StoreLocation } from '../../runtime/store/store-location.ts';
import { checkHistory } from './jobs/check-history.ts';
import { Cluster, POSTGRES_BIN } from './jobs/cluster.ts';
import { type ExamClock, makeJob, QUEUE, TYPES } from './jobs/engines.ts';
import { WorkerProcess } from './jobs/worker-process.ts';

/** What holds while PostgreSQL itself is restarted, in good order and as if the power failed. The server is the exam's own. */
const LEASE = 600;
/** Restarts of each kind. */
const RESTARTS = Number(process.env.JOB_RESTARTS ?? 3);

describe.skipIf(POSTGRES_BIN === null)(
  POSTGRES_BIN === null ? 'restarts (not run: no PostgreSQL programs)' : 'restarts of PostgreSQL',
  () => {
    let cluster: Cluster;
    let location: StoreLocation;
    const engines: StoreEngine[] = [];
    const all: WorkerProcess[] = [];
    const running = new Set<WorkerProcess>();
    beforeEach(async () => {
      cluster = await Cluster.start();
      location = { kind: 'postgres', url: cluster.url, schema: 'exam' };
    }, 60_000);
    afterEach(async () => {
      await Promise.all([...running].map((process) => process.kill()));
      running.clear();
      all.length = 0;
      for (const engine of engines.splice(0)) await engine.close('exam').catch(() => {});
      await cluster.remove();
    }, 60_000);

    async function open(clock?: ExamClock): Promise<StoreEngine> {
      const options = clock === undefined ? {} : { now: () => clock.wall, monotonic: () => clock.monotonic };
      const engine = await openEngine(location, { queues: { [QUEUE]: TYPES }, sweeps: false, ...options });
      engines.push(engine);
      return engine;
    }

    async function startWorker(): Promise<WorkerProcess> {
      const worker = new WorkerProcess({ location, name: `p${all.length}`, lease: LEASE, agents: 3, kind: 'work' });
      all.push(worker);
      running.add(worker);
      await worker.hear('ready');
      return worker;
    }

    async function readAll(engine: StoreEngine): Promise<Job[]> {
      const jobs: Job[] = [];
      for (let cursor: number | undefined; ; ) {
        const page = await engine.list({ queue: QUEUE, limit: 500, ...(cursor === undefined ? {} : { cursor }) });
        jobs.push(...page.jobs);
        if (page.cursor === null) return jobs;
        cursor = page.cursor;
      }
    }

    test('three processes, killed and stopped, their clocks jumping, over restarts of both kinds and an outage: nothing is lost or given twice', async () => {
      for (let i = 0; i < 3; i++) await startWorker();
      for (let round = 0; round < RESTARTS * 2; round++) {
        await sleep(300 + Math.random() * 300);
        if (round % 3 === 1) {
          const [victim] = running;
          running.delete(victim);
          await victim.kill();
          await startWorker();
        }
        const [stopped] = running;
        if (round % 3 === 2) stopped.signal('SIGSTOP');
        if (round === 2) {
          // Longer than every lease: nobody can beat, and nobody may be given up for it.
          await cluster.stop('immediate');
          await sleep(LEASE * 2);
          await cluster.start();
        } else await cluster.restart(round % 2 === 0 ? 'immediate' : 'fast');
        if (round % 3 === 2) {
          await sleep(LEASE + 400);
          stopped.signal('SIGCONT');
        }
      }
      await sleep(500);
      // They end by themselves: what a living process was given in the moment of the restart, nobody else would look after.
      for (const worker of running) worker.signal('SIGUSR2');
      const engine = await open();
      const readOpen = async (): Promise<unknown[]> =>
        Promise.all(
          (await engine.list({ queue: QUEUE, states: ['pending', 'in_progress'], limit: 5 })).jobs.map(async (job) => ({
            ...job,
            history: (await engine.history(job.id)).map(({ event, agent, token }) => `${event} ${agent} ${token}`),
          })),
        );
      await expect.poll(readOpen, { timeout: 20_000, interval: 200 }).toEqual([]);
      for (const worker of running) await worker.hear('idle', 10_000);

      const jobs = new Map((await readAll(engine)).map((job) => [job.id, job]));
      const accepted = all.flatMap((worker) => worker.said('accepted').map(([, id]) => id));
      expect(accepted.length).toBeGreaterThan(RESTARTS * 20);
      expect(accepted.filter((id) => !['completed', 'failed'].includes(jobs.get(id)?.state ?? 'lost'))).toEqual([]);
      const done = all.flatMap((worker) => worker.said('done').map(([, id, token]) => ({ id, token: Number(token) })));
      expect(new Set(done.map(({ id }) => id)).size).toBe(done.length);
      expect(done.filter(({ id, token }) => jobs.get(id)?.token !== token || jobs.get(id)?.state !== 'completed')).toEqual([]);
      const wrong: string[] = [];
      for (const job of jobs.values()) wrong.push(...checkHistory(job, await engine.history(job.id)));
      expect(wrong).toEqual([]);
      const stats = await engine.stats(QUEUE);
      expect(stats).toMatchObject({ submitted: jobs.size, pending: 0, inProgress: 0 });
      expect(stats.completed + stats.failed).toBe(jobs.size);
    }, 180_000);

    test('a command whose commit is cut is answered with what became of it: a job is never given to nobody', async () => {
      const engine = await open();
      await engine.join('one', 60_000);
      const accepted: string[] = [];
      const refused: string[] = [];
      const given: string[] = [];
      let over = false;
      const submit = async (): Promise<void> => {
        while (!over) {
          const job = makeJob({ depth: 10_000 });
          await engine.enqueue(job, null).then(
            () => accepted.push(job.id),
            () => refused.push(job.id),
          );
          await sleep(1);
        }
      };
      const take = async (name: string): Promise<void> => {
        while (!over) {
          const offer = { agent: name, holder: 'one', types: TYPES, latency: {} };
          const { jobs } = await engine.claim(QUEUE, [offer]).catch(() => ({ jobs: [] }));
          given.push(...jobs.map(({ id }) => id));
          await sleep(1);
        }
      };
      const lanes = [submit(), submit(), take('a'), take('b'), take('c')];
      for (let i = 0; i < RESTARTS * 2; i++) {
        await sleep(200 + Math.random() * 100);
        await cluster.restart('immediate');
      }
      over = true;
      await Promise.all(lanes);
      const jobs = await readAll(engine);
      const known = new Set(jobs.map(({ id }) => id));
      expect(accepted.filter((id) => !known.has(id))).toEqual([]);
      // Refused means: it is not there. Given in the record means: somebody was told.
      expect(refused.filter((id) => known.has(id))).toEqual([]);
      expect(jobs.filter(({ id, state }) => state === 'in_progress' && !given.includes(id)).map(({ id }) => id)).toEqual([]);
      expect(given.length).toBeGreaterThan(RESTARTS * 5);
    }, 120_000);

    test('an outage longer than a lease takes no job from somebody who lives, and one who died loses his a lease after it', async () => {
      const clock: ExamClock = { wall: Date.now(), monotonic: 0 };
      const engine = await open(clock);
      await engine.join('one', LEASE);
      await engine.enqueue(makeJob(), null);
      await engine.claim(QUEUE, [{ agent: 'a', holder: 'one', types: TYPES, latency: {} }]);
      await engine.sweep();
      await cluster.stop('fast');
      clock.monotonic += LEASE * 3;
      await expect(engine.sweep()).rejects.toThrow();
      await cluster.start();
      expect(await engine.sweep()).toBe(0);
      clock.monotonic += LEASE;
      expect(await engine.sweep()).toBe(1);
    }, 60_000);

    test('who listens looks by himself once the server is back: what was published meanwhile is lost', async () => {
      const engine = await open();
      const heard: JobHint[] = [];
      await engine.listen((hint) => heard.push(hint));
      await cluster.restart('fast');
      await expect.poll(() => heard, { timeout: 10_000 }).toContainEqual({ kind: 'work', queue: QUEUE });
      await engine.enqueue(makeJob({ queue: QUEUE }), null);
      await expect.poll(() => heard.length, { timeout: 10_000 }).toBeGreaterThan(1);
    }, 60_000);
  },
);
