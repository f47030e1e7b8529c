import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A fenced block of a page. */
export interface Block {
  /** The language, and what follows it on the fence. */
  readonly language: string;
  readonly kind: string;
  readonly text: string;
  /** Line of the fence. */
  readonly line: number;
}

/** The fenced blocks of a Markdown page, in order; `page` is a path from the root of the project. */
export function readBlocks(page: string): Block[] {
  const lines = readFileSync(fileURLToPath(new URL(`../../${page}`, import.meta.url)), 'utf8').split('\n');
  const blocks: Block[] = [];
  let open: { language: string; kind: string; line: number; text: string[] } | null = null;
  for (const [index, line] of lines.entries()) {
    const fence = /^```(\S*)\s*(.*)$/.exec(line);
    if (open === null && fence) open = { language: fence[1], kind: fence[2].trim(), line: index + 1, text: [] };
    else if (open !== null && line === '```') {
      blocks.push({ ...open, text: `${open.text.join('\n')}\n` });
      open = null;
    } else open?.text.push(line);
  }
  if (open !== null) throw new Error(`${page}:${open.line}: a block is never closed`);
  return blocks;
}

/** Lines of `expected` that do not stand, in this order, in `output`; `…` stands for anything, blanks at the ends do not count. */
export function findMissing(expected: string, output: string): string[] {
  const said = output.split('\n').map((line) => line.trim());
  let from = 0;
  return expected
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && line !== '…')
    .filter((line) => {
      const pattern = new RegExp(`^${line.split('…').map(escapePattern).join('.*')}$`);
      const at = said.findIndex((candidate, index) => index >= from && pattern.test(candidate));
      if (at >= 0) from = at + 1;
      return at < 0;
    });
}

function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
