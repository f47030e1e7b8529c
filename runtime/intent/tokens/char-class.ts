/**
 * What the encodings' splitting patterns can tell apart, by Unicode general category. `MARK`s count as letters in o200k_base
 * and as symbols in cl100k_base.
 */
export const CHAR = {
  /** Lu, Lt */
  UPPER: 1,
  /** Ll */
  LOWER: 2,
  /** Lm, Lo: letters without case. */
  OTHER_LETTER: 3,
  /** M */
  MARK: 4,
  /** N */
  NUMBER: 5,
  /** `\s` but for newlines. */
  SPACE: 6,
  /** `\r`, `\n` */
  NEWLINE: 7,
  SYMBOL: 8,
} as const;

const PATTERNS: readonly (readonly [RegExp, number])[] = [
  [/[\r\n]/u, CHAR.NEWLINE],
  [/\s/u, CHAR.SPACE],
  [/[\p{Lu}\p{Lt}]/u, CHAR.UPPER],
  [/\p{Ll}/u, CHAR.LOWER],
  [/[\p{Lm}\p{Lo}]/u, CHAR.OTHER_LETTER],
  [/\p{M}/u, CHAR.MARK],
  [/\p{N}/u, CHAR.NUMBER],
];

/** By code point, filled in when one is first seen (0 = not yet): the engine's Unicode tables are the source, as in the patterns. */
const classes = new Uint8Array(0x110000);

/** Class of every ASCII byte; 0 for the bytes of longer characters. */
export const ASCII_CLASS = new Uint8Array(256);
for (let byte = 0; byte < 0x80; byte++) ASCII_CLASS[byte] = classify(byte);

/** Bytes of the character that a byte of UTF-8 begins. */
export const WIDTH = new Uint8Array(256).fill(1).fill(2, 0xc0).fill(3, 0xe0).fill(4, 0xf0);

/** Class of the character at `at`; the bytes must be valid UTF-8. */
export function classAt(bytes: Uint8Array, at: number): number {
  const lead = bytes[at];
  if (lead < 0x80) return ASCII_CLASS[lead];
  let point: number;
  if (lead < 0xe0) point = ((lead & 0x1f) << 6) | (bytes[at + 1] & 0x3f);
  else if (lead < 0xf0) point = ((lead & 0x0f) << 12) | ((bytes[at + 1] & 0x3f) << 6) | (bytes[at + 2] & 0x3f);
  else point = ((lead & 0x07) << 18) | ((bytes[at + 1] & 0x3f) << 12) | ((bytes[at + 2] & 0x3f) << 6) | (bytes[at + 3] & 0x3f);
  const known = classes[point];
  return known !== 0 ? known : classify(point);
}

function classify(point: number): number {
  const char = String.fromCodePoint(point);
  const found = PATTERNS.find(([pattern]) => pattern.test(char))?.[1] ?? CHAR.SYMBOL;
  classes[point] = found;
  return found;
}
