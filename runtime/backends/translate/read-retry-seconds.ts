import type { HeaderSource } from '../read-header.ts';
import { readRetryAfter } from '../read-retry-after.ts';

/** `readRetryAfter` in whole seconds, rounded up, as the header says it; null = none. */
export function readRetrySeconds(headers: HeaderSource, knowsLimits = true): number | null {
  const ms = readRetryAfter(headers, Date.now(), knowsLimits);
  return ms === null ? null : Math.ceil(ms / 1e3);
}
