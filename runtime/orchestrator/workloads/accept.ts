import type { Kysely } from 'kysely';
import type { Holding, NodeKind, PlacementReason, QuotaRefusal, Resources } from '../../../schema/workload.ts';
import type { JobBatch } from '../../jobs/batch.ts';
import { enqueue } from '../../jobs/commands/enqueue.ts';
import type { Job } from '../../jobs/job.ts';
import type { Seat } from '../../jobs/job-engine.ts';
import type { Workload } from '../workload.ts';
import { describeAcceptance } from './describe-acceptance.ts';
import { readHolding } from './read-holding.ts';
import { ANYWHERE, MOST_LIVE, WORKLOADS } from './settings.ts';
import { tablesOf, type WorkloadTables } from './tables.ts';
import type { Sought } from './waiting-room.ts';

/** What is to be accepted. */
export interface WorkloadRequest {
  readonly id: string;
  readonly workload: Workload;
  /** 32 hex digits. */
  readonly trace: string;
  /** Name of the caller's key; null = nobody gave one. */
  readonly caller: string | null;
  /** Ms since 1970. */
  readonly createdAt: number;
  readonly idempotency: { readonly key: string; readonly digest: string } | null;
}

/** Who judges it, at the moment when nobody else changes anything. */
export interface Judge {
  refuse(held: Holding, asked: Resources): readonly QuotaRefusal[];
  seek(): Sought;
  /** Who works at it from the start. */
  readonly seat: Seat;
  readonly home: string;
}

export type Acceptance =
  | { readonly result: 'accepted'; readonly job: Job; readonly answer: string; readonly kind: NodeKind | null }
  | { readonly result: 'replayed'; readonly answer: string }
  | { readonly result: 'conflict' | 'full' }
  | { readonly result: 'quota'; readonly refusals: readonly QuotaRefusal[] }
  | { readonly result: 'no-node'; readonly reasons: readonly PlacementReason[] };

/** Judges a workload and writes all of it at once: key, job, hold, placement. What is refused is written nowhere. */
export async function accept(batch: JobBatch, request: WorkloadRequest, judge: Judge): Promise<Acceptance> {
  const { id, workload, trace, caller, createdAt, idempotency } = request;
  const tables = tablesOf(batch);
  const before = await findBefore(tables, request);
  if (before !== null) return before;
  const held = await readHolding(tables, caller);
  const refusals = judge.refuse(held, workload.needs);
  if (refusals.length > 0) return { result: 'quota', refusals };
  if (await isFull(batch)) return { result: 'full' };
  const sought = judge.seek();
  if (sought.result === 'never') return { result: 'no-node', reasons: sought.reasons };
  const placed = sought.result === 'placed' ? sought.placed : null;
  const home = placed?.kind === 'local' ? judge.home : null;
  const job = { id, queue: WORKLOADS, type: home ?? ANYWHERE, payload: JSON.stringify(workload), priority: 0, preferredAgent: null };
  // Who looks after it may be killed any number of times: that is not its fault. Its own runs are counted beside it.
  const bounds = { maxAttempts: 2 ** 31 - 1, depth: MOST_LIVE };
  const enqueued = await enqueue(batch, { ...job, ...bounds, trace, caller, createdAt, idempotency }, judge.seat);
  const answer = JSON.stringify(describeAcceptance(id, createdAt, sought));
  await tables
    .insertInto('workloads')
    .values({
      job: id,
      caller: caller ?? '',
      name: workload.name,
      status: placed === null ? 'pending' : 'scheduled',
      reason: null,
      held: 1,
      cpu_millis: workload.needs.cpuMillis,
      memory_bytes: workload.needs.memoryBytes,
      accepted: answer,
      attempt: placed === null ? 0 : 1,
      failures: 0,
      losses: 0,
      stop: null,
      stop_reason: null,
      exit_code: null,
      told: 0,
    })
    .execute();
  if (placed !== null) {
    const run = { job: id, attempt: 1, node: placed.node, kind: placed.kind, home, placement: JSON.stringify(placed) };
    await tables
      .insertInto('workload_runs')
      .values({
        ...run,
        phase: 'pending',
        reason: null,
        exit_code: null,
        placed_at: batch.now,
        started_at: null,
        ended_at: null,
      })
      .execute();
  }
  return { result: 'accepted', job: enqueued.job!, answer, kind: placed?.kind ?? null };
}

/** The answer to the same request before; null = there was none. */
export async function findBefore(
  tables: Kysely<WorkloadTables>,
  { caller, idempotency }: Pick<WorkloadRequest, 'caller' | 'idempotency'>,
): Promise<Acceptance | null> {
  if (idempotency === null) return null;
  const found = await tables
    .selectFrom('job_keys')
    .innerJoin('workloads', 'workloads.job', 'job_keys.job')
    .select(['job_keys.digest', 'workloads.accepted'])
    .where('job_keys.queue', '=', WORKLOADS)
    .where('job_keys.caller', '=', caller ?? '')
    .where('job_keys.key', '=', idempotency.key)
    .executeTakeFirst();
  if (found === undefined) return null;
  return found.digest === idempotency.digest ? { result: 'replayed', answer: found.accepted } : { result: 'conflict' };
}

async function isFull(batch: JobBatch): Promise<boolean> {
  const { live } = await tablesOf(batch)
    .selectFrom('workloads')
    .select(({ fn }) => fn.countAll<number>().as('live'))
    .where('held', '=', 1)
    .executeTakeFirstOrThrow();
  return Number(live) >= MOST_LIVE;
}
