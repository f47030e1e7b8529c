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

/** The most memory that the process ever had, in bytes; NaN where the system does not tell. */
export function readPeakMemory(policyd: Policyd): number {
  try {
    const status = readFileSync(`/proc/${policyd.process.pid}/status`, 'utf8');
    return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) * 1024;
  } catch {
    return Number.NaN;
  }
}
