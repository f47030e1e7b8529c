import type { RateKind } from './rates.ts';

/** The tables of `store/migrations/0007-rates.ts`. Amounts are requests or tokens, times are in ms since 1970 by the clock of the database. */
export interface RateTables {
  /** Processes that share rates. */
  rate_holders: { id: string; expires_at: number };
  /** What nobody holds of a caller's rate: `level` at the time `at`, below 0 where it owes. Full at `full_at`: then the row says nothing. */
  rate_buckets: { caller: string; kind: RateKind; level: number; at: number; full_at: number };
  /** What a process may take without asking, until then. */
  rate_slices: { caller: string; kind: RateKind; holder: string; amount: number; expires_at: number };
}
