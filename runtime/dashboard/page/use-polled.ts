import { useEffect, useState } from 'preact/hooks';
import { ask } from './ask.ts';
import { Problem } from './problem.ts';

/** What was last heard, and what went wrong since; a value stays while the server is away. */
export interface Polled<T> {
  readonly value: T | null;
  readonly problem: Problem | null;
  /** When the value came, by `Date.now()`. */
  readonly at: number;
}

const NOTHING: Polled<never> = { value: null, problem: null, at: 0 };
/** Longest time between two attempts while the server is away, in ms. */
const LONGEST = 15_000;
/** Time until a question is asked again that the key may not ask, in ms: another policy may let it. Every one of them is in the audit. */
const REFUSED = 60_000;

/**
 * Asks again and again, the next time `every` ms after an answer came, so that a slow server is never asked twice at once; not while nobody
 * looks. After a failure the time doubles, to 15 s; what the key may not ask is asked once a minute. `version` begins anew: another key, or something that was just changed.
 */
export function usePolled<T>(
  path: string | null,
  every: number,
  version: unknown,
  read: (answer: Response) => Promise<T> = readJson,
): Polled<T> {
  const [polled, setPolled] = useState<Polled<T>>(NOTHING);
  useEffect(() => {
    if (path === null) return;
    let over = false;
    let failures = 0;
    let isRefused = false;
    let timer = 0;
    let asking = false;
    const look = async (): Promise<void> => {
      if (over || asking || document.hidden) return;
      clearTimeout(timer);
      asking = true;
      try {
        const value = await read(await ask(path));
        failures = 0;
        isRefused = false;
        if (!over) setPolled({ value, problem: null, at: Date.now() });
      } catch (error) {
        failures++;
        const problem = error instanceof Problem ? error : new Problem(0, String(error));
        isRefused = problem.status === 401 || problem.status === 403;
        const forgotten = isRefused;
        if (!over) setPolled((last) => ({ value: forgotten ? null : last.value, problem, at: last.at }));
      }
      asking = false;
      const pause = Math.min(every * 2 ** Math.min(failures, 8), Math.max(every, LONGEST));
      if (!over) timer = setTimeout(look, isRefused ? REFUSED : pause);
    };
    void look();
    document.addEventListener('visibilitychange', look);
    window.addEventListener('online', look);
    return () => {
      over = true;
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', look);
      window.removeEventListener('online', look);
    };
  }, [path, every, version, read]);
  return polled;
}

async function readJson<T>(answer: Response): Promise<T> {
  return (await answer.json()) as T;
}
