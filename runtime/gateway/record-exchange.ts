import { BadRequest } from '../intent/bad-request.ts';
import type { LiveRouter } from '../router/live-router.ts';
import { readTraceparent } from '../telemetry/read-traceparent.ts';
import type { Exchange } from './exchange.ts';
import { GatewayError } from './gateway-error.ts';
import { formatDollars, type Routed } from './nexus-headers.ts';

/** nginx's number for a caller that left before the answer. */
const GONE = 499;

/**
 * One line and one count per request. No bodies, no keys: names, numbers, reasons. `policy` and `epoch` say which router and which
 * order decided.
 */
export function recordExchange(exchange: Exchange, problem: unknown): void {
  const { gateway, routed, outcome } = exchange;
  const ms = (outcome?.kind === 'answered' ? outcome.endedAt : performance.now()) - exchange.arrived;
  const status = findStatus(exchange, problem);
  if (status >= 500 && !exchange.refused) exchange.router.tally.failed(exchange.decisionMicros > 0);
  const served = routed !== null && (outcome !== null || exchange.gone);
  const backend = served ? routed.route.backend.config.name : 'none';
  const reason = served ? routed.reason : 'none';
  if (served && exchange.intent !== null) gateway.metrics.recordCategory(exchange.router.manifest.categories[exchange.intent.category]);
  if (served && exchange.intent !== null && exchange.intent.link > 0) {
    const { names, categories } = exchange.router.manifest;
    gateway.metrics.recordFallback(names[exchange.intent.name].model, categories[exchange.intent.category]);
  }
  if (served && Number.isFinite(routed.cost)) exchange.router.tally.spent(routed.cost);
  gateway.metrics.recordAnswer(exchange.route.endpoint, backend, status, reason, ms);
  if (gateway.log.isLevelEnabled('info')) gateway.logLine(writeLine(exchange, served ? routed : null, status, ms, problem), 'request');
}

/**
 * The members of the line, as JSON. Written by hand, since a logger that looks at every member costs several times as much; what is not
 * from a closed set, an id that was checked, or a name that the language restricts to plain letters, goes through `JSON.stringify`.
 */
function writeLine(exchange: Exchange, routed: Routed | null, status: number, ms: number, problem: unknown): string {
  const { asked, intent, outcome, router, route } = exchange;
  const { callers, rules, categories } = quoteNames(router);
  const ttft = outcome?.kind === 'answered' ? round(outcome.firstByteAt - exchange.arrived) : null;
  const tried = exchange.tried.length === 0 ? '[]' : JSON.stringify(exchange.tried.map((row) => router.routes[row].name));
  let target = '"backend":"none","target":null,"zone":null';
  let cost = 'null';
  let warnings = '[]';
  if (routed !== null) {
    const { config } = routed.route.backend;
    target = `"backend":"${config.name}","target":${quote(routed.route.name)},"zone":"${config.zone}"`;
    if (config.cloud && Number.isFinite(routed.cost)) cost = `"${formatDollars(routed.cost)}"`;
    if (routed.warnings.length > 0) warnings = JSON.stringify(routed.warnings);
  }
  return (
    `"request_id":"${exchange.id}",${writeTrace(exchange)}"endpoint":"${route.endpoint}","caller":${callers[exchange.caller] ?? null},` +
    `"model":${quote(asked?.body.model)},"stream":${asked?.stream ?? null},${target},"status":${status},` +
    `"reason":"${routed?.reason ?? 'none'}","policy":"${router.hash}","rule":${intent && (rules[intent.policy] ?? null)},` +
    `"category":${intent && (categories[intent.category] ?? null)},"epoch":${router.state.live.epoch},` +
    `"decision_us":${round(exchange.decisionMicros)},"ms":${round(ms)},"ttft_ms":${ttft},"waited_ms":${Math.round(exchange.waitedMs)},` +
    `"tried":${tried},"cost_usd":${cost},"warnings":${warnings},${writeObservation(exchange)}"error":${quote(describeProblem(exchange, problem))}`
  );
}

/** Only where it belongs to a trace. */
function writeTrace({ span, request }: Exchange): string {
  const trace =
    span?.context.trace ?? (request.headers.traceparent === undefined ? null : readTraceparent(request.headers.traceparent)?.trace);
  return trace == null ? '' : `"trace_id":"${trace}",`;
}

/** Only where constraints are observed and would have made a difference. */
function writeObservation({ observation }: Exchange): string {
  if (observation === null) return '';
  const { decision, target, cost, violations } = observation;
  const cost_usd = Number.isFinite(cost) ? formatDollars(cost) : null;
  return `"shadow":${JSON.stringify({ decision, target, cost_usd, violations })},`;
}

/** Names of a policy as JSON, by row. */
interface Quoted {
  readonly callers: readonly string[];
  readonly rules: readonly string[];
  readonly categories: readonly string[];
}

const QUOTED = new WeakMap<LiveRouter, Quoted>();

function quoteNames(router: LiveRouter): Quoted {
  let quoted = QUOTED.get(router);
  if (quoted === undefined) {
    const { callers, policies, categories } = router.manifest;
    const names = (named: readonly { readonly name: string }[]): string[] => named.map(({ name }) => JSON.stringify(name));
    quoted = { callers: names(callers), rules: names(policies), categories: categories.map((name) => JSON.stringify(name)) };
    QUOTED.set(router, quoted);
  }
  return quoted;
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
  return exchange.response.statusCode;
}

function describeProblem(exchange: Exchange, problem: unknown): string | null {
  if (problem instanceof Error) return problem.message;
  if (exchange.outcome?.kind === 'answered') return exchange.outcome.cut;
  return exchange.lastFailure?.words ?? null;
}
