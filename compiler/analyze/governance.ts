import type { Caller, Match, PolicySet } from '../../schema/policy-set.ts';
import { ENDPOINTS, type Endpoint } from '../../schema/vocabulary.ts';
import { matchNames } from './match-names.ts';

/** A kind of request apart from its name: what policies can tell apart. */
export interface Point {
  /** Row of a caller that stands for all whom no policy tells apart from it. */
  readonly caller: number;
  readonly category: number;
  readonly endpoint: Endpoint;
}

/** Which policy governs which requests: exact, because names, callers, categories and endpoints are closed sets. */
export interface Governance {
  readonly points: readonly Point[];
  /** By row of `names`, then by point: the row of the policy that governs it. Names that no policy tells apart share one array. */
  readonly owners: readonly Int32Array[];
  /** The same for who would govern it if that policy were not there; -1 where it is the implicit one, which stays. */
  readonly heirs: readonly Int32Array[];
  /** By policy row: rows of the names that its globs match. */
  readonly namesOf: readonly (readonly number[])[];
  /** By policy row: indexes of the points that its other conditions match. */
  readonly pointsOf: readonly (readonly number[])[];
}

const known = new WeakMap<PolicySet, Governance>();

/** Several rules ask; it is computed once for a set. */
export function governanceOf(set: PolicySet): Governance {
  const governance = known.get(set) ?? govern(set);
  known.set(set, governance);
  return governance;
}

function govern(set: PolicySet): Governance {
  const callers = distinctCallers(set);
  const points = callers.flatMap((caller) =>
    possibleCategories(set).flatMap((category) => ENDPOINTS.map((endpoint): Point => ({ caller, category, endpoint }))),
  );
  const namesOf = matchNames(set);
  const pointsOf = matchPoints(set, points);
  return { points, namesOf, pointsOf, ...assignOwners(set, points.length, namesOf, pointsOf) };
}

function assignOwners(
  set: PolicySet,
  points: number,
  namesOf: readonly (readonly number[])[],
  pointsOf: readonly (readonly number[])[],
): Pick<Governance, 'owners' | 'heirs'> {
  const policiesOf: number[][] = set.names.map(() => []);
  for (const [policy, names] of namesOf.entries()) for (const name of names) policiesOf[name].push(policy);
  const bySignature = new Map<string, { readonly owners: Int32Array; readonly heirs: Int32Array }>();
  const taken = policiesOf.map((policies) => {
    const signature = policies.join();
    const owned = bySignature.get(signature) ?? ownPoints(policies, points, pointsOf);
    bySignature.set(signature, owned);
    return owned;
  });
  return { owners: taken.map(({ owners }) => owners), heirs: taken.map(({ heirs }) => heirs) };
}

/** First come, first served; who comes second inherits. */
function ownPoints(
  policies: readonly number[],
  points: number,
  pointsOf: readonly (readonly number[])[],
): { readonly owners: Int32Array; readonly heirs: Int32Array } {
  const owners = new Int32Array(points).fill(-1);
  const heirs = new Int32Array(points).fill(-1);
  let free = 2 * points;
  for (const policy of policies) {
    if (free === 0) break;
    for (const point of pointsOf[policy]) {
      if (heirs[point] >= 0) continue;
      if (owners[point] < 0) owners[point] = policy;
      else heirs[point] = policy;
      free--;
    }
  }
  return { owners, heirs };
}

/** Every declared category can be asked for by name; the implicit one is left where no declared one takes everything. */
function possibleCategories({ categories }: PolicySet): number[] {
  const takesAll = categories.some(({ when, implicit }) => !implicit && when.score === null && when.inputTokens === null);
  return categories.flatMap(({ implicit }, row) => (implicit && takesAll ? [] : [row]));
}

/** One caller of each kind that the policies' conditions, the invariants' facts, or the budgets of a state that one speaks of, can tell apart. */
function distinctCallers({ policies, callers, invariants, budgets }: PolicySet): number[] {
  const conditions = [...new Map(policies.map(({ match }) => [callerCondition(match), match])).values()];
  const facts = invariants
    .flatMap(({ when, facts }) => [...when, ...facts])
    .flatMap((fact) => (fact.kind === 'rows' && fact.axis === 'caller' ? [new Set(fact.rows)] : []));
  const isOfState = invariants.some(({ given }) => given.down !== null || given.full !== null || given.budgets !== null);
  const scopes = isOfState ? budgets.map(({ scope }) => scope).filter(({ key, team }) => key !== null || team !== null) : [];
  const byVerdicts = new Map<string, number>();
  for (const [row, caller] of callers.entries()) {
    const holds = [
      ...conditions.map((match) => matchesCaller(match, caller)),
      ...facts.map((rows) => rows.has(row)),
      ...scopes.map(({ key, team }) => (key ?? row) === row && (team === null || team === caller.team)),
    ];
    const verdicts = holds.map(Number).join('');
    if (!byVerdicts.has(verdicts)) byVerdicts.set(verdicts, row);
  }
  return [...byVerdicts.values()];
}

function callerCondition({ key, team, label }: Match): string {
  return JSON.stringify([key, team, label]);
}

function matchesCaller({ key, team, label }: Match, caller: Caller): boolean {
  return (
    (key === null || (!caller.implicit && key.includes(caller.name))) &&
    (team === null || (caller.team !== null && team.includes(caller.team))) &&
    (label === null || Object.entries(label).every(([name, value]) => caller.labels[name] === value))
  );
}

function matchPoints(set: PolicySet, points: readonly Point[]): (readonly number[])[] {
  const byCondition = new Map<string, readonly number[]>();
  return set.policies.map(({ match }) => {
    const condition = `${callerCondition(match)} ${match.category} ${match.endpoint}`;
    const indexes = byCondition.get(condition) ?? points.flatMap((point, index) => (matchesPoint(set, match, point) ? [index] : []));
    byCondition.set(condition, indexes);
    return indexes;
  });
}

function matchesPoint(set: PolicySet, match: Match, { caller, category, endpoint }: Point): boolean {
  return (
    (match.category === null || match.category.includes(category)) &&
    (match.endpoint === null || match.endpoint.includes(endpoint)) &&
    matchesCaller(match, set.callers[caller])
  );
}
