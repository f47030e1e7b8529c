import type { Bound, Comparison, Rate } from '../../schema/policy-set.ts';

/** Units of the language, into the integers of the PolicySet. Each gives null for a text that is not of its form. */

const MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
const THOUSANDS: Readonly<Record<string, number>> = { '': 1, k: 1e3, M: 1e6 };
const BYTES: Readonly<Record<string, number>> = { KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 };
const SECONDS: Readonly<Record<string, number>> = { s: 1, min: 60, h: 3_600 };

/** Longest duration: Node's timers wrap around at 2^31 ms. */
const LONGEST = 24 * 3_600_000;

/** `800ms`, `2s`, `5m`, `1h` in whole milliseconds, from 1 ms to 24 h. */
export function readDuration(text: string): number | null {
  const [, amount, unit] = /^([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)$/.exec(text) ?? [];
  if (unit === undefined) return null;
  const ms = Math.round(Number(amount) * MS[unit]);
  return ms >= 1 && ms <= LONGEST ? ms : null;
}

/** `128k`, `1M` or a number, in tokens; `k` is 1,000. From 1 to 1e9. */
export function readTokens(value: string | number): number | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value > 0 ? value : null;
  const [, amount, unit] = /^([0-9]+(?:\.[0-9]+)?)(k|M|)$/.exec(value) ?? [];
  if (unit === undefined) return null;
  const tokens = Math.round(Number(amount) * THOUSANDS[unit]);
  return tokens >= 1 && tokens <= 1e9 ? tokens : null;
}

/** `600/min`, `2M/min`; at least 1. */
export function readRate(text: string): Rate | null {
  const [, amount, unit, per] = /^([0-9]+(?:\.[0-9]+)?)(k|M|)\/(s|min|h)$/.exec(text) ?? [];
  if (per === undefined) return null;
  const most = Math.round(Number(amount) * THOUSANDS[unit]);
  return most >= 1 && Number.isSafeInteger(most) ? { most, ms: SECONDS[per] * 1_000 } : null;
}

/** `512MiB`, `16GiB`, in bytes; more than 0. */
export function readMemory(text: string): number | null {
  const [, amount, unit] = /^([0-9]+(?:\.[0-9]+)?)(KiB|MiB|GiB|TiB)$/.exec(text) ?? [];
  if (unit === undefined) return null;
  const bytes = Math.round(Number(amount) * BYTES[unit]);
  return bytes > 0 && Number.isSafeInteger(bytes) ? bytes : null;
}

/** Cores in thousandths; at least one of them. Null also where that is no whole number. */
export function readCores(cores: number): number | null {
  const millis = Math.round(cores * 1e3);
  return millis >= 1 && Math.abs(cores * 1e3 - millis) < 1e-6 ? millis : null;
}

/** `<0.3`, `>=200`, or a number for `=`; the value times `scale`, a power of ten. Null also where that is no whole number. */
export function readBound(value: string | number, scale: number): Bound | null {
  const [, op, whole, decimals = ''] =
    /^(<=|>=|<|>|=) ?([0-9]+)(?:\.([0-9]+))?$/.exec(typeof value === 'number' ? `=${value}` : value) ?? [];
  if (whole === undefined) return null;
  // By digits: as numbers, 133.329 times a billion is not whole.
  const places = Math.round(Math.log10(scale));
  const digits = decimals.replace(/0+$/, '');
  const scaled = Number(`${whole}${digits.padEnd(places, '0')}`);
  return digits.length <= places && Number.isSafeInteger(scaled) ? { op: op as Comparison, value: scaled } : null;
}

/** USD per million tokens in pico-dollars a token. */
export function picoPerToken(usdPerMillion: number): number {
  return Math.round(usdPerMillion * 1e6);
}

/** USD in pico-dollars. */
export function pico(usd: number): number {
  return Math.round(usd * 1e12);
}

/** USD in nano-dollars. */
export function nano(usd: number): number {
  return Math.round(usd * 1e9);
}

/** A share of 0 to 1 in millionths. */
export function micros(share: number): number {
  return Math.round(share * 1e6);
}
