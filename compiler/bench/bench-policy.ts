import { seededRandom } from '../prove/states.ts';
import { makeScene, raceRoute } from './core.ts';
import { countBytes } from './count-bytes.ts';
import { drawRequests } from './draw-requests.ts';
import type { LoadedPolicy } from './load-policy.ts';
import { loop } from './loop.ts';
import { race } from './race.ts';

/** How long decisions of a policy take. Nanoseconds and bytes are those of one decision. */
export interface PolicyFigures {
  readonly targets: number;
  readonly policies: number;
  readonly names: number;
  readonly statements: number;
  /** `analyze` and `decide`, from a body's facts to a target. */
  readonly decision: { readonly nanoseconds: number; readonly bytes: number };
  /** `route` alone. */
  readonly route: { readonly nanoseconds: number; readonly bytes: number };
  /** Decisions timed one by one, in nanoseconds, each with the cost of two timestamps; `over` of them took longer than the budget. */
  readonly single: { readonly p50: number; readonly p99: number; readonly max: number; readonly over: number; readonly timed: number };
}

/** Nanoseconds that a decision may take. */
export const BUDGET = 1_000_000;

const REQUESTS = 1024;
const TIMED = 100_000;
const COUNTED = 1_000_000;

export async function benchPolicy(policy: LoadedPolicy, rounds: number): Promise<PolicyFigures> {
  const { set, router, statements } = policy;
  const scene = makeScene(policy, 1);
  const { live } = scene;
  const requests = drawRequests(set, REQUESTS, seededRandom(2));
  const { analyze, decide, route, none } = router;
  const decideAll = loop(
    `(request = requests[i & ${REQUESTS - 1}], decide(analyze(request.body, request.hints, request.caller, request.tokens), live, none))`,
    { request: null, requests, analyze, decide, live, none },
  );
  const [whole, alone] = await race(
    [{ name: 'decision', operations: REQUESTS, run: () => decideAll(REQUESTS) }, raceRoute('route', scene)],
    { rounds, slice: 20 },
  );
  const routeAll = loop(`route(intents[i & ${scene.intents.length - 1}], live, none)`, { route, intents: scene.intents, live, none });
  return {
    targets: set.targets.length,
    policies: set.policies.length - 1,
    names: set.names.length,
    statements,
    decision: { nanoseconds: whole!.nanoseconds, bytes: Math.round(countBytes(() => decideAll(REQUESTS * 8)) / (REQUESTS * 8)) },
    route: { nanoseconds: alone!.nanoseconds, bytes: Math.round(countBytes(() => routeAll(COUNTED)) / COUNTED) },
    single: timeSingly(requests, (request) => decide(analyze(request.body, request.hints, request.caller, request.tokens), live, none)),
  };
}

function timeSingly<Request>(requests: readonly Request[], decide: (request: Request) => number): PolicyFigures['single'] {
  const times = new Float64Array(TIMED);
  let sum = 0;
  for (let i = 0; i < TIMED; i++) {
    const request = requests[i % requests.length]!;
    const start = performance.now();
    sum += decide(request);
    times[i] = (performance.now() - start) * 1e6;
  }
  if (Number.isNaN(sum)) throw new Error('a decision returned no number');
  times.sort();
  const at = (share: number): number => times[Math.min(TIMED - 1, Math.floor(TIMED * share))]!;
  return { p50: at(0.5), p99: at(0.99), max: times[TIMED - 1]!, over: times.filter((time) => time > BUDGET).length, timed: TIMED };
}
