import type { Tree } from '../parse/tree.ts';
import type { Account } from './account.ts';
import type { BackendDraft, BudgetDraft } from './draft.ts';
import { readBudget } from './read-limits.ts';
import { mapAt, treeAt } from './tree-values.ts';

/** `provider_budget_config`: what may be spent at a provider. A budget counts one backend, so a provider of several has no equal. */
export function readProviderBudgets(root: Tree, backends: readonly BackendDraft[], account: Account): BudgetDraft[] {
  const at = ['router_settings', 'provider_budget_config'];
  return [...mapAt(root, ...at).keys()].flatMap((provider) => {
    const path = [...at, provider];
    const theirs = backends.filter((backend) => backend.provider === provider);
    if (theirs.length !== 1) {
      const [message, help] =
        theirs.length === 0
          ? [
              'a budget of a provider without a deployment that is carried over',
              'once it has a backend, write a budget with `scope: { backend }`',
            ]
          : [
              'a budget of a provider that became several backends',
              'write one budget for each with `scope: { backend }`, or one for all of them',
            ];
      account.leftOut(path, message, help);
      return [];
    }
    const hasOld = treeAt(root, ...path, 'budget_limit') === undefined;
    const keys = hasOld ? (['max_budget', 'budget_duration'] as const) : (['budget_limit', 'time_period'] as const);
    const budget = readBudget(root, path, keys, account);
    if (budget === null) return [];
    return [
      {
        ...budget,
        name: theirs[0].name,
        path: [...path, keys[0]],
        scope: { backend: theirs[0].name, model: null },
        action: 'block_all' as const,
      },
    ];
  });
}
