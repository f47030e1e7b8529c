import picomatch from 'picomatch';
import type { PolicySet } from '../../schema/policy-set.ts';
import type { Endpoint } from '../../schema/vocabulary.ts';

/** The meaning of a model glob: `*` stops at `/`, leading dots are nothing special. */
const GLOB_MEANING = { dot: true, strictSlashes: true };

export interface Coordinates {
  /** Row of `names`. */
  readonly name: number;
  /** Row of `callers`. */
  readonly caller: number;
  /** Row of `categories`. */
  readonly category: number;
  readonly endpoint: Endpoint;
}

/** The first policy, in declared order, all of whose given conditions hold. There is always one: the last matches everything. */
export function findPolicy(set: PolicySet, { name, caller, category, endpoint }: Coordinates): number {
  const { name: key, implicit, team, labels } = set.callers[caller];
  const row = policiesOfName(set, name).find((policy) => {
    const { match } = set.policies[policy];
    return (
      (match.key === null || (!implicit && match.key.includes(key))) &&
      (match.team === null || (team !== null && match.team.includes(team))) &&
      (match.label === null || Object.entries(match.label).every(([label, value]) => labels[label] === value)) &&
      (match.category === null || match.category.includes(category)) &&
      (match.endpoint === null || match.endpoint.includes(endpoint))
    );
  });
  if (row === undefined) throw new Error('invariant: the last policy matches everything');
  return row;
}

/** Rows of the policies whose model globs match the name or any of its hops, kept per set because globs are dear: at most names × policies. */
const matched = new WeakMap<PolicySet, Map<number, readonly number[]>>();
const matchers = new WeakMap<PolicySet, readonly ((name: string) => boolean)[]>();

function policiesOfName(set: PolicySet, name: number): readonly number[] {
  const byName = matched.get(set) ?? new Map<number, readonly number[]>();
  matched.set(set, byName);
  const known = byName.get(name);
  if (known !== undefined) return known;
  const { hops } = set.names[name];
  const rows = matchersOf(set).flatMap((matches, row) => (hops.some(matches) ? [row] : []));
  byName.set(name, rows);
  return rows;
}

function matchersOf(set: PolicySet): readonly ((name: string) => boolean)[] {
  const known = matchers.get(set);
  if (known !== undefined) return known;
  const made = set.policies.map(({ match }) => {
    if (match.model === null) return () => true;
    const globs = match.model.map((glob) => picomatch(glob, GLOB_MEANING));
    return (name: string) => globs.some((matches) => matches(name));
  });
  matchers.set(set, made);
  return made;
}
