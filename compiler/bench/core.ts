import type { Intent } from '../../schema/intent.ts';
import type { Live } from '../../schema/router.ts';
import { CODE } from '../../schema/decision.ts';
import { plan } from '../plan/plan.ts';
import { seededRandom } from '../prove/states.ts';
import { decideByHand, type HandRequest } from './by-hand.ts';
import { drawRequests, drawSnapshot } from './draw-requests.ts';
import type { LoadedPolicy } from './load-policy.ts';
import { loop } from './loop.ts';
import type { Contestant } from './race.ts';

/** Different requests in a pool; a power of two. */
const POOL = 256;
const OPERATIONS = 16 * POOL;

/** A policy under load: intents of drawn requests, and live tables whose states change between the runs. */
export interface Scene extends LoadedPolicy {
  readonly live: Live;
  readonly intents: readonly Intent[];
}

export function makeScene(policy: LoadedPolicy, seed: number): Scene {
  const { set, router } = policy;
  const random = seededRandom(seed);
  const live = router.lay(router.rank(drawSnapshot(set, random)));
  const intents = drawRequests(set, POOL, random).map(({ body, hints, caller, tokens }) => {
    const intent = router.analyze(body, hints, caller, tokens);
    if (intent.problem !== 0) throw new Error(`a drawn request has problem ${intent.problem}`);
    return intent;
  });
  return { ...policy, live, intents };
}

/** One target changes its state, as it would between requests. */
export function disturb({ set, router, live }: Scene, round: number): void {
  const target = (round * 7919 + 13) % set.targets.length;
  router.mark(live, target, live.state[target] === 0 ? 1 : 0);
}

/** `route` alone, over intents that are made already. */
export function raceRoute(name: string, scene: Scene): Contestant {
  const { router, live, intents } = scene;
  const run = loop(`route(intents[i & ${POOL - 1}], live, none)`, { route: router.route, intents, live, none: router.none });
  let turn = 0;
  return { name, operations: OPERATIONS, prepare: () => disturb(scene, turn++), run: () => run(OPERATIONS) };
}

/** The hand-written lower bound on the same requests and tables. Throws where it disagrees with `route`, or the policy has other axes. */
export function raceByHand(name: string, scene: Scene): Contestant {
  const { set, router, live, intents } = scene;
  const { axes, words } = plan(set).data;
  const stride = axes.reduce((sum, { rows }) => sum + rows, 0);
  const named = AXES.every((axis) => axes.some((other) => other.axis === axis));
  const price = axes.find(({ content }) => content.kind === 'price');
  if (words !== 1 || !named || axes.length !== AXES.length + 1 || price?.rows !== 5)
    throw new Error('the policy does not have the axes that are written by hand');
  const requests = intents.map(({ at, flexible, input, output, costCap }): HandRequest => {
    const { model, capability, context, privacy, live, tier, quality, sla, relax, rank, cheap } = at as Record<string, number>;
    return {
      model,
      capability,
      context,
      privacy,
      live,
      tier,
      quality,
      sla,
      flexible: 0 - flexible,
      relax,
      rank,
      cheap,
      input,
      output,
      cap: costCap,
    } as HandRequest;
  });
  const { masks, permutation } = live;
  intents.forEach((intent, row) => {
    const code = router.route(intent, live, router.none);
    const own = decideByHand(requests[row]!, masks, router.none, permutation, stride, price.row);
    const strict = ((code >> CODE.RELAXED_SHIFT) & CODE.RELAXED) === 0;
    if (code >= 0 && strict && (code & CODE.TARGET) !== (own & CODE.TARGET)) throw new Error('the hand-written decision disagrees');
  });
  const scope = { decide: decideByHand, requests, masks, none: router.none, permutation };
  const run = loop(`decide(requests[i & ${POOL - 1}], masks, none, permutation, ${stride}, ${price.row})`, scope);
  let turn = 0;
  return { name, operations: OPERATIONS, prepare: () => disturb(scene, turn++), run: () => run(OPERATIONS) };
}

/** In the order of `decideByHand`. */
const AXES = ['model', 'capability', 'context', 'privacy', 'live', 'tier', 'quality', 'sla'] as const;
