type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** More than a day is no wait but a mistake. */
const MOST = 86_400;

/**
 * Seconds to wait, rounded up, from `retry-after-ms`, or from `Retry-After` as seconds or as a date; null = none.
 * Source: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
 */
export function readRetryAfter(headers: Headers): number | null {
  const millis = Number(readHeader(headers, 'retry-after-ms') ?? Number.NaN);
  if (millis >= 0) return bound(millis / 1000);
  const value = readHeader(headers, 'retry-after');
  if (value === null) return null;
  const seconds = Number(value);
  // A number is never a date, though `Date.parse` would take it for a year.
  if (!Number.isNaN(seconds)) return seconds >= 0 ? bound(seconds) : null;
  return waitUntil(value, headers);
}

/** Seconds until a date, by the clock of who sent it where it told the time. */
export function waitUntil(date: string, headers: Headers): number | null {
  const sent = Date.parse(readHeader(headers, 'date') ?? '');
  const wait = (Date.parse(date) - (Number.isNaN(sent) ? Date.now() : sent)) / 1000;
  return Number.isNaN(wait) ? null : bound(Math.max(0, wait));
}

/** A header's value without blanks around it; null where it is absent or empty. */
export function readHeader(headers: Headers, name: string): string | null {
  const value = headers[name];
  const text = (Array.isArray(value) ? value[0] : value)?.trim();
  return text === undefined || text === '' ? null : text;
}

function bound(seconds: number): number {
  return Math.min(MOST, Math.ceil(seconds));
}
