/** What one pass over the user's text finds. `found` has one entry per word: non-zero where it occurs. Valid until the next scan. */
export interface TextScan {
  readonly found: Uint8Array;
  codeBlock: boolean;
  lines: number;
}

/** UTF-8 bytes of the longest text that is scanned: `TEXT_WINDOW` code units, three bytes each at most. */
const MOST_BYTES = 3 * 8192;

/**
 * One pass over a text for whole words (ASCII letters in any case), code fences and lines. It runs over UTF-8 bytes: reading a string
 * unit by unit costs four times as much. A word can only begin where no word character stands before it, and most such places are
 * ruled out by two bytes; from the others a trie is walked, so that the time hardly depends on the number of words. A word character is
 * [A-Za-z0-9_] or anything beyond ASCII; a word counts where no word character stands directly before or after it.
 */
export function buildTextScan(words: readonly string[]): (text: string) => TextScan {
  const encoder = new TextEncoder();
  const patterns = words.map((word) => encoder.encode(foldCase(word)));
  const { next, ends, columns, width } = trieOf(patterns);
  const opens = openingsOf(patterns);
  const isWord = Uint8Array.from({ length: 256 }, (_, byte) => Number(byte > 127 || /\w/.test(String.fromCharCode(byte))));
  const scan: TextScan = { found: new Uint8Array(words.length), codeBlock: false, lines: 1 };
  // One byte more than a text may have: what stands behind the end is no word character.
  const bytes = new Uint8Array(MOST_BYTES + 1);

  const walk = (from: number, end: number): void => {
    let state = 0;
    for (let i = from; i < end; i++) {
      state = next[state + columns[bytes[i]!]!]!;
      if (state === 0) return;
      const word = ends[state / width]!;
      if (word >= 0 && isWord[bytes[i + 1]!] === 0) scan.found[word] = 1;
    }
  };

  return (text) => {
    scan.found.fill(0);
    const { written } = encoder.encodeInto(text, bytes);
    bytes[written] = 0;
    let lines = 1;
    let inWord = 0;
    for (let i = 0; i < written; i++) {
      const byte = bytes[i]!;
      if (inWord === 0 && opens[(byte << 8) | bytes[i + 1]!] === 1) walk(i, written);
      inWord = isWord[byte]!;
      lines += Number(byte === 10);
    }
    scan.lines = lines;
    scan.codeBlock = text.includes('```');
    return scan;
  };
}

/** By two bytes: 1 where a word may begin so. */
function openingsOf(patterns: readonly Uint8Array[]): Uint8Array {
  const opens = new Uint8Array(256 * 256);
  for (const pattern of patterns) {
    if (pattern.length === 0) continue;
    for (const first of bothCases(pattern[0]!)) {
      if (pattern.length === 1) opens.fill(1, first << 8, (first + 1) << 8);
      else for (const second of bothCases(pattern[1]!)) opens[(first << 8) | second] = 1;
    }
  }
  return opens;
}

/** A trie as one table: a state is the offset of its row, 0 is both the root and "nothing goes on"; column 0 is any other byte. */
function trieOf(patterns: readonly Uint8Array[]) {
  const columns = new Uint8Array(256);
  let width = 1;
  for (const pattern of patterns) for (const byte of pattern) if (columns[byte] === 0) columns[byte] = width++;
  for (let byte = 97; byte <= 122; byte++) columns[byte - 32] = columns[byte]!;
  const rows: Int32Array[] = [new Int32Array(width)];
  const ends: number[] = [-1];
  patterns.forEach((pattern, word) => {
    let row = 0;
    for (const byte of pattern) {
      const column = columns[byte]!;
      if (rows[row]![column] === 0) {
        rows[row]![column] = rows.push(new Int32Array(width)) - 1;
        ends.push(-1);
      }
      row = rows[row]![column]!;
    }
    if (row > 0) ends[row] = word;
  });
  const next = new Int32Array(rows.length * width);
  rows.forEach((row, state) => {
    for (let column = 0; column < width; column++) next[state * width + column] = row[column]! * width;
  });
  return { next, ends: Int32Array.from(ends), columns, width };
}

const bothCases = (byte: number): number[] => (byte >= 97 && byte <= 122 ? [byte, byte - 32] : [byte]);

const foldCase = (word: string): string => word.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
