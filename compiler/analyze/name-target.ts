import type { PolicySet } from '../../schema/policy-set.ts';

/** `backend/model`, as people name a target. */
export function nameTarget(set: PolicySet, target: number): string {
  const { backend, model } = set.targets[target];
  return `${set.backends[backend].name}/${set.models[model].name}`;
}
