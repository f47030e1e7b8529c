import { type Field, KIND } from './fields.ts';

/** The value of a field, as `JSON.parse` gives it. */
export function readValue(buffer: Buffer, field: Field): unknown {
  return JSON.parse(buffer.toString('utf8', field.start, field.end));
}

/** The string that a field of kind STRING holds. */
export function readString(buffer: Buffer, field: Field): string {
  for (let at = field.start + 1; at < field.end - 1; at++) {
    if (buffer[at] === 0x5c) return JSON.parse(buffer.toString('utf8', field.start, field.end));
  }
  return buffer.toString('utf8', field.start + 1, field.end - 1);
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

export function isTrue(buffer: Buffer, field: Field): boolean {
  return buffer[field.start] === 0x74;
}

/** Of fields that may be `null`, only those that are given. */
export function isNull(buffer: Buffer, field: Field): boolean {
  return field.kind === KIND.LITERAL && buffer[field.start] === 0x6e;
}
