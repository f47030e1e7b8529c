import type { Account } from './account.ts';
import type { BackendDraft, BudgetDraft, Deployment } from './draft.ts';

/** Deployments into backends: those that say the same of their server share one, unless they serve two things under one name. */
export function placeDeployments(
  deployments: readonly Deployment[],
  account: Account,
): { readonly backends: readonly BackendDraft[]; readonly budgets: readonly BudgetDraft[] } {
  const backends: BackendDraft[] = [];
  const groups = new Map<string, BackendDraft[]>();
  const names = new Set<string>();
  const budgets: BudgetDraft[] = [];
  for (const { path, name, provider, server, model, budget } of deployments) {
    // A limit of requests at once is the deployment's own, so it shares its backend with nobody.
    const group = JSON.stringify([{ ...server, name: null }, server.maxInFlight === null ? null : path]);
    const alike = groups.get(group) ?? [];
    const same = alike.find(({ models }) => JSON.stringify(models.get(name)) === JSON.stringify(model));
    let home = same ?? alike.find(({ models }) => !models.has(name));
    if (same !== undefined) {
      account.changed([...path, 'model_name'], 'the same deployment stands in the file twice, and became one', 'nothing to do');
    } else if (home === undefined) {
      home = { name: freeName(server.name, names), server, provider, models: new Map() };
      backends.push(home);
      groups.set(group, [...alike, home]);
    }
    home!.models.set(name, model);
    if (budget !== null) budgets.push({ ...budget, scope: { backend: home!.name, model: name } });
  }
  return { backends, budgets };
}

/** The name, with a number where it is taken. */
export function freeName(wanted: string, taken: Set<string>): string {
  let name = wanted;
  for (let next = 2; taken.has(name); next++) name = `${wanted}-${next}`;
  taken.add(name);
  return name;
}
