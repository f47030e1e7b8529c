import type { Place } from '../../schema/policy-set.ts';
import { merge, type SectionName } from '../parse/merge.ts';
import { parse } from '../parse/parse.ts';
import { keyAt } from '../parse/spot-at.ts';
import type { Source } from '../understand.ts';

/** Where something of a policy is written: the key at a path below a named entry, or the nearest thing around it. */
export type Locate = (section: SectionName, name: string, ...path: readonly (string | number)[]) => Place;

const START = { line: 1, column: 1 };

export function locateIn(sources: readonly Source[]): Locate {
  const { policy } = merge(parse(sources).files, new Set());
  return (section, name, ...path) => {
    const named = policy.sections[section].find((entry) => entry.name === name);
    if (named === undefined) return policy.opened.get(section)?.place ?? { file: sources[0]?.file ?? '', ...START };
    const spot = path.length === 0 ? named.spot : keyAt(named.tree, ...path);
    return spot === named.tree ? named.spot.place : spot.place;
  };
}
