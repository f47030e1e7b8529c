import { BOOT, readBootClock } from './boot-clock.ts';

/** What renews a lease: when this machine said it. */
export function sayToken(): string {
  return `${BOOT}.${readBootClock()}`;
}

/** Ms of the boot clock at which a token was said; null = not in this start of the machine. */
export function readToken(token: string): number | null {
  const [boot, said] = token.split('.');
  return boot === BOOT && /^\d{1,15}$/.test(said ?? '') ? Number(said) : null;
}
