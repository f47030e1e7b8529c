import type { Pod, Runner } from '../runner.ts';

/** What runs at a place, within `ms`, whether it heeds being told to give up or not. @throws Error that it did not answer in time. */
export async function listWithin(runner: Runner, ms: number): Promise<readonly Pod[]> {
  const over = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error('it did not answer in time'));
      over.abort(new Error('it did not answer in time'));
    }, ms);
  });
  try {
    return await Promise.race([runner.list(over.signal), late]);
  } finally {
    clearTimeout(timer);
  }
}
