import { CAPABILITIES } from '../../schema/vocabulary.ts';
import type { Request } from '../intent/request.ts';
import type { LiveRouter } from '../router/live-router.ts';

const REASONING = 1 << CAPABILITIES.indexOf('reasoning');

export function wantsToThink({ body }: Request): boolean {
  return (body.required & REASONING) !== 0;
}

/** Has a candidate of this name the capability to reason? True for a name that is none of the policy's: that is somebody else's refusal. */
export function canThink({ manifest }: LiveRouter, model: string): boolean {
  const named = manifest.names.find(({ name }) => name === model);
  return named === undefined || named.targets.some((row) => manifest.targets[row].capabilities.includes('reasoning'));
}
