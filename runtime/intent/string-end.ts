import { unexpected, unreadable } from './unreadable.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** `"`, `\` and the control characters: where a stretch of plain string ends. */
const IS_PLAIN = new Uint8Array(256).fill(1, 0x20);
IS_PLAIN[QUOTE] = 0;
IS_PLAIN[BACKSLASH] = 0;

const IS_ESCAPE = new Uint8Array(256);
for (const byte of Buffer.from('"\\/bfnrtu')) IS_ESCAPE[byte] = 1;

const IS_HEX = new Uint8Array(256);
for (const byte of Buffer.from('0123456789abcdefABCDEF')) IS_HEX[byte] = 1;

// State of the one scan that is running; scanning is synchronous.
let words: Int32Array = new Int32Array(0);
let shift = 0;
let viewed: Buffer | null = null;
let isChecked = false;
let hasLetterEscape = false;

/**
 * Says which buffer `endOfString` reads from now on, and whether a scan has checked its bytes before, so that strings need only
 * be skipped. Lays a view of 32-bit words over it; its bytes may begin anywhere in their memory.
 */
export function viewBytes(buffer: Buffer, checked: boolean): void {
  isChecked = checked;
  if (!checked) hasLetterEscape = false;
  if (buffer === viewed) return;
  viewed = buffer;
  shift = buffer.byteOffset & 3;
  words = new Int32Array(buffer.buffer, buffer.byteOffset - shift, (shift + buffer.length) >> 2);
}

/** Whether some string since the last unchecked view spells a small letter or an underscore by an escape. */
export function sawLetterEscape(): boolean {
  return hasLetterEscape;
}

/** Offset of the closing quote of the string whose first byte is at `from`; throws `BadRequest`. */
export function endOfString(buffer: Buffer, from: number): number {
  return isChecked ? endOfCheckedString(buffer, from) : endOfUncheckedString(buffer, from);
}

/** Quotes that may turn out to be escaped before the search by `indexOf`, whose calls are dear, is given up. */
const MAX_ESCAPED_QUOTES = 4;

function endOfCheckedString(buffer: Buffer, from: number): number {
  let at = from;
  for (const near = from + 24; at < near; at++) {
    if (buffer[at] === QUOTE) return at;
    if (buffer[at] === BACKSLASH) at++;
  }
  const start = at;
  for (let tries = 0; tries < MAX_ESCAPED_QUOTES; tries++) {
    const quote = buffer.indexOf(QUOTE, at);
    let run = quote;
    while (run > start && buffer[run - 1] === BACKSLASH) run--;
    if (((quote - run) & 1) === 0) return quote;
    at = quote + 1;
  }
  return endOfUncheckedString(buffer, at);
}

/**
 * Checks as it goes, four bytes at a time: a word is left as soon as one of
 * its bytes may be a quote, a backslash or a control character. Borrows of a subtraction show which (Hacker's Delight, 6-1):
 * exclusive-or with 2 takes the quote (0x22) below 0x21 together with the control characters, and the space (0x20) out; bytes above
 * 127 never answer. Measured against a loop over bytes: 3 times as fast on long strings.
 */
function endOfUncheckedString(buffer: Buffer, from: number): number {
  const view = words;
  const count = view.length;
  const twoLess = count - 1;
  let at = from;
  for (;;) {
    let index = (at + shift) >> 2;
    let hits = 0;
    if (index < count) {
      // Bytes before `at` in its word have had their turn.
      const word = view[index];
      hits =
        (((word ^ 0x02020202) - 0x21212121) | ((word ^ 0x5c5c5c5c) - 0x01010101)) & ~word & 0x80808080 & (-1 << (((at + shift) & 3) << 3));
      if (hits === 0) {
        for (index++; index < twoLess; index += 2) {
          const one = view[index];
          const two = view[index + 1];
          const ones = (((one ^ 0x02020202) - 0x21212121) | ((one ^ 0x5c5c5c5c) - 0x01010101)) & ~one;
          const twos = (((two ^ 0x02020202) - 0x21212121) | ((two ^ 0x5c5c5c5c) - 0x01010101)) & ~two;
          if (((ones | twos) & 0x80808080) !== 0) {
            hits = ones & 0x80808080;
            if (hits === 0) {
              hits = twos & 0x80808080;
              index++;
            }
            break;
          }
        }
      }
    }
    // The lowest hit; a borrow can make a false one above a true one.
    if (hits !== 0) at = (index << 2) - shift + ((31 - Math.clz32(hits & -hits)) >> 3);
    else {
      at = Math.max(at, (index << 2) - shift);
      while (at < buffer.length && IS_PLAIN[buffer[at]] === 1) at++;
    }
    const byte = buffer[at];
    if (byte === QUOTE) return at;
    if (byte === BACKSLASH) at = afterEscape(buffer, at);
    else if (IS_PLAIN[byte] === 1) at++;
    else throw at >= buffer.length ? unexpected(buffer, at, '`"`') : unreadable(`a string holds a raw control character at byte ${at}`);
  }
}

function afterEscape(buffer: Buffer, at: number): number {
  const kind = buffer[at + 1];
  if (IS_ESCAPE[kind] !== 1) throw unreadable(`a string holds an unknown escape at byte ${at}`);
  if (kind !== 0x75) return at + 2;
  for (let i = at + 2; i < at + 6; i++) if (IS_HEX[buffer[i]] !== 1) throw unreadable(`a string holds an incomplete escape at byte ${at}`);
  // \u0050 to \u007f hold the small letters and the underscore.
  if (buffer[at + 2] === 0x30 && buffer[at + 3] === 0x30 && buffer[at + 4] >= 0x35 && buffer[at + 4] <= 0x37) hasLetterEscape = true;
  return at + 6;
}
