import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const PIECE = 64 * 1024;
/** Ms between two looks at a file that had nothing new. */
const PAUSE = 100;

/**
 * Reads a growing file from its byte `from` on. The next piece is read when `hear` has resolved, so that a slow reader costs one piece.
 * Ends when `isOver` was true before a look that found nothing, or when `signal` says so.
 */
export async function followOutput(
  path: string,
  from: number,
  hear: (bytes: Buffer) => Promise<void>,
  isOver: () => Promise<boolean>,
  signal: AbortSignal,
): Promise<void> {
  let file: FileHandle | null = null;
  try {
    for (let at = from; !signal.aborted; ) {
      // Asked first: what was written before the end is there after it.
      const over = file === null || at >= (await file.stat()).size ? await isOver() : false;
      file ??= await openIfThere(path);
      const piece = Buffer.allocUnsafe(PIECE);
      const length = file === null ? 0 : (await file.read(piece, 0, PIECE, at)).bytesRead;
      if (length > 0 && !signal.aborted) {
        await hear(piece.subarray(0, length));
        at += length;
      } else if (over) return;
      else await sleep(PAUSE, undefined, { signal }).catch(() => {});
    }
  } finally {
    await file?.close();
  }
}

async function openIfThere(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
