import type { Backend } from '../../../schema/policy-set.ts';
import { nameTarget } from '../rows-named.ts';
import { changeAt, type Mutate } from './mutant.ts';

const DEFAULT_PRIORITY = 50;

/**
 * Zones flipped, priorities dropped, tiers a step off. Prices, qualities, contexts and capabilities are facts about models and not
 * rules: they are left as they are.
 */
export const mutateTargets: Mutate = (set, locate) => [
  ...set.backends.flatMap((backend, row) => {
    const { name, zone, priority, type, cloud } = backend;
    const other = zone === 'restricted' ? 'open' : 'restricted';
    const changed = (words: string, key: string, change: Partial<Backend>) => ({
      what: `backend \`${name}\`: ${words}`,
      place: locate('backends', name, key),
      set: { ...set, backends: changeAt(set.backends, row, change) },
    });
    const flipped = changed(`zone ${zone} as ${other}`, 'zone', { zone: other, cloud: type === 'generic' ? other === 'open' : cloud });
    if (priority === DEFAULT_PRIORITY) return [flipped];
    return [flipped, changed(`priority ${priority} dropped`, 'priority', { priority: DEFAULT_PRIORITY })];
  }),
  ...set.targets.flatMap((target, row) => {
    const { tier, place } = target;
    const tiers = [tier - 1, tier + 1].filter((other) => other >= 1 && other <= 5);
    return tiers.map((other) => ({
      what: `target \`${nameTarget(set, row)}\`: tier ${tier} as ${other}`,
      place,
      set: { ...set, targets: changeAt(set.targets, row, { tier: other }) },
    }));
  }),
];
