import { Redactor } from '../../telemetry/redact.ts';
import { isJsonObject } from '../translate/json-object.ts';

/** Longest text of a provider that is passed on. */
const LONGEST = 2000;
/** Google writes keys into the texts of some refusals. */
const KEY = /api_key:[^\s'"]+/g;
const redactor = new Redactor();

/** The words of Google's error, bounded and without keys. */
export function describeFailure(error: unknown): string {
  const { message, status } = isJsonObject(error) ? error : {};
  const words = typeof message === 'string' && message !== '' ? message : 'google failed without saying why';
  const clean = redactor.redact(words.replace(KEY, 'api_key:[redacted]'));
  const short = clean.length > LONGEST ? `${clean.slice(0, LONGEST)}…` : clean;
  return typeof status === 'string' && /^[A-Z_]{1,60}$/.test(status) ? `${short} (${status})` : short;
}
