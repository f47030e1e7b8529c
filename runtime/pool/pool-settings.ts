import type { Manifest, PoolConfig } from '../../schema/manifest.ts';
import { TASK_TYPES, type TaskType } from '../../schema/vocabulary.ts';

/** The pool that the runtime keeps, and the queue of its tasks. */
export const COORDINATION = 'coordination';

/** What holds where a policy has no such pool (requirement E1). */
const DEFAULTS: PoolConfig = {
  name: COORDINATION,
  size: 4,
  max_size: 16,
  queue_depth: 100,
  max_attempts: 3,
  assignment_sla: 500,
  types: {},
};

/** The constants of the pool in a policy. Artifacts of before there were pools have none. */
export function readPoolSettings(manifest: Pick<Manifest, 'pools'>): PoolConfig {
  return (manifest.pools as Manifest['pools'] | undefined)?.find(({ name }) => name === COORDINATION) ?? DEFAULTS;
}

/** The types that an agent of this name may take: the placement table of the policy, read once for each agent. */
export function findTypes({ types }: PoolConfig, name: string): readonly TaskType[] {
  return TASK_TYPES.filter((type) => types[type]?.some((source) => new RegExp(source).test(name)) ?? true);
}
