import type { FastifyRequest } from 'fastify';

/** Who changed the policy, for the audit trail: the name of the key, or that none was needed. */
export function describeAuthor({ router, caller }: FastifyRequest): string {
  return `key ${router.manifest.callers[caller]?.name ?? 'none'}`;
}
