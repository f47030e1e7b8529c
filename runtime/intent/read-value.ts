import { type Field, KIND } from './fields.ts';
import { cutBefore, hasEscape } from './json-string.ts';

/** The value of a field, as `JSON.parse` gives it. */
export function readValue(buffer: Buffer, field: Field): unknown {
  return JSON.parse(buffer.toString('utf8', field.start, field.end));
}

/** The string that a field of kind STRING holds. */
export function readString(buffer: Buffer, field: Field): string {
  return decodeString(buffer, field.start + 1, field.end - 1);
}

function decodeString(buffer: Buffer, start: number, end: number): string {
  if (!hasEscape(buffer, start, end)) return buffer.toString('utf8', start, end);
  const isWhole = buffer[start - 1] === 0x22;
  return JSON.parse(isWhole ? buffer.toString('utf8', start - 1, end + 1) : `"${buffer.toString('utf8', start, end + 1)}`);
}

/** The last `units` UTF-16 code units of the string that a field of kind STRING holds, without decoding much more. */
export function readEnd(buffer: Buffer, field: Field, units: number): string {
  // A code unit takes at most six bytes of JSON, most of them one.
  for (const bytes of [units + (units >> 2), 6 * units]) {
    const from = field.end - 1 - bytes;
    if (from <= field.start + 1) break;
    const text = decodeString(buffer, cutBefore(buffer, field.start + 1, from), field.end - 1);
    if (text.length >= units) return text.slice(-units);
  }
  return readString(buffer, field).slice(-units);
}

/** The number that a field of kind NUMBER holds; digits alone, the usual case, are added up without making a string. */
export function readNumber(buffer: Buffer, field: Field): number {
  if (field.end - field.start > 15) return Number(buffer.toString('latin1', field.start, field.end));
  let value = 0;
  for (let at = field.start; at < field.end; at++) {
    const digit = buffer[at] - 0x30;
    if (digit < 0 || digit > 9) return Number(buffer.toString('latin1', field.start, field.end));
    value = value * 10 + digit;
  }
  return value;
}

/** A field of kind LITERAL that says `true`. */
export function isTrue(buffer: Buffer, field: Field): boolean {
  return field.kind === KIND.LITERAL && buffer[field.start] === 0x74;
}

export function isNull(buffer: Buffer, field: Field): boolean {
  return field.kind === KIND.LITERAL && buffer[field.start] === 0x6e;
}
