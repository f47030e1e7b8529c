import { hash } from 'node:crypto';
import { countTokens } from '../../../intent/token-count.ts';
import { CountMemory } from '../../../intent/count-memory.ts';
import { readRequestBody } from '../../../intent/request-body.ts';
import type { LiveRouter } from '../../../router/live-router.ts';
import type { PolicyCell } from '../../../router/policy-cell.ts';

const HINTS = { strict: false, flexible: false, category: null, class: null } as const;

/**
 * Whether a request for embeddings, sent now, can reach backends of zone `restricted` only, whatever happens: either no other backend makes
 * embeddings at all, or the policy says that this very request is restricted. Of the router that serves, and of a canary beside it.
 */
export function staysInside(cell: PolicyCell, body: Buffer, key: string | null): boolean {
  return [cell.active, cell.canary].every((router) => router === null || staysInsideOf(router, body, key));
}

function staysInsideOf(router: LiveRouter, body: Buffer, key: string | null): boolean {
  const { manifest, module } = router;
  const able = manifest.targets.filter(({ capabilities }) => capabilities.includes('embeddings'));
  if (able.every(({ backend }) => manifest.backends[backend].zone === 'restricted')) return true;
  const caller = manifest.callers.length === 0 ? 0 : key === null ? undefined : router.callers.get(hash('sha256', key, 'hex'));
  // Nobody's request is refused at the door.
  if (caller === undefined) return true;
  const asked = readRequestBody('embeddings', body);
  const tokens = countTokens(asked, new CountMemory());
  const intent = module.analyze(asked.body, HINTS, caller, tokens);
  if (intent.problem !== 0) return true;
  return module.explain(intent, router.state.live, module.none, '').intent.privacy_constraint === 'restricted';
}
