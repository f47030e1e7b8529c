import { ASCII_CLASS, CHAR, classAt, WIDTH } from './char-class.ts';

/** End of the pre-token that begins at `at` (`at < size`), over valid UTF-8: one match of an encoding's splitting pattern, in linear time. */
export type Split = (bytes: Uint8Array, at: number, size: number) => number;

const APOSTROPHE = 0x27;
const SLASH = 0x2f;
const SPACE = 0x20;
const NEWLINE_OR_SLASH = new Uint8Array(256);
for (const byte of [0x0a, 0x0d, SLASH]) NEWLINE_OR_SLASH[byte] = 1;

/** Sets of classes, as bits `1 << class`. */
const UPPERS = (1 << CHAR.UPPER) | (1 << CHAR.OTHER_LETTER) | (1 << CHAR.MARK);
const LOWERS = (1 << CHAR.LOWER) | (1 << CHAR.OTHER_LETTER) | (1 << CHAR.MARK);
const EITHER = UPPERS & LOWERS;
const WORDS = UPPERS | LOWERS;
const LETTERS = (1 << CHAR.UPPER) | (1 << CHAR.LOWER) | (1 << CHAR.OTHER_LETTER);
const SYMBOLS = (1 << CHAR.SYMBOL) | (1 << CHAR.MARK);
const BLANKS = (1 << CHAR.SPACE) | (1 << CHAR.NEWLINE);
const NEWLINES = 1 << CHAR.NEWLINE;
/** Set of an ASCII byte if it is a blank, else 0. */
const ASCII_BLANKS = ASCII_CLASS.map((kind) => (1 << kind) & BLANKS);
const NUMBERS = 1 << CHAR.NUMBER;
const NEVER_A_PREFIX = LETTERS | NUMBERS | NEWLINES;

/**
 * o200k_base. Its pattern, in order: an optional prefix with a word `UPPERS* LOWERS+` or `UPPERS+ LOWERS*` and a contraction;
 * one to three numbers; an optional space with symbols and then newlines or slashes; blanks up to their last newline; blanks.
 */
export const splitO200k: Split = (bytes, at, size) => {
  const first = 1 << classAt(bytes, at);
  // A mark can be prefix or word; both readings end at the same place.
  if ((first & WORDS) !== 0) return afterContraction(bytes, afterWord(bytes, at, size), size);
  if ((first & NUMBERS) !== 0) return afterNumbers(bytes, at, size);
  const next = at + WIDTH[bytes[at]];
  const second = next < size ? 1 << classAt(bytes, next) : 0;
  if ((second & WORDS) !== 0 && (first & NEVER_A_PREFIX) === 0) return afterContraction(bytes, afterWord(bytes, next, size), size);
  if ((first & SYMBOLS) !== 0 || (bytes[at] === SPACE && (second & SYMBOLS) !== 0)) {
    let end = afterRun(bytes, next, size, SYMBOLS);
    while (end < size && NEWLINE_OR_SLASH[bytes[end]] === 1) end++;
    return end;
  }
  return afterBlanks(bytes, at, size);
};

/**
 * cl100k_base. In order: a contraction; an optional prefix with letters; one to three numbers; an optional space with symbols
 * and then newlines; blanks up to their last newline; blanks.
 */
export const splitCl100k: Split = (bytes, at, size) => {
  if (bytes[at] === APOSTROPHE) {
    const end = afterContraction(bytes, at, size);
    if (end !== at) return end;
  }
  const first = 1 << classAt(bytes, at);
  if ((first & LETTERS) !== 0) return afterRun(bytes, at, size, LETTERS);
  if ((first & NUMBERS) !== 0) return afterNumbers(bytes, at, size);
  const next = at + WIDTH[bytes[at]];
  const second = next < size ? 1 << classAt(bytes, next) : 0;
  if ((second & LETTERS) !== 0 && (first & NEVER_A_PREFIX) === 0) return afterRun(bytes, next, size, LETTERS);
  if ((first & SYMBOLS) !== 0 || (bytes[at] === SPACE && (second & SYMBOLS) !== 0)) {
    let end = afterRun(bytes, next, size, SYMBOLS);
    while (end < size && NEWLINE_OR_SLASH[bytes[end]] === 1 && bytes[end] !== SLASH) end++;
    return end;
  }
  return afterBlanks(bytes, at, size);
};

function afterRun(bytes: Uint8Array, from: number, size: number, set: number): number {
  let at = from;
  while (at < size) {
    const lead = bytes[at];
    if (lead < 0x80) {
      if (((1 << ASCII_CLASS[lead]) & set) === 0) return at;
      at++;
    } else {
      if (((1 << classAt(bytes, at)) & set) === 0) return at;
      at += WIDTH[lead];
    }
  }
  return at;
}

/** `UPPERS* LOWERS+`, else `UPPERS+`; the character at `from` is one of `WORDS`. */
function afterWord(bytes: Uint8Array, from: number, size: number): number {
  let at = from;
  let lastEither = -1;
  while (at < size) {
    const set = 1 << classAt(bytes, at);
    if ((set & UPPERS) === 0) {
      if ((set & LOWERS) !== 0) return afterRun(bytes, at, size, LOWERS);
      break;
    }
    at += WIDTH[bytes[at]];
    if ((set & EITHER) !== 0) lastEither = at;
  }
  // No lower-case letter follows: the pattern steps back until a character of both sets can stand for it.
  return lastEither >= 0 ? lastEither : at;
}

/** `'s`, `'t`, `'re`, `'ve`, `'m`, `'ll`, `'d` in any case; `at` where there is none. */
function afterContraction(bytes: Uint8Array, at: number, size: number): number {
  if (at + 1 >= size || bytes[at] !== APOSTROPHE) return at;
  const first = bytes[at + 1] | 0x20;
  if (first === 0x73 || first === 0x74 || first === 0x6d || first === 0x64) return at + 2;
  if (at + 2 >= size) return at;
  const second = bytes[at + 2] | 0x20;
  if ((first === 0x72 || first === 0x76) && second === 0x65) return at + 3;
  return first === 0x6c && second === 0x6c ? at + 3 : at;
}

function afterNumbers(bytes: Uint8Array, from: number, size: number): number {
  let at = from;
  for (let count = 0; count < 3 && at < size && ((1 << classAt(bytes, at)) & NUMBERS) !== 0; count++) at += WIDTH[bytes[at]];
  return at;
}

/** Blanks up to their last newline; without one, all of them at the end of the text, else all but the last, which belongs to what follows. */
function afterBlanks(bytes: Uint8Array, from: number, size: number): number {
  let at = from;
  let last = from;
  let afterNewline = -1;
  while (at < size) {
    const lead = bytes[at];
    const set = lead < 0x80 ? ASCII_BLANKS[lead] : (1 << classAt(bytes, at)) & BLANKS;
    if (set === 0) break;
    last = at;
    at += lead < 0x80 ? 1 : WIDTH[lead];
    if (set === NEWLINES) afterNewline = at;
  }
  if (afterNewline >= 0) return afterNewline;
  return at === size || last === from ? at : last;
}
