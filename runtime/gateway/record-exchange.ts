import { BadRequest } from '../intent/bad-request.ts';
import { type Exchange, lastFailure } from './exchange.ts';
import type { Gateway } from './gateway.ts';
import { GatewayError } from './gateway-error.ts';
import { formatDollars, type Routed } from './nexus-headers.ts';

/** nginx's number for a caller that left before the answer. */
const GONE = 499;

/**
 * One line and one count per request. No bodies, no keys: names, numbers, reasons. `policy` and `epoch` say which router and which
 * order decided.
 */
export function recordExchange(gateway: Gateway, exchange: Exchange, problem: unknown): void {
  const { routed, outcome } = exchange;
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
  if (gateway.log.isLevelEnabled('info')) gateway.logLine(writeLine(exchange, served ? routed : null, status, ms, problem), 'request');
}

/**
 * The members of the line, as JSON. Written by hand, since a logger that looks at every member costs several times as much; what is not
 * from a closed set, or a name that the language restricts to plain letters, goes through `JSON.stringify`.
 */
function writeLine(exchange: Exchange, routed: Routed | null, status: number, ms: number, problem: unknown): string {
  const { asked, intent, outcome, router } = exchange;
  const { manifest } = router;
  const config = routed?.route.backend.config;
  const ttft = outcome?.kind === 'answered' ? round(outcome.firstByteAt - exchange.arrived) : null;
  const cost = config?.cloud && Number.isFinite(routed!.cost) ? `"${formatDollars(routed!.cost)}"` : null;
  const tried = exchange.tried.length === 0 ? '[]' : JSON.stringify(exchange.tried.map((row) => router.routes[row].name));
  const warnings = routed === null || routed.warnings.length === 0 ? '[]' : JSON.stringify(routed.warnings);
  return (
    `"request_id":${quote(exchange.id)},"endpoint":"${exchange.endpoint}","caller":${quote(manifest.callers[exchange.caller]?.name)},` +
    `"model":${quote(asked?.body.model)},"stream":${asked?.stream ?? null},"backend":"${config?.name ?? 'none'}",` +
    `"target":${quote(routed?.route.name)},"zone":${config ? `"${config.zone}"` : null},"status":${status},` +
    `"reason":"${routed?.reason ?? 'none'}","policy":"${router.hash}","rule":${quote(intent && manifest.policies[intent.policy]?.name)},` +
    `"category":${quote(intent && manifest.categories[intent.category])},"epoch":${router.state.live.epoch},` +
    `"decision_us":${round(exchange.decisionMicros)},"ms":${round(ms)},"ttft_ms":${ttft},"waited_ms":${Math.round(exchange.waitedMs)},` +
    `"tried":${tried},"cost_usd":${cost},"warnings":${warnings},"error":${quote(describeProblem(exchange, problem))}`
  );
}

function quote(text: string | null | undefined): string {
  return text == null ? 'null' : JSON.stringify(text);
}

/** To a tenth. */
function round(value: number): number {
  return Math.round(value * 10) / 10;
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
