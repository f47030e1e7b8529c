import type { FastifyRequest } from 'fastify';
import type { Viewer } from '../auth/viewer.ts';

/** Name of the key that a request came with; null = nobody needs one. */
export function nameCaller({ router, caller }: FastifyRequest): string | null {
  return router.manifest.callers[caller]?.name ?? null;
}

/** Whose workloads and tasks a request may see: the caller's own; with the scope `admin`, or where nobody needs a key, all. */
export function viewerOf({ router, caller }: FastifyRequest): Viewer {
  const config = router.manifest.callers[caller];
  return config === undefined ? { caller: null, all: true } : { caller: config.name, all: config.scopes.includes('admin') };
}
