/** Longest text that is looked at. */
const LONGEST = 64;
const HTTP_DATE = /^[A-Z][a-z]+,? .+ GMT$/;

/**
 * How long a backend asks to be left alone, in ms; null where it does not say, or says nothing sensible.
 *
 * Sources: RFC 9110 section 10.2.3 (seconds, or a date); `retry-after-ms` is what OpenAI's API adds.
 *
 * @param headers flat list of names in lower case and values.
 * @param now `Date.now()`.
 */
export function readRetryAfter(headers: readonly string[], now: number): number | null {
  const exact = find(headers, 'retry-after-ms');
  if (exact !== null && /^\d+(\.\d+)?$/.test(exact)) return Math.ceil(Number(exact));
  const text = find(headers, 'retry-after');
  if (text === null) return null;
  if (/^\d+(\.\d+)?$/.test(text)) return Math.ceil(Number(text) * 1e3);
  // `Date.parse` makes a date of almost anything.
  const date = HTTP_DATE.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}

function find(headers: readonly string[], name: string): string | null {
  for (let at = 0; at < headers.length; at += 2) {
    if (headers[at] === name && headers[at + 1].length <= LONGEST) return headers[at + 1].trim();
  }
  return null;
}
