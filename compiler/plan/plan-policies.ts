import type { PolicySet, TrafficPolicy } from '../../schema/policy-set.ts';
import { ENDPOINTS } from '../../schema/vocabulary.ts';
import type { RouterData } from '../emit/kernel/data.ts';
import { packRows } from './pack-rows.ts';

/** Policies as rows; who they match, as sets of rows. */
export function planPolicies(set: PolicySet): Pick<RouterData, 'sets' | 'policies'> {
  const sets = packRows<readonly number[]>((rows) => rows.join(' '));
  const policies = set.policies.map((policy) => {
    const { match } = policy;
    return {
      name: policy.name,
      place: policy.implicit ? '' : `${policy.place.file}:${policy.place.line}:${policy.place.column}`,
      privacy: policy.privacy,
      minTier: policy.minTier,
      maxCost: policy.maxCost ?? Number.POSITIVE_INFINITY,
      fallback: policy.fallbackAllowed,
      sla: policy.sla === null ? null : set.slas[policy.sla]!.name,
      callers: match.key === null && match.team === null && match.label === null ? -1 : sets.add(callersOf(set, policy)),
      categories: match.category === null ? -1 : sets.add(match.category),
      endpoints:
        match.endpoint === null
          ? (1 << ENDPOINTS.length) - 1
          : match.endpoint.reduce((bits, name) => bits | (1 << ENDPOINTS.indexOf(name)), 0),
    };
  });
  return { sets: sets.rows, policies };
}

const callersOf = (set: PolicySet, { match }: TrafficPolicy): number[] =>
  set.callers.flatMap((caller, row) =>
    (match.key === null || (!caller.implicit && match.key.includes(caller.name))) &&
    (match.team === null || (caller.team !== null && match.team.includes(caller.team))) &&
    (match.label === null || Object.entries(match.label).every(([label, value]) => caller.labels[label] === value))
      ? [row]
      : [],
  );
