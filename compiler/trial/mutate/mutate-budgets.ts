import type { Budget } from '../../../schema/policy-set.ts';
import { HARD_LIMIT_ACTIONS } from '../../../schema/vocabulary.ts';
import { changeAt, type Mutate } from './mutant.ts';

/** A team that nobody is in: YAML has no way to write the name. */
const NOBODY = '\u0000';

/** Budgets out of scope of everything; each part of a scope dropped; other actions at the limit. Limits themselves are not decisions. */
export const mutateBudgets: Mutate = (set, locate) =>
  set.budgets.flatMap((budget, row) => {
    const { name, scope, hardLimitAction } = budget;
    const changed = (words: string, path: readonly string[], change: Partial<Budget>) => ({
      what: `budget \`${name}\`: ${words}`,
      place: locate('budgets', name, ...path),
      set: { ...set, budgets: changeAt(set.budgets, row, change) },
    });
    const parts = (Object.keys(scope) as (keyof Budget['scope'])[]).filter((part) => scope[part] !== null);
    return [
      changed('removed', [], { scope: { ...scope, team: NOBODY } }),
      ...parts.map((part) => changed(`scope.${part} dropped`, ['scope', part], { scope: { ...scope, [part]: null } })),
      ...HARD_LIMIT_ACTIONS.filter((action) => action !== hardLimitAction).map((action) =>
        changed(`hard_limit_action ${hardLimitAction} as ${action}`, ['hard_limit_action'], { hardLimitAction: action }),
      ),
    ];
  });
