import type { RejectionReason } from '../../schema/decision.ts';
import type { RouteReason } from '../../schema/vocabulary.ts';
import type { LiveRouter, Route } from '../router/live-router.ts';

/** Most bytes of `X-Nexus-Rejection-Reasons`. */
const REASONS_LIMIT = 2_048;

/** Adds the headers of an answer that no backend gave, or that failed before one was chosen, to a flat list of names and values. */
export function addNoBackend(headers: string[], router: LiveRouter, requestId: string, decisionMicros: number): void {
  headers.push(
    'x-nexus-backend',
    'none',
    'x-nexus-backend-type',
    'none',
    'x-nexus-route-reason',
    'none',
    'x-nexus-privacy-zone',
    'none',
    'x-nexus-policy',
    router.hash,
    'x-nexus-decision-time',
    formatMicros(decisionMicros),
    'x-request-id',
    requestId,
  );
}

/** What is said about a request that was sent to a backend. */
export interface Routed {
  readonly route: Route;
  readonly reason: RouteReason;
  /** Nano-dollars; NaN = unknown. */
  readonly cost: number;
  readonly warnings: readonly string[];
}

/** Adds those of an answer by a backend; this is done for every answer. */
export function addRouted(headers: string[], routed: Routed, router: LiveRouter, requestId: string, decisionMicros: number): void {
  const { config } = routed.route.backend;
  headers.push(
    'x-nexus-backend',
    config.name,
    'x-nexus-backend-type',
    config.cloud ? 'cloud' : 'local',
    'x-nexus-route-reason',
    routed.reason,
    'x-nexus-privacy-zone',
    config.zone,
    'x-nexus-policy',
    router.hash,
    'x-nexus-decision-time',
    formatMicros(decisionMicros),
    'x-request-id',
    requestId,
  );
  if (config.cloud && Number.isFinite(routed.cost)) headers.push('x-nexus-cost-estimated', formatDollars(routed.cost));
  if (routed.warnings.length > 0) headers.push('x-nexus-warning', routed.warnings.join(', '));
}

export function formatMicros(micros: number): string {
  return micros.toFixed(1);
}

/** Nano-dollars as decimal dollars without trailing zeros: 2,500,000 → `0.0025`. */
export function formatDollars(nanos: number): string {
  const whole = Math.floor(nanos / 1e9);
  const rest = String(Math.round(nanos % 1e9))
    .padStart(9, '0')
    .replace(/0+$/, '');
  return rest === '' ? String(whole) : `${whole}.${rest}`;
}

/** As many reasons as fit, as JSON in ASCII: the value of `X-Nexus-Rejection-Reasons`. */
export function formatReasons(reasons: readonly RejectionReason[]): string {
  const parts: string[] = [];
  let size = 2;
  for (const reason of reasons) {
    const part = JSON.stringify(reason).replace(/[\x7f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
    if (size + part.length + 1 > REASONS_LIMIT) break;
    parts.push(part);
    size += part.length + 1;
  }
  return `[${parts.join(',')}]`;
}
