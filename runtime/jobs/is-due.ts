import { type RawBuilder, sql } from 'kysely';

/** Longest time that a job waits for its next attempt, in ms. */
export const LONGEST_DELAY = 60_000;

/** A job that may be taken now. One that would wait longer than the longest delay was written before the clock was set back: it is due. */
export function isDue(now: number): RawBuilder<boolean> {
  return sql<boolean>`(not_before is null or not_before <= ${now} or not_before > ${now + LONGEST_DELAY})`;
}
