import { type HeaderSource, readHeader } from './read-header.ts';

/** Longest text that is looked at. */
const LONGEST = 64;
/** More than a day is no wait but a mistake. In ms. */
const MOST = 86_400_000;
const HTTP_DATE = /^[A-Z][a-z]+,? .+ GMT$/;
const ISO_DATE = /^\d{4}-\d{2}-\d{2}T[\d:.]+(?:Z|[+-]\d{2}:\d{2})$/;
const DECIMAL = /^\d+(?:\.\d+)?$/;
/** `6m0s`, `1h2m3s`, `7.66s`, `20ms`. */
const DURATION = /^(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?$/;
const UNITS = [86_400_000, 3_600_000, 60_000, 1_000, 1];

/** Limits by the names of the headers that tell what is left of them, and when they begin anew. */
const LIMITS = [
  ...['requests', 'tokens', 'input-tokens', 'output-tokens'].map((limit) => `anthropic-ratelimit-${limit}-#`),
  ...['requests', 'tokens'].map((limit) => `x-ratelimit-#-${limit}`),
];

/**
 * How long a backend asks to be left alone, in ms, at most a day; null where it does not say, or says nothing sensible. `retry-after-ms`,
 * else `Retry-After` as seconds or as a date, else the latest reset of a limit that is used up.
 *
 * Sources: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after, https://platform.openai.com/docs/guides/rate-limits,
 * https://platform.claude.com/docs/en/api/rate-limits#response-headers. What Google tells in a body: `google/read-wait.ts`.
 *
 * @param now `Date.now()`; the answer's own `date` goes before it.
 * @param knowsLimits false: limits are another matter, as with an answer that is no 429.
 */
export function readRetryAfter(headers: HeaderSource, now = Date.now(), knowsLimits = true): number | null {
  const millis = readShort(headers, 'retry-after-ms');
  if (millis !== null && DECIMAL.test(millis)) return bound(Number(millis));
  const text = readShort(headers, 'retry-after');
  const wait = text === null ? null : DECIMAL.test(text) ? bound(Number(text) * 1e3) : waitUntil(text, HTTP_DATE, headers, now);
  return wait ?? (knowsLimits ? readLimits(headers, now) : null);
}

function readLimits(headers: HeaderSource, now: number): number | null {
  let longest: number | null = null;
  for (const limit of LIMITS) {
    if (readShort(headers, limit.replace('#', 'remaining')) !== '0') continue;
    const reset = readShort(headers, limit.replace('#', 'reset'));
    const wait = reset === null ? null : (readDuration(reset) ?? waitUntil(reset, ISO_DATE, headers, now));
    if (wait !== null) longest = Math.max(longest ?? 0, wait);
  }
  return longest;
}

function readDuration(text: string): number | null {
  if (DECIMAL.test(text)) return bound(Number(text) * 1e3);
  const parts = DURATION.exec(text);
  return parts === null ? null : bound(UNITS.reduce((sum, unit, at) => sum + unit * Number(parts[at + 1] ?? 0), 0));
}

/** Until a date, by the clock of who sent it where it told the time. `Date.parse` makes a date of almost anything, hence the form. */
function waitUntil(date: string, form: RegExp, headers: HeaderSource, now: number): number | null {
  const until = form.test(date) ? Date.parse(date) : Number.NaN;
  const sent = Date.parse(readShort(headers, 'date') ?? '');
  return Number.isNaN(until) ? null : bound(Math.max(0, until - (Number.isNaN(sent) ? now : sent)));
}

function readShort(headers: HeaderSource, name: string): string | null {
  const text = readHeader(headers, name);
  return text === null || text.length > LONGEST ? null : text;
}

function bound(ms: number): number {
  return Math.min(MOST, Math.ceil(ms));
}
