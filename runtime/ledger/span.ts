import type { Period } from '../../schema/vocabulary.ts';

/** Characters of an ISO time that name its window: `2026-11`, `2026-11-20`, `2026-11-20T13`. */
const LENGTH: Readonly<Record<Period, number>> = { month: 7, day: 10, hour: 13 };

/** A window of a period in UTC: its name, and its first ms and the first after it. */
export interface Span {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/** The window that a time (ms since 1970) lies in. */
export function findSpan(period: Period, at: number): Span {
  const date = new Date(at);
  const name = date.toISOString().slice(0, LENGTH[period]);
  const [year, month, day, hour] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate(), date.getUTCHours()];
  switch (period) {
    case 'month':
      return { name, start: Date.UTC(year, month), end: Date.UTC(year, month + 1) };
    case 'day':
      return { name, start: Date.UTC(year, month, day), end: Date.UTC(year, month, day + 1) };
    case 'hour':
      return { name, start: Date.UTC(year, month, day, hour), end: Date.UTC(year, month, day, hour + 1) };
  }
}
