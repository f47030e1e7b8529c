import { readFileSync } from 'node:fs';
import type { Policyd } from './policyd.ts';

/** What a policyd must be started with to be asked for its heap. */
export const MEASURABLE = { NODE_OPTIONS: '--inspect=127.0.0.1:0' } as const;

/** The heap's size after a collection, in bytes: asked of the process itself, through its inspector. */
export async function measureHeap(policyd: Policyd): Promise<number> {
  const address = /Debugger listening on (ws:\S+)/.exec(policyd.output)![1];
  const inspector = new WebSocket(address);
  await new Promise((resolve) => inspector.addEventListener('open', resolve, { once: true }));
  const ask = (method: string): Promise<{ result: { usedSize: number } }> => {
    const answer = new Promise<{ result: { usedSize: number } }>((resolve) =>
      inspector.addEventListener('message', ({ data }) => resolve(JSON.parse(String(data))), { once: true }),
    );
    inspector.send(JSON.stringify({ id: 1, method }));
    return answer;
  };
  await ask('HeapProfiler.collectGarbage');
  await ask('HeapProfiler.collectGarbage');
  const { result } = await ask('Runtime.getHeapUsage');
  inspector.close();
  return result.usedSize;
}

/** Looks, a second apart, before what is still held counts as kept: idle connections close after seconds, optimized code comes late. */
const LOOKS = 8;

/** The heap once it is no larger than `enough`, else the least of several looks: a leak stays, what merely ends a little later goes. */
export async function settleHeap(policyd: Policyd, enough: number): Promise<number> {
  let least = await measureHeap(policyd);
  for (let look = 1; look < LOOKS && least > enough; look++) {
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    least = Math.min(least, await measureHeap(policyd));
  }
  return least;
}

/** The most memory that the process ever had, in bytes; NaN where the system does not tell. */
export function readPeakMemory(policyd: Policyd): number {
  try {
    const status = readFileSync(`/proc/${policyd.process.pid}/status`, 'utf8');
    return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) * 1024;
  } catch {
    return Number.NaN;
  }
}
