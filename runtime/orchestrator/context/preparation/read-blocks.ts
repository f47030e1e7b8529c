/** A paragraph, a list, a table, a heading or a fenced piece of code. Blanks around it do not belong to it. */
export interface Block {
  readonly start: number;
  readonly end: number;
  /** The headings that it stands under, itself included; null = none. */
  readonly heading: string | null;
  readonly isHeading: boolean;
}

/** Longest title that is kept of a heading, and deepest nesting, as in Markdown. */
const LONGEST_TITLE = 120;

/** The blocks of a text in order, as Markdown has them; a text without any of its marks is paragraphs. */
export function readBlocks(text: string): Block[] {
  const blocks: Block[] = [];
  const titles: string[] = [];
  let begin = -1;
  let last = 0;
  let fence: string | null = null;
  const heading = (): string | null => titles.filter((title) => title).join(' › ') || null;
  const close = (): void => {
    if (begin >= 0) blocks.push({ start: begin, end: last, heading: heading(), isHeading: false });
    begin = -1;
  };
  for (let at = 0; at < text.length; ) {
    const newline = text.indexOf('\n', at);
    const stop = newline < 0 ? text.length : newline;
    const line = text.slice(at, stop);
    const start = at + (line.length - line.trimStart().length);
    const end = at + line.trimEnd().length;
    at = stop + 1;
    const [, mark] = /^ {0,3}(`{3,}|~{3,})/.exec(line) ?? [];
    if (fence !== null) {
      if (end > start) last = end;
      if (mark?.startsWith(fence) && line.trim() === mark) {
        fence = null;
        close();
      }
      continue;
    }
    if (end <= start) {
      close();
      continue;
    }
    const [, marks, title] = /^ {0,3}(#{1,6})(?:[ \t]+(.*))?$/.exec(line) ?? [];
    if (marks !== undefined) {
      close();
      titles.length = Math.min(titles.length, marks.length - 1);
      while (titles.length < marks.length - 1) titles.push('');
      titles.push(
        withoutClosing(title ?? '')
          .trim()
          .slice(0, LONGEST_TITLE),
      );
      blocks.push({ start, end, heading: heading(), isHeading: true });
      continue;
    }
    if (mark !== undefined) {
      close();
      fence = mark;
    }
    if (begin < 0) begin = start;
    last = end;
  }
  close();
  return blocks;
}

/** A title without the marks that may close it, set off by a blank. Read from its end: a pattern would try every blank of a long line. */
function withoutClosing(title: string): string {
  const text = title.trimEnd();
  let end = text.length;
  while (text[end - 1] === '#') end--;
  return end < text.length && (text[end - 1] === ' ' || text[end - 1] === '\t') ? text.slice(0, end) : text;
}
