import type { PolicySet } from '../../schema/policy-set.ts';
import { ENDPOINTS, type Endpoint } from '../../schema/vocabulary.ts';
import { governanceOf } from '../analyze/governance.ts';
import { linksOf } from './invariants/reach.ts';

/** Requests that are rejected when one backend is down, and would be served were it not. */
export interface SingleFailure {
  readonly backend: string;
  readonly policy: string;
  readonly endpoint: Endpoint;
  /** Requested names. */
  readonly names: readonly string[];
  /** Categories in which it is so; null = in all. */
  readonly categories: readonly string[] | null;
}

/**
 * What hangs on a single backend: by policy and endpoint, for requests that ask for nothing special (no capability beside the endpoint's,
 * no class, tiers as strict as they are by default). What is rejected with everything up is another finding.
 */
export function findSingleFailures(set: PolicySet): SingleFailure[] {
  const { points, owners } = governanceOf(set);
  const taskClass = set.classes.length - 1;
  const only = new Map<
    string,
    { readonly backend: number; readonly policy: number; readonly endpoint: Endpoint; readonly names: Map<number, Set<number>> }
  >();
  const asked = new Map<string, Set<number>>();
  const seen = new Set<string>();
  for (const [name, byPoint] of owners.entries()) {
    for (const [at, policy] of byPoint.entries()) {
      const { caller, category, endpoint } = points[at];
      const key = `${name} ${policy} ${category} ${endpoint}`;
      if (seen.has(key)) continue;
      seen.add(key);
      const situation = { name, caller, endpoint: ENDPOINTS.indexOf(endpoint), category, policy };
      const links = linksOf(set, { situation, class: taskClass, needs: 0, flexible: false });
      const backends = new Set(links.flatMap(({ targets }) => targets.map((target) => set.targets[target].backend)));
      if (backends.size === 0) continue;
      const kind = `${name} ${policy} ${endpoint}`;
      asked.set(kind, (asked.get(kind) ?? new Set()).add(category));
      if (backends.size > 1) continue;
      const [backend] = backends;
      const group = `${backend} ${policy} ${endpoint}`;
      const entry = only.get(group) ?? { backend, policy, endpoint, names: new Map<number, Set<number>>() };
      only.set(group, entry);
      entry.names.set(name, (entry.names.get(name) ?? new Set()).add(category));
    }
  }
  return [...only.values()]
    .sort((a, b) => a.backend - b.backend || a.policy - b.policy || a.endpoint.localeCompare(b.endpoint))
    .flatMap((entry) => describe(set, entry, asked));
}

/** One entry for each set of categories: names for which it is all of them are told together. */
function describe(
  set: PolicySet,
  {
    backend,
    policy,
    endpoint,
    names,
  }: {
    readonly backend: number;
    readonly policy: number;
    readonly endpoint: Endpoint;
    readonly names: ReadonlyMap<number, ReadonlySet<number>>;
  },
  asked: ReadonlyMap<string, ReadonlySet<number>>,
): SingleFailure[] {
  const byCategories = new Map<string, SingleFailure & { readonly names: string[] }>();
  for (const [name, rows] of names) {
    const whole = rows.size === asked.get(`${name} ${policy} ${endpoint}`)!.size;
    const categories = whole ? null : [...rows].sort((a, b) => a - b).map((row) => set.categories[row].name);
    const key = String(categories);
    const entry = byCategories.get(key) ?? {
      backend: set.backends[backend].name,
      policy: set.policies[policy].name,
      endpoint,
      names: [],
      categories,
    };
    byCategories.set(key, entry);
    entry.names.push(set.names[name].name);
  }
  return [...byCategories.values()];
}
