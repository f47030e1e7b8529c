import type { PolicySet } from '../../../schema/policy-set.ts';
import { ENDPOINTS } from '../../../schema/vocabulary.ts';
import { governanceOf } from '../../analyze/governance.ts';
import type { Clause } from './clause.ts';

/** Requests that nothing tells apart but class, capabilities and tokens; `name` and `caller` stand for all of them. */
export interface Situation {
  readonly name: number;
  readonly caller: number;
  /** Index into `ENDPOINTS`. */
  readonly endpoint: number;
  readonly category: number;
  readonly policy: number;
}

export interface Situations {
  readonly list: readonly Situation[];
  /** Names × callers × categories × endpoints that they stand for. */
  readonly points: number;
}

/** Clauses that speak of the same requests share them; so many are kept for a set. */
const MOST_KEPT = 64;
const kept = new WeakMap<PolicySet, Map<string, Situations>>();

export function situationsOf(set: PolicySet, clause: Clause): Situations {
  const { policy, caller, category, endpoint, name } = clause.rows;
  const isOfState = clause.given.down !== null || clause.given.full !== null || clause.given.budgets !== null;
  const key = [isOfState, ...[policy, caller, category, endpoint, name].map((rows) => rows?.join('') ?? '')].join();
  const memo = kept.get(set) ?? new Map<string, Situations>();
  kept.set(set, memo);
  const known = memo.get(key);
  if (known !== undefined) return known;
  if (memo.size >= MOST_KEPT) memo.clear();
  const found = findSituations(set, clause, isOfState);
  memo.set(key, found);
  return found;
}

/**
 * Which requests a clause speaks of, by who governs them: exact, because names, callers, categories and endpoints are closed sets. Of
 * those that differ in name, caller and policy, but not in model, in what the policy demands or in who pays, one stands for all.
 */
function findSituations(set: PolicySet, { rows }: Clause, isOfState: boolean): Situations {
  const { points, owners } = governanceOf(set);
  const demands = demandsOf(set);
  const payers = isOfState ? payersOf(set) : set.callers.map(() => 0);
  const most = { demand: set.policies.length, payer: set.callers.length };
  const { policy: policies, caller: callers, category: categories, endpoint: endpoints, name: names } = rows;
  const wanted = [...points.keys()].filter((at) => {
    const { caller, category, endpoint } = points[at];
    return (
      (callers === null || callers[caller] === 1) &&
      (categories === null || categories[category] === 1) &&
      (endpoints === null || endpoints[ENDPOINTS.indexOf(endpoint)] === 1)
    );
  });
  const found = new Map<number, Situation>();
  let count = 0;
  for (const [name, byPoint] of owners.entries()) {
    if (names !== null && names[name] !== 1) continue;
    const { model } = set.names[name];
    for (const at of wanted) {
      const policy = byPoint[at];
      if (policies !== null && policies[policy] !== 1) continue;
      count++;
      const { caller, category, endpoint } = points[at];
      const row = ENDPOINTS.indexOf(endpoint);
      const place = (model * set.categories.length + category) * ENDPOINTS.length + row;
      const key = (place * most.demand + demands[policy]) * most.payer + payers[caller];
      if (!found.has(key)) found.set(key, { name, caller, endpoint: row, category, policy });
    }
  }
  return { list: [...found.values()], points: count };
}

/** By policy row: the number of what it demands, whoever it is for. */
const demandsOf = (set: PolicySet): number[] =>
  number(
    set.policies.map(({ privacy, minTier, maxCost, fallbackAllowed, sla, maxErrorRate, minSuccessRate, maxTtft }) =>
      [privacy, minTier, maxCost, fallbackAllowed, sla, maxErrorRate, minSuccessRate, maxTtft].join(),
    ),
  );

/** By caller row: the number of the budgets that its key and team pay from. */
const payersOf = (set: PolicySet): number[] =>
  number(
    set.callers.map(({ team }, caller) =>
      set.budgets.map(({ scope }) => Number((scope.key ?? caller) === caller && (scope.team === null || scope.team === team))).join(''),
    ),
  );

/** Equal texts get equal numbers, from 0. */
function number(texts: readonly string[]): number[] {
  const numbers = new Map<string, number>();
  return texts.map((text) => {
    if (!numbers.has(text)) numbers.set(text, numbers.size);
    return numbers.get(text)!;
  });
}
