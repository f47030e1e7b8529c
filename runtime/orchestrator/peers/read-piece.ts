import type { Runner } from '../runner.ts';
import { LOG_PIECE } from './wire.ts';

/** Ms after which a piece is sent that could still grow. */
const GATHER = 20;

/** Output of a run from a byte on: what is there, or what comes within `wait` ms. `end`: there is no more, and will not be. */
export async function readPiece(
  runner: Runner,
  { id, node }: { readonly id: string; readonly node: string },
  from: number,
  wait: number,
  signal: AbortSignal,
): Promise<{ readonly bytes: Buffer; readonly end: boolean }> {
  const enough = new AbortController();
  const pieces: Buffer[] = [];
  let size = 0;
  let timer = setTimeout(() => enough.abort(), wait);
  try {
    await runner.logs(
      { id, node },
      from,
      async (bytes) => {
        if (enough.signal.aborted) return;
        // The runner may use its memory again.
        pieces.push(Buffer.from(bytes));
        size += bytes.length;
        if (size >= LOG_PIECE) return enough.abort();
        if (pieces.length > 1) return;
        clearTimeout(timer);
        timer = setTimeout(() => enough.abort(), Math.min(wait, GATHER));
      },
      AbortSignal.any([signal, enough.signal]),
    );
  } finally {
    clearTimeout(timer);
  }
  return { bytes: Buffer.concat(pieces), end: !enough.signal.aborted && !signal.aborted };
}
