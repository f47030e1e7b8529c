import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import type { Store } from '../store/store.ts';

/** Waits between questions while the server is away or still at it, doubling to the last, in ms. */
const WAIT = [50, 5_000] as const;

/**
 * What became of a transaction whose connection broke in the middle of its commit, asked until the server knows: PostgreSQL remembers it over
 * a crash. Throws what the server says where it does not (a promoted standby that never saw it), and when `given` up.
 * https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-PG-SNAPSHOT
 */
export async function readFate(store: Store, transaction: string, given: AbortSignal): Promise<'committed' | 'aborted'> {
  for (let wait: number = WAIT[0]; ; wait = Math.min(wait * 2, WAIT[1])) {
    given.throwIfAborted();
    try {
      const { rows } = await sql<{ fate: string | null }>`select txid_status(${transaction}::bigint) as fate`.execute(store.tables());
      const fate = rows[0]?.fate;
      if (fate === 'committed' || fate === 'aborted') return fate;
      if (fate === null) throw new Error('the server no longer remembers the transaction');
    } catch (error) {
      if (!isAway(error)) throw error;
    }
    await sleep(wait, undefined, { signal: given, ref: false });
  }
}

/** Whether nobody answered, rather than something: the network's errors, and a server that starts, stops or has no connection to give. */
export function isAway(error: unknown): boolean {
  const { code, message } = error as { code?: string; message?: string };
  if (code === undefined) return /^(Connection terminated|timeout expired|Client has encountered a connection error)/.test(message ?? '');
  return /^(08|53|57P)/.test(code) || /^E[A-Z]+$/.test(code);
}
