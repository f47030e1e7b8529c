import type { PolicySet } from '../../schema/policy-set.ts';
import type { RouterData } from '../emit/kernel/data.ts';
import { matches } from '../resolve/glob.ts';
import { packRows } from './pack-rows.ts';

/**
 * The names are a closed set, so globs are matched here and never on a request: every name gets the policies whose globs match it or
 * one of its hops, in order, up to the first that asks for nothing else.
 */
export function planNames(set: PolicySet): Pick<RouterData, 'names' | 'lists'> {
  const verdicts = new Map<string, boolean>();
  const globMatches = (glob: string, name: string): boolean => {
    const key = `${glob}\0${name}`;
    const known = verdicts.get(key);
    if (known !== undefined) return known;
    const verdict = matches(glob, name);
    verdicts.set(key, verdict);
    return verdict;
  };
  const lists = packRows<readonly number[]>((rows) => rows.join(' '));
  const names = set.names.map(({ name, model, hops }) => {
    const rows: number[] = [];
    for (let row = 0; row < set.policies.length; row++) {
      const { match } = set.policies[row]!;
      if (match.model !== null && !match.model.some((glob) => hops.some((hop) => globMatches(glob, hop)))) continue;
      rows.push(row);
      if (match.key === null && match.team === null && match.label === null && match.category === null && match.endpoint === null) break;
    }
    return { name, model, hops, list: lists.add(rows) };
  });
  return { names, lists: lists.rows };
}
