import { CAPABILITIES, ENDPOINTS, type Endpoint } from '../../schema/vocabulary.ts';
import type { Renames } from './renames.ts';
import type { Side } from './side.ts';

/** A caller as both sides know it. */
export interface JointCaller {
  /** Name of its key on the new side; null = without a key. */
  readonly key: string | null;
  readonly old: number;
  readonly now: number;
}

/** A target that either side has, by the name that it has now. */
export interface JointTarget {
  readonly name: string;
  /** Rows, -1 where it is not there. */
  readonly old: number;
  readonly now: number;
}

/** The values that requests can have and that either side may tell apart: what both answer at all. */
export interface Joint {
  readonly targets: readonly JointTarget[];
  /** By target row: row of `targets`. */
  readonly oldTargets: Int32Array;
  readonly nowTargets: Int32Array;
  readonly names: readonly string[];
  readonly callers: readonly JointCaller[];
  readonly endpoints: readonly Endpoint[];
  readonly categories: readonly (string | null)[];
  readonly classes: readonly (string | null)[];
  /** Capability sets, without the endpoint's own bit and that of tools, which goes with tools that are declared. */
  readonly required: readonly number[];
  readonly flexible: readonly boolean[];
}

export function join(old: Side, now: Side, renames: Renames): Joint {
  const targets = joinTargets(old, now, renames);
  const common = (mine: readonly string[], theirs: readonly string[]): string[] => theirs.filter((name) => mine.includes(name));
  const known = new Set(old.names);
  return {
    targets,
    oldTargets: rowsOf(targets, 'old', old.targets.length),
    nowTargets: rowsOf(targets, 'now', now.targets.length),
    names: now.names.filter((name) => known.has(name)),
    callers: joinCallers(old, now),
    endpoints: ENDPOINTS,
    categories: [null, ...common(old.categories, now.categories)],
    classes: [null, ...common(old.classes, now.classes)],
    required: capabilityClasses([...old.targets, ...now.targets]),
    flexible: isFlexible(old) || isFlexible(now) ? [false, true] : [false],
  };
}

function joinTargets(old: Side, now: Side, renames: Renames): JointTarget[] {
  const rows = new Map(old.targets.map(({ name }, row) => [renames.targets.get(name) ?? name, row]));
  const shared = now.targets.map(({ name }, row) => ({ name, old: rows.get(name) ?? -1, now: row }));
  const kept = new Set(now.targets.map(({ name }) => name));
  return [...shared, ...[...rows].filter(([name]) => !kept.has(name)).map(([name, row]) => ({ name, old: row, now: -1 }))];
}

function rowsOf(targets: readonly JointTarget[], side: 'old' | 'now', count: number): Int32Array {
  const rows = new Int32Array(count);
  targets.forEach((target, row) => {
    if (target[side] >= 0) rows[target[side]] = row;
  });
  return rows;
}

/**
 * A caller is a key, and a key its hash; the same name with another hash is a key that was changed. Where one side has no keys, everybody
 * was, or is, its one caller.
 */
function joinCallers(old: Side, now: Side): JointCaller[] {
  const keyless = { old: old.callers.length, now: now.callers.length };
  if (old.callers.length === 0 && now.callers.length === 0) return [{ key: null, ...keyless }];
  if (old.callers.length === 0) return now.callers.map(({ name }, row) => ({ key: name, old: keyless.old, now: row }));
  if (now.callers.length === 0) return old.callers.map((_, row) => ({ key: null, old: row, now: keyless.now }));
  const byHash = new Map(old.callers.map(({ sha256 }, row) => [sha256, row]));
  const byName = new Map(old.callers.map(({ name }, row) => [name, row]));
  return now.callers.flatMap(({ name, sha256 }, row) => {
    const before = byHash.get(sha256) ?? byName.get(name);
    return before === undefined ? [] : [{ key: name, old: before, now: row }];
  });
}

/** One capability set for every group of targets that have it. */
function capabilityClasses(targets: readonly { readonly capabilities: number }[]): number[] {
  const own = (['chat', 'embeddings', 'tools'] as const).reduce((bits, name) => bits | (1 << CAPABILITIES.indexOf(name)), 0);
  const seen = new Map<string, number>();
  for (let required = 0; required < 1 << CAPABILITIES.length; required++) {
    if (required & own) continue;
    const key = targets.map(({ capabilities }) => Number((capabilities & required) === required)).join('');
    if (!seen.has(key)) seen.set(key, required);
  }
  return [...seen.values()];
}

const isFlexible = ({ set }: Side): boolean =>
  set === null || set.policies.some(({ minTier, fallbackAllowed }) => minTier > 1 && fallbackAllowed);
