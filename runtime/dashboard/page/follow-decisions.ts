import type { DecisionLine } from '../../../schema/decision-line.ts';
import { ask } from './ask.ts';
import { Problem } from './problem.ts';
import { readEvents } from './read-events.ts';

export interface DecisionListener {
  /** One decision; what the server remembered when the stream began may be told twice. */
  readonly hear: (line: DecisionLine) => void;
  /** Null: the stream stands. */
  readonly fail: (problem: Problem | null) => void;
}

/** Time until the next attempt after the first failure, and the longest, in ms. */
const FIRST = 1_000;
const LONGEST = 15_000;

/**
 * Follows the server's decisions until the signal says stop; comes back after every break, later each time. A server that is read too slowly
 * ends the stream: what came meanwhile is read from what it remembers, of which it tells at most `most`.
 */
export async function followDecisions(listener: DecisionListener, most: number, signal: AbortSignal): Promise<void> {
  let wait = FIRST;
  while (!signal.aborted) {
    try {
      const stream = await ask('/v1/decisions', { accept: 'text/event-stream', signal });
      // The stream stands before the past is asked for, so that nothing falls between them.
      const past = await (await ask(`/v1/decisions?limit=${most}`, { signal })).text();
      for (const line of past.split('\n')) if (line !== '') listener.hear(JSON.parse(line) as DecisionLine);
      listener.fail(null);
      for await (const { data } of readEvents(stream.body!)) {
        wait = FIRST;
        listener.hear(JSON.parse(data) as DecisionLine);
      }
      throw new Problem(0, 'the stream of decisions ended, another is begun');
    } catch (error) {
      if (signal.aborted) return;
      listener.fail(error instanceof Problem ? error : new Problem(0, `the stream of decisions broke: ${(error as Error).message}`));
    }
    await rest(wait, signal);
    wait = Math.min(wait * 2, LONGEST);
  }
}

/** Waits, at most until the browser is on a network again. */
function rest(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      window.removeEventListener('online', end);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    window.addEventListener('online', end);
    signal.addEventListener('abort', end);
  });
}
