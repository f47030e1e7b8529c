import type { Transaction } from 'kysely';
import type { NodeKind } from '../../../schema/workload.ts';
import type { JobBatch } from '../../jobs/batch.ts';
import type { JobTables } from '../../jobs/tables.ts';
import type { RunPhase } from '../runner.ts';
import type { WorkloadStatus } from './workload-status.ts';

/** The tables of `store/migrations/0003-workloads.ts`, beside those of the jobs. Times are ms since 1970, flags 0 or 1. */
export interface WorkloadTables extends JobTables {
  workloads: {
    /** Of a job in the queue `workloads`, whose payload is the workload. */
    job: string;
    /** Name of who asked; '' = nobody in particular. */
    caller: string;
    name: string;
    status: WorkloadStatus;
    reason: string | null;
    /** Counts for its caller's quota: until it has ended. */
    held: number;
    cpu_millis: number;
    memory_bytes: number;
    /** What its caller was told when it was accepted, as JSON: told again word for word. */
    accepted: string;
    /** The latest run; 0 = none yet. */
    attempt: number;
    /** Runs that failed, and runs whose place lost them. */
    failures: number;
    losses: number;
    /** It is to end before its time. */
    stop: 'cancel' | 'evict' | null;
    stop_reason: string | null;
    exit_code: number | null;
    /** Its stream has had its last frame. */
    told: number;
  };
  workload_runs: {
    job: string;
    attempt: number;
    node: string;
    kind: NodeKind;
    /** The data folder whose machine has it; null = every process that knows the node finds it. */
    home: string | null;
    /** Why there, as JSON. */
    placement: string;
    phase: RunPhase;
    reason: string | null;
    exit_code: number | null;
    placed_at: number;
    started_at: number | null;
    ended_at: number | null;
  };
}

/** The transaction of a batch, over these tables. */
export function tablesOf({ transaction }: JobBatch): Transaction<WorkloadTables> {
  return transaction as unknown as Transaction<WorkloadTables>;
}
