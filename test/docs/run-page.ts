import { expect } from 'vitest';
import { findMissing, readBlocks } from './read-blocks.ts';
import type { Ran, Shell } from './shell.ts';

/**
 * Does what a page says: runs its `sh` blocks in order, and expects the lines of a `text` block in the output of the block before.
 * What follows `sh` on the fence: `serve` goes on running, `fails` must end with 1, `elsewhere` is not run here.
 *
 * @param adapt what must differ from the page, such as a port that may be taken.
 * @returns how many outputs were compared.
 */
export async function runPage(page: string, shell: Shell, adapt: (text: string) => string): Promise<number> {
  let last: Ran | null = null;
  let compared = 0;
  for (const { language, kind, text, line } of readBlocks(page)) {
    const place = `${page}:${line}`;
    if (language === 'text') {
      expect(findMissing(adapt(text), last!.output), `${place}: lines that are not in\n${last!.output}`).toEqual([]);
      compared++;
    } else if (language !== 'sh' || kind === 'elsewhere') continue;
    else if (kind === 'serve') last = await shell.start(adapt(text), /serving on/);
    else {
      last = await shell.run(adapt(text));
      expect(last.code, `${place}: ${last.output}`).toBe(kind === 'fails' ? 1 : 0);
    }
  }
  return compared;
}
