import { readFileSync } from 'node:fs';
import type { ProcessIdentity } from './run-record.ts';

/** Does exactly this process run? A number that was given again is another process. */
export function isAlive({ pid, start, boot }: ProcessIdentity): boolean {
  return boot === readBoot() && readStart(pid) === start;
}

/** Id of the machine's start; '' where it tells none. */
export function readBoot(): string {
  return readText('/proc/sys/kernel/random/boot_id')?.trim() ?? '';
}

/** Ticks after the machine's start at which a process began; null = there is none, or it only waits to be reaped. */
export function readStart(pid: number): number | null {
  const stat = readText(`/proc/${pid}/stat`);
  if (stat === null) return null;
  // The name in brackets may hold spaces and brackets itself.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? null : Number(fields[19]);
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
