import { CODE } from '../../schema/decision.ts';
import type { Intent } from '../../schema/intent.ts';
import type { Live, RouterModule } from '../../schema/router.ts';

/** One target of a ladder: who is next when all before it are out. */
export interface Rung {
  /** Target row. */
  readonly target: number;
  readonly link: number;
  /** Index into `RELAXATIONS`. */
  readonly relaxed: number;
}

/**
 * Everybody who may serve a request, in the order in which they are asked as those before them fail: the decision, again and again,
 * without the targets that it gave already. Whatever is down or full, the decision is the first rung that is left, so equal ladders
 * mean equal decisions in all these states.
 */
export function climb(router: RouterModule, intent: Intent, live: Live, without: (target: number) => Int32Array): Rung[] {
  const rungs: Rung[] = [];
  // A set of targets is masks, the union of sets their OR: not made anew on every rung.
  const excluded = Int32Array.from(router.none);
  for (;;) {
    const code = router.decide(intent, live, excluded);
    if (code === CODE.REJECT) return rungs;
    const target = code & CODE.TARGET;
    rungs.push({ target, link: (code >> CODE.LINK_SHIFT) & CODE.LINK, relaxed: (code >> CODE.RELAXED_SHIFT) & CODE.RELAXED });
    const mask = without(target);
    for (let word = 0; word < excluded.length; word++) excluded[word] |= mask[word];
  }
}
