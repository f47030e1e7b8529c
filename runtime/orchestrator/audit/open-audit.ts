import { Counter } from 'prom-client';
import type { Surroundings } from '../surroundings.ts';
import { StoreAuditBook } from './store-audit-book.ts';

/** Entries that are kept; the oldest beyond go. */
const MOST = 1_000_000;

/** The audit log of a process, with its metrics. */
export function openAudit({ store, redactor, log, config, registry }: Surroundings): StoreAuditBook {
  const registers = [registry];
  const entries = new Counter({
    name: 'policyd_audit_entries_total',
    help: 'refusals and changes that the audit log was told of, by outcome: done, refused, failed',
    labelNames: ['outcome'],
    registers,
  });
  const dropped = new Counter({
    name: 'policyd_audit_dropped_total',
    help: 'entries that the audit log could not take: full while the store is away, or by a fault',
    labelNames: ['reason'],
    registers,
  });
  for (const outcome of ['done', 'refused', 'failed']) entries.inc({ outcome }, 0);
  for (const reason of ['full', 'fault']) dropped.inc({ reason }, 0);
  const book = new StoreAuditBook({
    store,
    redactor,
    log,
    retention: config.auditRetention,
    most: MOST,
    onAdd: (outcome) => entries.inc({ outcome }),
    onDrop: (reason) => dropped.inc({ reason }),
  });
  void book.prune();
  return book;
}
