import type { Manifest } from '../../../schema/manifest.ts';

/** Whose documents somebody writes, and whether it sees those of all. */
export interface Access {
  readonly owner: string;
  readonly all: boolean;
}

/** Documents belong to the caller's team; to the caller alone where it has none; to nobody in particular where the policy has no keys. */
export function accessOf({ callers }: Manifest, row: number): Access {
  const caller = callers[row];
  if (caller === undefined) return { owner: '', all: callers.length === 0 };
  return { owner: caller.team === null ? `key ${caller.name}` : `team ${caller.team}`, all: caller.scopes.includes('admin') };
}

/** The same by a caller's name, for what is done in its name later on. A caller that the policy no longer has owns nothing. */
export function accessOfName(manifest: Manifest, name: string | null): Access {
  const row = manifest.callers.findIndex((caller) => caller.name === name);
  if (row >= 0) return { ...accessOf(manifest, row), all: false };
  return { owner: name === null ? '' : `key ${name}`, all: manifest.callers.length === 0 };
}
