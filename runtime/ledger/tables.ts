import type { Generated } from 'kysely';
import type { CalibrationRow } from './batch.ts';
import type { EntryState } from './entry.ts';

/** The tables of `store/migrations/0001-ledger.ts`. Money is nano-dollars, times are ms since 1970, flags 0 or 1. */
export interface LedgerTables {
  /** Processes that may have slices. `batch`: number of the last one applied. */
  ledger_holders: { id: string; batch: number; expires_at: number };
  /**
   * One budget in one window. `settled + reserved + held + lost` is at most the limit of an enforced one. `folded`: the part of `settled`
   * whose entries the audit has counted for good. `recall` grows each time that holders are asked to give back.
   */
  ledger_accounts: {
    id: Generated<number>;
    budget: string;
    scope: string;
    span: string;
    limit_nanos: number;
    settled: Generated<number>;
    reserved: Generated<number>;
    held: Generated<number>;
    lost: Generated<number>;
    folded: Generated<number>;
    recall: Generated<number>;
  };
  /** What a holder may set aside without asking. `answered`: the last recall that it gave back for. */
  ledger_slices: { account: number; holder: string; amount: number; answered: number };
  /** One attempt. `actual` counts once it is closed; `usage` is JSON. */
  ledger_entries: {
    id: string;
    holder: string;
    state: EntryState;
    reserved_at: number;
    expires_at: number;
    closed_at: number | null;
    bound: number;
    estimate: number | null;
    actual: number | null;
    backend: string;
    model: string;
    category: string | null;
    class: string | null;
    caller: string | null;
    team: string | null;
    policy: string;
    prices: string;
    estimated_input: number | null;
    estimated_output: number | null;
    input: number | null;
    output: number | null;
    usage: string | null;
    duration_ms: number | null;
    folded: Generated<number>;
  };
  /** Which accounts pay for an entry. */
  ledger_lines: { entry: string; account: number };
  /** Sums by hour of the reservation (`2026-11-20T13`), for each name of each dimension. */
  ledger_spend: { hour: string; dimension: string; name: string; settled: number; attempts: number; input: number; output: number };
  ledger_calibration: CalibrationRow;
}
