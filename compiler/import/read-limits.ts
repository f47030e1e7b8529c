import type { Tree } from '../parse/tree.ts';
import type { Account } from './account.ts';
import type { BudgetDraft } from './draft.ts';
import type { KeyPath } from './key-path.ts';
import { numberAt, textAt, treeAt } from './tree-values.ts';

const LONGEST_SECONDS = 24 * 3600;
const LEAST_USD = 0.000_001;
const MOST_USD = 9_000_000;

/** A timeout in seconds as a duration of the language; null, told, where it is none. `what`: where it goes. */
export function readTimeout(root: Tree, path: KeyPath, what: string, account: Account): string | null {
  if (treeAt(root, ...path) === undefined) return null;
  const seconds = numberAt(root, ...path);
  if (seconds === null || seconds < 0.001) {
    account.leftOut(path, 'not a timeout in seconds', `write \`timeouts: { ${what}: 5m }\` of the backend by hand`);
    return null;
  }
  if (seconds > LONGEST_SECONDS) {
    account.changed(
      path,
      `a timeout of more than a day became \`${what}: 24h\`, the longest there is`,
      'write a shorter one if that is too long',
    );
    return '24h';
  }
  account.carried(path, `\`timeouts.${what}\` of the backend`);
  return Number.isInteger(seconds) ? `${seconds}s` : `${Math.round(seconds * 1000)}ms`;
}

/** LiteLLM's durations that have a period here; `exact`: whether it is the same one. */
const PERIODS: Readonly<Record<string, { readonly period: BudgetDraft['period']; readonly exact: boolean }>> = {
  '1h': { period: 'hour', exact: true },
  '60m': { period: 'hour', exact: true },
  '3600s': { period: 'hour', exact: true },
  hourly: { period: 'hour', exact: true },
  '1d': { period: 'day', exact: true },
  '24h': { period: 'day', exact: true },
  '86400s': { period: 'day', exact: true },
  daily: { period: 'day', exact: true },
  '1mo': { period: 'month', exact: true },
  monthly: { period: 'month', exact: true },
  '30d': { period: 'month', exact: false },
  '31d': { period: 'month', exact: false },
};

/** A limit in USD and its duration, at two keys of one map; null, told, where there is no equal. */
export function readBudget(
  root: Tree,
  at: KeyPath,
  [limitKey, durationKey]: readonly [string, string],
  account: Account,
): Pick<BudgetDraft, 'limitUsd' | 'period'> | null {
  const limitPath = [...at, limitKey];
  const durationPath = [...at, durationKey];
  const hasDuration = treeAt(root, ...durationPath) !== undefined;
  if (treeAt(root, ...limitPath) === undefined) {
    if (hasDuration) account.leftOut(durationPath, 'a duration without a budget', 'nothing to do: it limited nothing');
    return null;
  }
  const limit = numberAt(root, ...limitPath);
  const byHand = 'write it by hand, see `docs/budgets.md`';
  if (limit === null || limit < LEAST_USD || limit > MOST_USD) {
    account.leftOut(limitPath, 'not an amount of USD from a millionth to 9 million', byHand);
    if (hasDuration) account.leftOut(durationPath, 'the duration of a budget that is left out', byHand);
    return null;
  }
  if (!hasDuration) {
    account.changed(
      limitPath,
      'a budget that never began again is one of a month',
      'periods are `hour`, `day` and `month`: look whether a month is what you want',
    );
    return { limitUsd: limit, period: 'month' };
  }
  const found = PERIODS[textAt(root, ...durationPath) ?? ''];
  if (found === undefined) {
    account.leftOut(limitPath, 'a budget over a duration that has no equal', `periods are \`hour\`, \`day\` and \`month\`: ${byHand}`);
    account.leftOut(durationPath, 'the duration of a budget that is left out', byHand);
    return null;
  }
  account.carried(limitPath, '`limit_usd` of a budget');
  if (found.exact) account.carried(durationPath, '`period` of a budget');
  else
    account.changed(
      durationPath,
      'a budget of days became one of a calendar month, by UTC',
      'nothing to do, unless the day on which it begins again matters',
    );
  return { limitUsd: limit, period: found.period };
}
