import type { PolicySet } from '../../schema/policy-set.ts';

/** Rows of the targets that a name means: those of a backend, of a model, or one `backend/model`. Empty where it means none. */
export function rowsNamed(set: PolicySet, name: string): number[] {
  return set.targets.flatMap((target, row) => (namesOf(set, target.backend, target.model).includes(name) ? [row] : []));
}

/** Every name that `rowsNamed` knows. */
export function targetNames(set: PolicySet): string[] {
  return [...new Set(set.targets.flatMap((target) => namesOf(set, target.backend, target.model)))];
}

/** `backend/model` of a target. */
export function nameTarget(set: PolicySet, row: number): string {
  const { backend, model } = set.targets[row];
  return `${set.backends[backend].name}/${set.models[model].name}`;
}

function namesOf(set: PolicySet, backend: number, model: number): string[] {
  const [server, served] = [set.backends[backend].name, set.models[model].name];
  return [server, served, `${server}/${served}`];
}
