import { hash } from 'node:crypto';
import type { LiveRouter } from '../router/live-router.ts';

/** Whose key `authorization` holds, whatever it may do; null where it holds none that the policy knows. For records of refusals. */
export function nameCaller(router: LiveRouter, authorization: string | undefined): string | null {
  const key = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
  const row = key === undefined ? undefined : router.callers.get(hash('sha256', key, 'hex'));
  return row === undefined ? null : router.manifest.callers[row].name;
}
