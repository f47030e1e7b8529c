import { BadRequest } from '../intent/bad-request.ts';
import { type Exchange, lastFailure } from './exchange.ts';
import type { Gateway } from './gateway.ts';
import { GatewayError } from './gateway-error.ts';
import { formatDollars } from './nexus-headers.ts';

/** nginx's number for a caller that left before the answer. */
const GONE = 499;

/**
 * One line and one count per request. No bodies, no keys: names, numbers, reasons. `policy` and `epoch` say which router and which
 * order decided.
 */
export function recordExchange(gateway: Gateway, exchange: Exchange, problem: unknown): void {
  const { routed, outcome, asked } = exchange;
  const ms = performance.now() - exchange.arrived;
  const status = findStatus(exchange, problem);
  if (status >= 500 && !exchange.refused) exchange.router.tally.failed(exchange.decisionMicros > 0);
  const served = routed !== null && (outcome !== null || exchange.gone);
  const backend = served ? routed.route.backend.config.name : 'none';
  const reason = served ? routed.reason : 'none';
  if (served && exchange.intent !== null && exchange.intent.link > 0) {
    const { names, categories } = exchange.router.manifest;
    gateway.metrics.recordFallback(names[exchange.intent.name].model, categories[exchange.intent.category]);
  }
  gateway.metrics.recordAnswer(exchange.endpoint, backend, status, reason, ms);
  gateway.log.info(
    {
      request_id: exchange.id,
      endpoint: exchange.endpoint,
      caller: exchange.router.manifest.callers[exchange.caller]?.name ?? null,
      model: asked?.body.model ?? null,
      stream: asked?.stream ?? null,
      backend,
      target: served ? routed.route.name : null,
      zone: served ? routed.route.backend.config.zone : null,
      status,
      reason,
      policy: exchange.router.hash,
      rule: exchange.intent === null ? null : (exchange.router.manifest.policies[exchange.intent.policy]?.name ?? null),
      category: exchange.intent === null ? null : (exchange.router.manifest.categories[exchange.intent.category] ?? null),
      epoch: exchange.router.state.live.epoch,
      decision_us: Math.round(exchange.decisionMicros * 10) / 10,
      ms: Math.round(ms * 10) / 10,
      ttft_ms: outcome?.kind === 'answered' ? Math.round((outcome.firstByteAt - exchange.arrived) * 10) / 10 : null,
      waited_ms: Math.round(exchange.waitedMs),
      tried: exchange.tried.map((row) => exchange.router.routes[row].name),
      cost_usd: served && routed.route.backend.config.cloud && Number.isFinite(routed.cost) ? formatDollars(routed.cost) : null,
      warnings: served ? routed.warnings : [],
      error: describeProblem(exchange, problem),
    },
    'request',
  );
}

function findStatus(exchange: Exchange, problem: unknown): number {
  if (exchange.outcome?.kind === 'answered') return exchange.outcome.status;
  if (exchange.gone) return GONE;
  if (problem instanceof GatewayError || problem instanceof BadRequest) return problem.status;
  if (problem !== null) return 500;
  return exchange.reply.statusCode;
}

function describeProblem(exchange: Exchange, problem: unknown): string | null {
  if (problem instanceof Error) return problem.message;
  if (exchange.outcome?.kind === 'answered') return exchange.outcome.cut;
  return lastFailure(exchange)?.words ?? null;
}
