import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { findMissing, readBlocks } from './read-blocks.ts';
import type { Ran, Shell } from './shell.ts';

/** What a busy machine needs for what takes a moment. */
const SOON_MS = 120_000;

/**
 * Does what a page says: runs its `sh` blocks in order, and expects the lines of a `text` block in the output of the block before.
 * What follows `sh` on the fence: `serve` goes on running, `fails` must end with 1, `soon` is what a moment brings about and is repeated until it ends
 * with 0 and says what stands below it, `elsewhere` is not run here.
 *
 * @param adapt what must differ from the page, such as a port that may be taken.
 * @returns how many outputs were compared.
 */
export async function runPage(page: string, shell: Shell, adapt: (text: string) => string): Promise<number> {
  let last: Ran | null = null;
  let compared = 0;
  const blocks = readBlocks(page);
  for (const [at, { language, kind, text, line }] of blocks.entries()) {
    const place = `${page}:${line}`;
    if (language === 'text') {
      expect(findMissing(adapt(text), last!.output), `${place}: lines that are not in\n${last!.output}`).toEqual([]);
      compared++;
    } else if (language !== 'sh' || kind === 'elsewhere') continue;
    else if (kind === 'serve') last = await shell.start(adapt(text), /serving on/);
    else {
      last = await shell.run(adapt(text));
      const below = blocks[at + 1]?.language === 'text' ? adapt(blocks[at + 1].text) : '';
      const isThere = ({ code, output }: Ran): boolean => code === 0 && findMissing(below, output).length === 0;
      for (const begun = Date.now(); kind === 'soon' && !isThere(last) && Date.now() - begun < SOON_MS; await sleep(250))
        last = await shell.run(adapt(text));
      expect(last.code, `${place}: ${last.output}`).toBe(kind === 'fails' ? 1 : 0);
    }
  }
  return compared;
}
