import type { Metrics } from '../telemetry/metrics.ts';
import type { Logger } from 'pino';
import type { AuditEvent, AuditKind } from './audit-trail.ts';

const BAD: ReadonlySet<AuditKind> = new Set(['refused', 'regressed', 'not-compiled', 'canary-regressed']);
const WORDS: Readonly<Record<AuditKind, string>> = {
  swapped: 'policy swapped',
  refused: 'policy refused',
  'rolled-back': 'policy rolled back',
  regressed: 'policy rolled back by itself',
  kept: 'policy kept',
  superseded: 'policy superseded',
  'not-compiled': 'policy not compiled',
  'canary-started': 'canary started',
  'canary-resized': 'canary resized',
  'canary-passed': 'canary passed its window',
  'canary-promoted': 'canary promoted',
  'canary-regressed': 'canary rolled back by itself',
  'canary-ended': 'canary ended',
  'shadow-started': 'shadow started',
  'shadow-ended': 'shadow ended',
};

/** Says in log and metrics what happened to the policy. */
export function reportSwap(log: Logger, metrics: Metrics, { event, from, to, by, reason, recent }: AuditEvent): void {
  metrics.recordSwap(event);
  if (BAD.has(event)) log.error({ event, from, policy: to, by, error: reason }, WORDS[event]);
  else log.info({ event, from, policy: to, by, reason, recent }, WORDS[event]);
}
