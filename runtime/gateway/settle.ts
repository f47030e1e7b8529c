import type { Usage } from '../../schema/usage.ts';
import type { Reservation } from '../ledger/reservation.ts';
import type { Route } from '../router/live-router.ts';
import type { AnswerBody } from './answer-body.ts';
import { countForEstimate } from './count-for-estimate.ts';
import type { Exchange } from './exchange.ts';
import type { Outcome } from './outcome.ts';
import type { OpenFacts } from './reserve.ts';

/** UTF-16 units of an answer's text for a token, where the answer told no usage: about what English text has. */
const UNITS_PER_TOKEN = 4;
/** Most tokens that a backend makes in a ms for one answer: above what the fastest services claim, about 3,000 a second. */
const FASTEST = 4;

/** What is known of an attempt that is over. */
export interface Ended {
  readonly exchange: Exchange;
  readonly route: Route;
  /** Of its answer, null where none began. */
  readonly body: AnswerBody | null;
  /** Bytes of the answer have gone out. */
  readonly begun: boolean;
  /** The backend may have worked for it. */
  readonly sent: boolean;
  readonly outcome: Outcome;
  /** Ms since its dispatch. */
  readonly duration: number;
}

/**
 * Closes an attempt's reservation, once, by what became of it. Nothing is owed for what was not sent, was refused, or is a stream that was left before its first byte; what was answered
 * costs what the answer tells of its usage. Between them lies what a provider may charge and did not tell: it is counted where all of it
 * was seen, or as much as its time allows; where not even that is known, the bound stands.
 */
export function settle(reservation: Reservation, ended: Ended): void {
  const { exchange, route, body, duration } = ended;
  const { ledger } = exchange.gateway;
  const { module } = exchange.router;
  switch (judge(ended)) {
    case 'free':
      ledger.void(reservation);
      return;
    case 'told': {
      const actual = module.actual(body!.usage!, route.row);
      judgeViolation(exchange, actual);
      exchange.gateway.metrics.recordSettled((reservation.facts as OpenFacts).estimate, actual);
      ledger.settle(reservation, actual, { usage: body!.usage, duration });
      return;
    }
    case 'counted': {
      // Its figures are none to learn from: whoever leaves early would teach that answers are short.
      const isWhole = isOver(ended);
      const usage = count(ended, isWhole);
      ledger.settle(reservation, module.actual(usage, route.row), { usage: isWhole ? usage : null, duration });
      return;
    }
    case 'unknown':
      ledger.settle(reservation, null, { usage: null, duration });
  }
}

/** An estimate was over a cap that is only observed: was the cost? */
function judgeViolation({ observation, gateway }: Exchange, actual: number): void {
  if (observation === null || Number.isNaN(actual) || observation.violations.every(({ constraint }) => constraint !== 'cost')) return;
  gateway.metrics.recordJudgedViolation(actual * 1_000 > observation.costCap);
}

/** All of it was seen. Callers of streams leave at their last event, which need not be the last byte. */
function isOver({ body, outcome }: Ended): boolean {
  return (outcome.kind === 'answered' && outcome.cut === null) || body?.isTerminated() === true;
}

type Judgement = 'free' | 'told' | 'counted' | 'unknown';

function judge(ended: Ended): Judgement {
  const { exchange, body, begun, sent, outcome } = ended;
  const isStream = exchange.asked!.stream;
  if (outcome.kind === 'failed') {
    const { failure } = outcome;
    if (!sent || failure.kind === 'connect' || failure.kind === 'status') return 'free';
    // What broke a connection, or ended an answer before its first byte, has stopped working.
    if (failure.kind === 'reset' || failure.kind === 'empty') return 'counted';
    if (failure.kind === 'malformed' && body !== null && body.usage !== null) return 'told';
    return isStream ? 'counted' : 'unknown';
  }
  // The call is broken off with its caller: a stream that was left before its first byte gave nothing.
  if (!sent || (isStream && outcome.kind === 'aborted' && !begun)) return 'free';
  if (isOver(ended)) return body!.usage === null ? 'counted' : 'told';
  // A whole answer is made whether or not somebody waits for it.
  return isStream ? 'counted' : 'unknown';
}

/** What can be told without the answer's own figures, or beyond those that came before it was cut. */
function count({ exchange, route, body, begun, duration }: Ended, isWhole: boolean): Usage {
  const { intent, tokens, asked, route: way } = exchange;
  const told = body?.usage ?? null;
  const most = way.endpoint === 'embeddings' ? 0 : intent!.outputCap * asked!.body.answers;
  const events = body === null || body.events <= 2 ? 0 : body.events - 2;
  const said = body === null ? 0 : Math.max(events, Math.ceil(body.characters / UNITS_PER_TOKEN));
  // Thoughts come before the first byte, and some providers never show them.
  const mayHide = !isWhole && (!begun || route.config.capabilities.includes('reasoning'));
  const hidden = mayHide ? Math.ceil(duration * FASTEST) * asked!.body.answers : 0;
  const output = Math.max(told?.output ?? 0, Math.min(most, Math.max(said, hidden)));
  if (told !== null) return { ...told, output };
  const { input } = countForEstimate(intent!, tokens!, route.config.encoding);
  return { input, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0, output, reasoning: 0 };
}
