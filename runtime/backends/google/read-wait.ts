import { isJsonObject } from '../translate/json-object.ts';
import { readRetrySeconds } from '../translate/read-retry-seconds.ts';

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** No wait is longer than a day. */
const LONGEST = 86_400;

/**
 * Seconds to wait, rounded up: the longest of the header `retry-after` and `RetryInfo.retryDelay` in the body (`"34.4s"`, or seconds and
 * nanos), else what the message says in words; null = none.
 * Source: https://github.com/googleapis/googleapis/blob/master/google/rpc/error_details.proto
 */
export function readWait(headers: Headers, error: unknown): number | null {
  const told = [readRetrySeconds(headers, false), ...readDetails(error)].filter((seconds) => seconds !== null);
  if (told.length === 0) {
    const words = isJsonObject(error) && typeof error.message === 'string' ? /retry in (\d+(?:\.\d+)?)s/i.exec(error.message) : null;
    if (words) told.push(Number(words[1]));
  }
  return told.length === 0 ? null : Math.min(LONGEST, Math.ceil(Math.max(...told)));
}

function readDetails(error: unknown): (number | null)[] {
  const details = isJsonObject(error) ? error.details : undefined;
  if (!Array.isArray(details)) return [];
  return details
    .filter((detail) => isJsonObject(detail) && String(detail['@type']).endsWith('google.rpc.RetryInfo'))
    .map((detail) => readDuration(detail.retryDelay));
}

/** A `google.protobuf.Duration`. */
function readDuration(delay: unknown): number | null {
  if (typeof delay === 'string') {
    const seconds = /^(\d+(?:\.\d+)?)s$/.exec(delay);
    return seconds ? Number(seconds[1]) : null;
  }
  if (!isJsonObject(delay)) return null;
  const seconds = Number(delay.seconds ?? 0) + Number(delay.nanos ?? 0) / 1e9;
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : null;
}
