import type { AttemptFacts } from '../../../runtime/ledger/entry.ts';
import type { BudgetConfig } from '../../../schema/manifest.ts';

export const DOLLAR = 1_000_000_000;

/** A budget in dollars, for everybody, that blocks. */
export function makeBudget(name: string, dollars: number, changes: Partial<BudgetConfig> = {}): BudgetConfig {
  const scope = { category: null, class: null, key: null, team: null, backend: null, model: null };
  return {
    name,
    limit: Math.round(dollars * DOLLAR),
    period: 'month',
    soft_limit_percent: 75,
    hard_limit_action: 'block_all',
    scope,
    ...changes,
  };
}

export const FACTS: AttemptFacts = {
  backend: 'cloud',
  model: 'gpt-4o',
  category: 'FAST',
  class: null,
  caller: 'app',
  team: 'search',
  policy: 'f00d',
  prices: 'table 1',
  estimate: 50_000_000,
  estimatedInput: 100,
  estimatedOutput: 200,
};

export const USAGE = { input: 90, cacheRead: 10, cacheWrite5m: 0, cacheWrite1h: 0, output: 300, reasoning: 0 };
