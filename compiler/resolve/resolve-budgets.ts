import type { Backend, Budget } from '../../schema/policy-set.ts';
import { spotAt } from '../parse/spot-at.ts';
import type { Desk, Register } from './desk.ts';
import type { Names } from './resolve-models.ts';
import { nano } from './units.ts';

export interface Scopes {
  readonly category: Register;
  readonly class: Register;
  readonly key: Register;
  readonly backend: Register;
  readonly model: Register;
}

export function resolveBudgets(scopes: Scopes, desk: Desk): readonly Budget[] {
  const budgets: Budget[] = [];
  for (const { name, entry, tree, spot, broken } of desk.sections.budgets) {
    if (broken) continue;
    let isWhole = true;
    const row = (kind: keyof Scopes): number | null => {
      const written = entry.scope?.[kind];
      if (written === undefined) return null;
      const found = scopes[kind].find(written, spotAt(tree, 'scope', kind), desk);
      if (found === null) isWhole = false;
      return found;
    };
    const scope = {
      category: row('category'),
      class: row('class'),
      key: row('key'),
      team: entry.scope?.team ?? null,
      backend: row('backend'),
      model: row('model'),
    };
    if (!isWhole) continue;
    budgets.push({
      name,
      scope,
      limit: nano(entry.limit_usd),
      period: entry.period ?? 'month',
      softLimitPercent: entry.soft_limit_percent ?? 75,
      hardLimitAction: entry.hard_limit_action ?? 'block_cloud',
      place: spot.place,
    });
  }
  return budgets;
}

/** A blocking budget stops spending by counting it: every cloud target that it can reach needs a price. */
export function checkPrices(backends: readonly Backend[], names: Names, budgets: readonly Budget[], desk: Desk): void {
  const blocking = budgets.filter((budget) => budget.hardLimitAction !== 'warn');
  for (const [row, target] of names.targets.entries()) {
    const backend = backends[target.backend];
    if (target.price.source !== 'unknown' || !backend.cloud) continue;
    const budget = blocking.find(({ scope }) => {
      if (scope.backend !== null && scope.backend !== target.backend) return false;
      return scope.model === null || names.models[scope.model].chain.some((model) => names.models[model].candidates.includes(row));
    });
    if (budget === undefined) continue;
    const { name } = names.models[target.model];
    desk.report(
      'unknown-price',
      { place: target.place, length: name.length },
      `the price of \`${name}\` at \`${backend.name}\` is not known, and budget \`${budget.name}\` blocks by cost`,
      'add `price: { input: …, output: … }` in USD per million tokens, or `price: free`',
      [{ message: `budget \`${budget.name}\` is defined here`, place: budget.place }],
    );
  }
}
