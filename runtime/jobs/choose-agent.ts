import type { Offer } from './job-engine.ts';

/** What a choice depends on. */
export interface Choosable {
  readonly type: string;
  readonly preferredAgent: string | null;
  readonly failedAgents: readonly string[];
  readonly caller: string | null;
}

/**
 * Who takes a job: the preferred agent where it is among those that are free, else the one with the lowest average latency on its type,
 * else the first. Never one that failed at it, nor one that may not take its type or its caller's; null = none of them.
 */
export function chooseAgent<Free extends Offer>(job: Choosable, free: Iterable<Free>): Free | null {
  let best: Free | null = null;
  for (const offer of free) {
    if (offer.caller !== undefined && offer.caller !== job.caller) continue;
    if (!offer.types.includes(job.type) || job.failedAgents.includes(offer.agent)) continue;
    if (offer.agent === job.preferredAgent) return offer;
    if (best === null || (offer.latency[job.type] ?? Number.POSITIVE_INFINITY) < (best.latency[job.type] ?? Number.POSITIVE_INFINITY)) {
      best = offer;
    }
  }
  return best;
}
