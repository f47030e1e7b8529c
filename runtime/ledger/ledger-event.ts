import type { BudgetStatus } from '../../schema/vocabulary.ts';
import type { AuditReport, Drift } from './audit.ts';

/**
 * What the ledger has to say to log and metrics. `overcharged`: an attempt cost more than its bound; it is counted as it is. `overspent`:
 * money was set aside while the store could not be reached, as its budget allows. `expired`: reservations that nobody closed in time.
 */
export type LedgerEvent =
  | { readonly event: 'status'; readonly budget: string; readonly span: string; readonly status: BudgetStatus }
  | { readonly event: 'overcharged'; readonly id: string; readonly model: string; readonly bound: number; readonly actual: number }
  | { readonly event: 'overspent'; readonly budget: string; readonly amount: number }
  | { readonly event: 'expired'; readonly count: number }
  | { readonly event: 'drift'; readonly drift: Drift }
  | { readonly event: 'audited'; readonly report: AuditReport; readonly ms: number }
  | { readonly event: 'store-lost'; readonly reason: string }
  | { readonly event: 'store-back'; readonly seconds: number }
  | { readonly event: 'batch'; readonly entries: number; readonly ms: number };
