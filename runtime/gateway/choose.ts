import { CODE } from '../../schema/decision.ts';
import type { Intent } from '../../schema/intent.ts';
import type { Live } from '../../schema/router.ts';
import type { LiveRouter } from '../router/live-router.ts';

/** A decision with the live tables that it was made on: its reason and its explanation need the same ones. */
export interface Choice {
  readonly code: number;
  readonly live: Live;
  readonly excluded: Int32Array;
}

/** Decides for an intent, without the targets that this request has already tried. */
export function choose(router: LiveRouter, intent: Intent, tried: readonly number[]): Choice {
  const { module } = router;
  const { live } = router.state;
  const excluded = tried.length === 0 ? module.none : module.exclude(live, tried);
  return { code: module.decide(intent, live, excluded), live, excluded };
}

/** The same for a question beside the request's own: deciding binds an intent to the link it chose, and this one is left as it was. */
export function peek(router: LiveRouter, intent: Intent, tried: readonly number[]): Choice {
  return choose(router, { ...intent, at: { ...intent.at } }, tried);
}

export function mustWait(code: number): boolean {
  return code !== CODE.REJECT && (code & (CODE.LOADING | CODE.FULL)) !== 0;
}
