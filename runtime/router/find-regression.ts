import type { RouterFigures } from './router-tally.ts';

/** The budget of a decision, in µs. */
const BUDGET = 1_000;
/** How many times worse than before is too much. */
const TIMES = 3;
/** How much higher a share may be than before, whatever it was. */
const POINTS = 0.05;
/** The share that is too much where there is nothing to compare it with. */
const BLIND = 0.5;

/**
 * What is worse with a router than with the one before it, in words; null where nothing is.
 *
 * - Its p99 is over 1 ms and over three times the previous one's.
 * - More of its requests fail, or are turned away: five points more, and three times as many, or only a third as many as before
 *   that do not. Where the previous router decided fewer than `comparable` requests: more than half.
 */
export function findRegression(now: RouterFigures, before: RouterFigures, comparable: number): string | null {
  const blind = before.decisions < comparable;
  const p99 = blind ? 0 : before.p99Micros;
  const slow = now.p99Micros > BUDGET && now.p99Micros > TIMES * p99;
  const found = [
    compare('were turned away', now.rejects / now.decisions, blind ? null : before.rejects / before.decisions),
    compare('failed', now.errors / now.decisions, blind ? null : before.errors / before.decisions),
    slow
      ? `the 99th percentile of its decisions took ${formatMicros(now.p99Micros)}, before ${blind ? 'unknown' : formatMicros(p99)}`
      : null,
  ].filter((words) => words !== null);
  return found.length === 0 ? null : found.join('; ');
}

function compare(what: string, now: number, before: number | null): string | null {
  const bad = before === null ? now > BLIND : now > before + POINTS && (now > TIMES * before || 1 - now < (1 - before) / TIMES);
  return bad ? `${formatShare(now)} of its requests ${what}, before ${before === null ? 'unknown' : formatShare(before)}` : null;
}

function formatMicros(micros: number): string {
  return `${Number(micros.toPrecision(3))} µs`;
}

function formatShare(share: number): string {
  return `${Number((share * 100).toFixed(1))} %`;
}
