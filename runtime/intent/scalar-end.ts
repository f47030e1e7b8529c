import { unexpected } from './unreadable.ts';

const IS_DIGIT = new Uint8Array(256);
for (const byte of Buffer.from('0123456789')) IS_DIGIT[byte] = 1;

const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');
const NULL = Buffer.from('null');

/** End of the number, `true`, `false` or `null` that begins at `from`; throws `BadRequest`. */
export function endOfScalar(buffer: Buffer, from: number): number {
  const first = buffer[from];
  if (first === 0x74 && startsWith(buffer, from, TRUE)) return from + TRUE.length;
  if (first === 0x66 && startsWith(buffer, from, FALSE)) return from + FALSE.length;
  if (first === 0x6e && startsWith(buffer, from, NULL)) return from + NULL.length;
  let at = first === 0x2d ? from + 1 : from;
  if (buffer[at] === 0x30) at++;
  else at = afterDigits(buffer, at);
  if (buffer[at] === 0x2e) at = afterDigits(buffer, at + 1);
  if (buffer[at] === 0x65 || buffer[at] === 0x45) {
    const sign = buffer[at + 1];
    at = afterDigits(buffer, sign === 0x2b || sign === 0x2d ? at + 2 : at + 1);
  }
  return at;
}

/** Past at least one digit. */
function afterDigits(buffer: Buffer, from: number): number {
  let at = from;
  while (at < buffer.length && IS_DIGIT[buffer[at]] === 1) at++;
  if (at === from) throw unexpected(buffer, at, 'a value');
  return at;
}

/** Whether `text` stands at `at`. */
export function startsWith(buffer: Buffer, at: number, text: Uint8Array): boolean {
  for (let i = 0; i < text.length; i++) if (buffer[at + i] !== text[i]) return false;
  return true;
}
