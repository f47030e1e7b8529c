import type { Span } from './span.ts';

/** Where a budget is heading. Money is nano-dollars, times ms since 1970. */
export interface BudgetForecast {
  /** Nano-dollars an hour: of the last hours, or of the window where it is younger. */
  readonly burnRate: number;
  /** What will be spent at the end of the window at that rate. */
  readonly atEnd: number;
  /** When the limit is reached at that rate; null where that is not in this window. */
  readonly exhaustedAt: number | null;
}

export interface ForecastInput {
  readonly span: Span;
  readonly now: number;
  readonly limit: number;
  /** Settled and set aside so far. */
  readonly used: number;
  /** Settled in each of the last hours, oldest first; the last one is under way. */
  readonly hours: readonly number[];
}

const HOUR = 3_600_000;

/** Straight on at the rate of the last hours of this window. */
export function forecast({ span, now, limit, used, hours }: ForecastInput): BudgetForecast {
  const intoHour = now % HOUR;
  const lookBack = Math.min(Math.max(0, hours.length - 1) * HOUR + intoHour, now - span.start);
  const counted = Math.ceil((lookBack - intoHour) / HOUR) + 1;
  const spent = lookBack <= 0 || hours.length === 0 ? 0 : hours.slice(-counted).reduce((sum, hour) => sum + hour, 0);
  const burnRate = lookBack <= 0 ? 0 : (spent / lookBack) * HOUR;
  const atEnd = used + (burnRate * Math.max(0, span.end - now)) / HOUR;
  const reached = burnRate > 0 ? now + (Math.max(0, limit - used) / burnRate) * HOUR : Number.POSITIVE_INFINITY;
  const exhaustedAt = used >= limit ? now : reached < span.end ? Math.ceil(reached) : null;
  return { burnRate: Math.round(burnRate), atEnd: Math.round(atEnd), exhaustedAt };
}
