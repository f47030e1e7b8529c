import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Job } from '../../runtime/jobs/job.ts';
import type { StoreEngine } from '../../runtime/jobs/store-engine.ts';
import { checkHistory } from './jobs/check-history.ts';
import { QUEUE, type Yard, YARDS } from './jobs/engines.ts';
import { WorkerProcess } from './jobs/worker-process.ts';

/** What holds over real processes: several at once, killed ones, stopped ones, and clocks that jump. */
const ROUNDS = Number(process.env.JOB_KILLS ?? 20);
const LEASE = 600;
const HAS_STRACE = spawnSync('strace', ['-f', '--seccomp-bpf', '-e', 'trace=fsync', 'true']).status === 0;

for (const [kind, make] of Object.entries(YARDS)) {
  describe.skipIf(make === null)(make === null ? `${kind} (not run: no PostgreSQL)` : kind, () => {
    let yard: Yard;
    let engine: StoreEngine;
    const running = new Set<WorkerProcess>();
    const all: WorkerProcess[] = [];
    beforeEach(async () => {
      yard = await make!();
      engine = await yard.open();
    });
    afterEach(async () => {
      await Promise.all([...running].map((process) => process.kill()));
      running.clear();
      all.length = 0;
      await yard.remove();
    });

    let started = 0;
    async function start(kindOf: 'work' | 'finish' = 'work'): Promise<WorkerProcess> {
      const process = new WorkerProcess({ location: yard.location, name: `p${started++}`, lease: LEASE, agents: 3, kind: kindOf });
      running.add(process);
      all.push(process);
      await process.hear('ready');
      return process;
    }

    async function readAll(): Promise<Job[]> {
      const jobs: Job[] = [];
      for (let cursor: number | undefined; ; ) {
        const page = await engine.list({ queue: QUEUE, limit: 500, ...(cursor === undefined ? {} : { cursor }) });
        jobs.push(...page.jobs);
        if (page.cursor === null) return jobs;
        cursor = page.cursor;
      }
    }

    test(`killed ${ROUNDS} times among three processes: every accepted job ends exactly once, nobody had one twice, no clock matters`, async () => {
      for (let i = 0; i < 3; i++) await start();
      for (let round = 0; round < ROUNDS; round++) {
        await sleep(100 + Math.random() * 200);
        const victims = [...running];
        const victim = victims[Math.floor(Math.random() * victims.length)];
        if (round % 4 === 3) {
          // Stopped for longer than its lease: its jobs are others' when it goes on, and it must notice.
          victim.signal('SIGSTOP');
          await sleep(LEASE + 400);
          victim.signal('SIGCONT');
        }
        await sleep(20);
        running.delete(victim);
        await victim.kill();
        await start();
      }
      await Promise.all([...running].map((process) => process.kill()));
      running.clear();
      const last = await start('finish');
      await last.hear('idle', 60_000);

      const jobs = new Map((await readAll()).map((job) => [job.id, job]));
      const accepted = all.flatMap((process) => process.said('accepted').map(([, id]) => id));
      expect(accepted.length).toBeGreaterThan(ROUNDS * 5);
      expect(accepted.filter((id) => !['completed', 'failed'].includes(jobs.get(id)?.state ?? 'lost'))).toEqual([]);
      // What a process was told to be done is what the record says, and nobody else was told so.
      const done = all.flatMap((process) => process.said('done').map(([, id, token]) => ({ id, token: Number(token) })));
      expect(new Set(done.map(({ id }) => id)).size).toBe(done.length);
      expect(done.filter(({ id, token }) => jobs.get(id)?.token !== token || jobs.get(id)?.state !== 'completed')).toEqual([]);
      const wrong: string[] = [];
      let expired = 0;
      for (const job of jobs.values()) {
        const events = await engine.history(job.id);
        expired += events.filter(({ event }) => event === 'expired').length;
        wrong.push(...checkHistory(job, events));
      }
      expect(wrong).toEqual([]);
      // It saw what it is about.
      expect(expired).toBeGreaterThan(ROUNDS / 4);
      const stats = await engine.stats(QUEUE);
      expect(stats).toMatchObject({ submitted: jobs.size, pending: 0, inProgress: 0 });
      expect(stats.completed + stats.failed).toBe(jobs.size);
    }, 180_000);

    test('what a killed process held is taken up within its lease and a second', async () => {
      const victim = await start();
      await expect.poll(async () => (await engine.stats(QUEUE)).inProgress, { timeout: 10_000 }).toBeGreaterThan(0);
      const watcher = await start();
      running.delete(victim);
      await victim.kill();
      const killed = performance.now();
      const held = (await readAll()).filter(({ state, holder }) => state === 'in_progress' && holder!.startsWith(nameOf(victim)));
      while (held.length > 0) {
        const now = await Promise.all(held.map(({ id }) => engine.get(id)));
        if (now.every((job) => job!.holder === null || !job!.holder.startsWith(nameOf(victim)))) break;
        if (performance.now() - killed > LEASE + 1_000) expect.fail('still held after the lease and a second');
        await sleep(10);
      }
      running.delete(watcher);
      await watcher.kill();
    }, 60_000);

    const nameOf = (process: WorkerProcess): string => `p${all.indexOf(process) + started - all.length}-`;

    if (!kind.includes('SQLite')) return;
    test.skipIf(!HAS_STRACE)(
      `every commit is on the disk${HAS_STRACE ? '' : ' (not run: no strace)'}`,
      () => {
        const folder = mkdtempSync(join(tmpdir(), 'policyd-strace-'));
        const trace = join(folder, 'trace');
        const script = fileURLToPath(new URL('./jobs/sequence.ts', import.meta.url));
        const strace = ['-f', '--seccomp-bpf', '-e', 'trace=fsync,fdatasync', '-o', trace];
        const { stdout, stderr } = spawnSync('strace', [...strace, process.execPath, script, JSON.stringify(yard.location), '50'], {
          encoding: 'utf8',
        });
        const commands = Number(stdout);
        expect(commands, stderr).toBe(151);
        const syncs = readFileSync(trace, 'utf8').match(/f(data)?sync\(.*= 0$/gm)?.length ?? 0;
        expect(syncs).toBeGreaterThanOrEqual(commands);
        rmSync(folder, { recursive: true, force: true });
      },
      60_000,
    );
  });
}
