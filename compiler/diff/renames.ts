import type { PolicySet } from '../../schema/policy-set.ts';
import type { Side } from './side.ts';

/** Old names that are gone, and the new ones under which the same thing stands there now. */
export interface Renames {
  readonly backends: ReadonlyMap<string, string>;
  /** `backend/model`. */
  readonly targets: ReadonlyMap<string, string>;
  readonly policies: ReadonlyMap<string, string>;
}

/**
 * What only changed its name: everything else about it is the same, and it is the only one of that kind on both sides. So a renamed
 * backend is not all of its traffic going elsewhere.
 */
export function findRenames(old: Side, now: Side): Renames {
  const backends = match(
    old.backends.map(({ name }) => [name, describeBackend(old, name)]),
    now.backends.map(({ name }) => [name, describeBackend(now, name)]),
  );
  const placed = (side: Side, renamed: boolean): [string, string][] =>
    side.targets.map(({ name, backend, model: _, ...rest }) => [
      name,
      JSON.stringify({ ...rest, backend: renamed ? (backends.get(backend) ?? backend) : backend }),
    ]);
  const moved = new Map(
    old.targets.flatMap(({ name, backend, model }) => (backends.has(backend) ? [[name, `${backends.get(backend)}/${model}`]] : [])),
  );
  const left = placed(old, true).filter(([name]) => !moved.has(name));
  const taken = new Set(moved.values());
  const targets = match(
    left,
    placed(now, false).filter(([name]) => !taken.has(name)),
  );
  const policies = old.set && now.set ? match(describePolicies(old.set), describePolicies(now.set)) : new Map<string, string>();
  return { backends, targets: new Map([...moved, ...targets]), policies };
}

/** Names that only the old side has, to names that only the new side has, where one description belongs to one name on either side. */
function match(old: readonly (readonly [string, string])[], now: readonly (readonly [string, string])[]): Map<string, string> {
  const kept = new Set(now.map(([name]) => name));
  const had = new Set(old.map(([name]) => name));
  const fresh = now.filter(([name]) => !had.has(name));
  const gone = old.filter(([name]) => !kept.has(name));
  const found = new Map<string, string>();
  for (const [name, description] of gone) {
    const twins = fresh.filter((entry) => entry[1] === description);
    if (twins.length === 1 && gone.filter((entry) => entry[1] === description).length === 1) found.set(name, twins[0][0]);
  }
  return found;
}

const describeBackend = (side: Side, name: string): string =>
  JSON.stringify([
    side.backends.find((backend) => backend.name === name)!.settings,
    side.targets.filter(({ backend }) => backend === name).map(({ name: _, backend: __, ...rest }) => rest),
    side.set?.backends.find((backend) => backend.name === name)?.priority ?? null,
  ]);

const describePolicies = (set: PolicySet): [string, string][] =>
  set.policies.map((policy) => {
    const { name, place: _, comment: __, ...rest } = policy;
    const category = policy.match.category?.map((row) => set.categories[row].name) ?? null;
    return [
      name,
      JSON.stringify({ ...rest, match: { ...policy.match, category }, sla: policy.sla === null ? null : set.slas[policy.sla].name }),
    ];
  });
