import { join } from 'node:path';
import { RUN_PHASES, type RunStatus } from '../runner.ts';
import { readJson } from './durable.ts';
import { isAlive, readBoot } from './process-identity.ts';
import { ARCHIVE, locateRun } from './run-paths.ts';
import type { ProcessIdentity, RunOrder, RunRecord } from './run-record.ts';

/** A run as its folder tells it. */
export interface KnownRun {
  readonly order: RunOrder;
  readonly status: RunStatus;
  /** `unclaimed`: no shim has it yet. `kept`: one does. `orphaned`: its shim is dead, and its end was not written. */
  readonly keeping: 'unclaimed' | 'kept' | 'orphaned' | 'ended';
  /** Only what became of it is still there. */
  readonly archived: boolean;
}

const PENDING: RunStatus = { phase: 'pending', reason: null, exitCode: null, startedAt: null, endedAt: null };

/** Reads a run, also one that was archived; null = it is not there. @throws Error where its folder cannot be read */
export async function readRun(folder: string, id: string): Promise<KnownRun | null> {
  const run = await readFolder(folder, id);
  if (run !== null) return { ...run, archived: false };
  const archived = await readFolder(join(folder, ARCHIVE), id);
  return archived === null ? null : { ...archived, archived: true };
}

async function readFolder(folder: string, id: string): Promise<Omit<KnownRun, 'archived'> | null> {
  const paths = locateRun(folder, id);
  const order = await readJson<RunOrder>(paths.run);
  if (order === null) return null;
  let record = await readJson<RunRecord>(paths.record);
  if (isEnded(record)) return { order, status: toStatus(record), keeping: 'ended' };
  const claim = await readJson<ProcessIdentity>(paths.claim);
  if (claim === null) return { order, status: PENDING, keeping: order.boot === readBoot() ? 'unclaimed' : 'orphaned' };
  if (isAlive(claim)) return { order, status: toStatus(record), keeping: 'kept' };
  // Its last words may be younger than what was read of it.
  record = await readJson<RunRecord>(paths.record);
  return { order, status: toStatus(record), keeping: isEnded(record) ? 'ended' : 'orphaned' };
}

/** Is it one of the last four phases? */
export function isEnded(status: RunStatus | null): status is RunStatus {
  return status !== null && RUN_PHASES.indexOf(status.phase) >= RUN_PHASES.indexOf('succeeded');
}

function toStatus(record: RunRecord | null): RunStatus {
  if (record === null) return PENDING;
  const { phase, reason, exitCode, startedAt, endedAt } = record;
  return { phase, reason, exitCode, startedAt, endedAt };
}
