/** What one pass over the user's text finds. `found` has one entry per word: non-zero where it occurs. Valid until the next scan. */
export interface TextScan {
  readonly found: Uint8Array;
  codeBlock: boolean;
  lines: number;
}

/**
 * One pass over a text for whole words (ASCII letters in any case), code fences and lines: an Aho-Corasick automaton, so that the
 * time does not depend on the number of words. A word character is [A-Za-z0-9_] or any code unit above 127; a word counts where no
 * word character stands directly before or after it. Source: Aho & Corasick, CACM 18(6), 1975.
 */
export function buildTextScan(words: readonly string[]): (text: string) => TextScan {
  const patterns = words.map(foldCase);
  const classes = new Uint8Array(128);
  let width = 1;
  const classOf = (unit: number): number => (unit < 128 ? classes[unit]! : 0);
  const wide = new Map<number, number>();
  for (const word of patterns) {
    for (let i = 0; i < word.length; i++) {
      const unit = word.charCodeAt(i);
      if (unit < 128) {
        if (classes[unit] === 0) classes[unit] = width++;
      } else if (!wide.has(unit)) wide.set(unit, width++);
    }
  }
  for (let unit = 65; unit <= 90; unit++) classes[unit] = classes[unit + 32]!;
  const columnOf = (unit: number): number => (unit < 128 ? classOf(unit) : (wide.get(unit) ?? 0));

  const next: Int32Array[] = [new Int32Array(width)];
  const ends: number[][] = [[]];
  patterns.forEach((word, index) => {
    let state = 0;
    for (let i = 0; i < word.length; i++) {
      const column = columnOf(word.charCodeAt(i));
      if (next[state]![column] === 0) {
        next[state]![column] = next.push(new Int32Array(width)) - 1;
        ends.push([]);
      }
      state = next[state]![column]!;
    }
    if (word.length > 0) ends[state]!.push(index);
  });
  const fail = new Int32Array(next.length);
  const queue: number[] = [];
  for (let column = 1; column < width; column++) if (next[0]![column]! > 0) queue.push(next[0]![column]!);
  for (let head = 0; head < queue.length; head++) {
    const state = queue[head]!;
    ends[state]!.push(...ends[fail[state]!]!);
    for (let column = 1; column < width; column++) {
      const to = next[state]![column]!;
      const back = next[fail[state]!]![column]!;
      if (to === 0) next[state]![column] = back;
      else {
        fail[to] = back;
        queue.push(to);
      }
    }
  }
  // States are offsets into the table; one that ends words is stored as its complement, so that a sign tells.
  const table = new Int32Array(next.length * width);
  next.forEach((row, state) => {
    for (let column = 0; column < width; column++) {
      const to = row[column]!;
      table[state * width + column] = ends[to]!.length > 0 ? ~(to * width) : to * width;
    }
  });
  const lengths = patterns.map((word) => word.length);
  const scan: TextScan = { found: new Uint8Array(words.length), codeBlock: false, lines: 1 };
  const onlyAscii = wide.size === 0;

  return (text) => {
    scan.found.fill(0);
    let lines = 1;
    let state = 0;
    const { length } = text;
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i);
      if (unit === 10) lines++;
      state = table[state + (unit < 128 ? classes[unit]! : onlyAscii ? 0 : (wide.get(unit) ?? 0))]!;
      if (state >= 0) continue;
      state = ~state;
      for (const index of ends[state / width]!) {
        if (isBreak(text, i + 1) && isBreak(text, i - lengths[index]!)) scan.found[index] = 1;
      }
    }
    scan.lines = lines;
    scan.codeBlock = text.includes('```');
    return scan;
  };
}

const foldCase = (word: string): string => word.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

/** No word character stands at this position (outside the text there is none). */
function isBreak(text: string, position: number): boolean {
  if (position < 0 || position >= text.length) return true;
  const unit = text.charCodeAt(position);
  return !((unit >= 97 && unit <= 122) || (unit >= 65 && unit <= 90) || (unit >= 48 && unit <= 57) || unit === 95 || unit > 127);
}
