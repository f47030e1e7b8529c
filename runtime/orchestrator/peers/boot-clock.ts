import { readFileSync } from 'node:fs';
import { uptime } from 'node:os';

/**
 * Ms since this machine started, the time that it slept included: every process of it reads the same, and nobody can set it. Leases are
 * counted by it, so that a date that jumps or a policyd that starts again changes no lease.
 */
export function readBootClock(): number {
  return Math.round(uptime() * 1_000);
}

/** Names this start of the machine; empty where the system does not say. */
export const BOOT = readBoot();

function readBoot(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}
