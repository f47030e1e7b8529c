/**
 * One process that submits jobs and works at them, for exams that kill it. Its wall clock jumps, its agents fail, and it says on standard
 * output, a line for each: `accepted <id>`, `done <id> <token>` (a result that the record took), `ready`, `idle` (nothing left to do).
 * SIGUSR2: it submits no more, and ends when nothing is left to do. `node worker.ts <order as JSON>`
 */
import { writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { openEngine } from '../../../runtime/jobs/open-engine.ts';
import type { Job } from '../../../runtime/jobs/job.ts';
import type { Ended, Offer } from '../../../runtime/jobs/job-engine.ts';
import type { StoreLocation } from '../../../runtime/store/store-location.ts';
import { makeJob, QUEUE, TYPES } from './engines.ts';

export interface WorkerOrder {
  readonly location: StoreLocation;
  readonly name: string;
  readonly lease: number;
  readonly agents: number;
  /** Without an end, or until everything in the queue has ended. */
  readonly kind: 'work' | 'finish';
}

const order = JSON.parse(process.argv[2]) as WorkerOrder;

/** A write that returned is in the pipe, whatever happens to this process afterwards. */
function say(line: string): void {
  for (let rest = Buffer.from(`${line}\n`); rest.length > 0; ) {
    try {
      rest = rest.subarray(writeSync(1, rest));
    } catch (error) {
      // The pipe is full: its reader is busy.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
  }
}

let skew = 0;
const engine = await openEngine(order.location, { queues: { [QUEUE]: TYPES }, now: () => Date.now() + skew });
let holder = `${order.name}-0`;
let lives = 0;
let finishing = order.kind === 'finish';
process.on('SIGUSR2', () => {
  finishing = true;
});
await engine.join(holder, order.lease);
say('ready');

if (order.kind === 'work') {
  setInterval(() => {
    // Whole ms, as every clock of the system tells them.
    skew = Math.random() < 0.3 ? Math.round((Math.random() - 0.5) * 7_200_000) : 0;
  }, 50);
  void submit();
}
setInterval(() => void beat(), order.lease / 3);
await Promise.all(Array.from({ length: order.agents }, (_, i) => work(i)));
say('idle');
process.exit();

async function beat(): Promise<void> {
  try {
    if (await engine.heartbeat(holder)) return;
    const next = `${order.name}-${++lives}`;
    await engine.join(next, order.lease);
    holder = next;
  } catch {
    // The database is away: the next beat tells.
  }
}

async function submit(): Promise<void> {
  while (!finishing) {
    try {
      const job = makeJob({ type: TYPES[Math.random() < 0.3 ? 1 : 0], priority: Math.floor(Math.random() * 3), depth: 40 });
      const { result } = await engine.enqueue(job, null);
      if (result === 'accepted') say(`accepted ${job.id}`);
      else await sleep(20);
    } catch {
      await sleep(50);
    }
    await sleep(Math.random() * 6);
  }
}

async function work(i: number): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      // A new name now and then, as a pool that replaces an agent that failed.
      const offer: Offer = { agent: `${order.name}-${i}-${attempt >> 3}`, holder, types: TYPES, latency: {} };
      const { jobs, pending, wait } = await engine.claim(QUEUE, [offer]);
      for (const job of jobs) await carryOut(job);
      if (jobs.length > 0) continue;
      const { inProgress } = await engine.stats(QUEUE);
      if (finishing && pending === 0 && inProgress === 0) return;
      await sleep(Math.min(wait ?? 20, 50));
    } catch {
      await sleep(50);
    }
  }
}

async function carryOut(job: Job): Promise<void> {
  await sleep(Math.random() * 15);
  const luck = Math.random();
  const delay = Math.round(Math.random() * 40);
  if (luck < 0.1) await insist(() => engine.fail(job, 'bad luck', { seat: null, delay, final: false }));
  else if (luck < 0.15) await insist(() => engine.release(job));
  else if ((await insist(() => engine.complete(job, JSON.stringify({ by: job.agent, token: job.token })))).result === 'done')
    say(`done ${job.id} ${job.token}`);
}

/** Tells the record until it answers, as the pool does: while this process lives, nobody else looks after its job. */
async function insist(tell: () => Promise<Ended>): Promise<Ended> {
  for (;;) {
    try {
      return await tell();
    } catch {
      await sleep(50);
    }
  }
}
