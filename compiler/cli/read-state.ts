import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { PolicySet } from '../../schema/policy-set.ts';
import { type MetricsSnapshot, TARGET_STATE, type TargetMetrics, UNMEASURED } from '../../schema/snapshot.ts';
import { BUDGET_STATUSES } from '../../schema/vocabulary.ts';
import { didYouMean } from '../diagnostics/suggest.ts';
import { type Io, UsageError } from './command.ts';

const STATES = { down: TARGET_STATE.DOWN, full: TARGET_STATE.FULL, loading: TARGET_STATE.LOADING } as const;

/**
 * Reads a state file: `{"down": [names], "full": [names], "loading": [names], "budgets": {name: "SoftLimit"}, "metrics": {name: {…}}}`.
 * A name is a backend, a model, or `backend/model`; the members of a metric are those of `TargetMetrics`, absent ones at their prior.
 * Throws `UsageError` for whatever it does not know.
 */
export async function readState(path: string | null, set: PolicySet, io: Io): Promise<MetricsSnapshot> {
  const given = path === null ? {} : await readJson(path, io);
  const targets: { -readonly [K in keyof TargetMetrics]: TargetMetrics[K] }[] = set.targets.map(() => ({ ...UNMEASURED }));
  const budgets = set.budgets.map(() => 0);
  for (const [key, value] of Object.entries(given)) {
    if (key in STATES) {
      for (const name of listOf(value, key)) for (const row of rowsOf(set, name)) targets[row]!.state |= STATES[key as keyof typeof STATES];
    } else if (key === 'budgets') {
      for (const [name, status] of entriesOf(value, key)) budgets[budgetOf(set, name)] = statusOf(status);
    } else if (key === 'metrics') {
      for (const [name, metrics] of entriesOf(value, key)) {
        for (const row of rowsOf(set, name)) targets[row] = { ...targets[row]!, ...metricsOf(metrics, name), state: targets[row]!.state };
      }
    } else {
      throw new UsageError(
        `a state has no \`${key}\``,
        didYouMean(key, [...Object.keys(STATES), 'budgets', 'metrics'], 'see `policyc explain --help`'),
      );
    }
  }
  return { epoch: 1, targets, budgets };
}

function rowsOf(set: PolicySet, name: string): number[] {
  const names = set.targets.map((target) => [set.backends[target.backend]!.name, set.models[target.model]!.name] as const);
  const rows = names.flatMap(([backend, model], row) =>
    name === backend || name === model || name === `${backend}/${model}` ? [row] : [],
  );
  if (rows.length > 0) return rows;
  throw new UsageError(
    `no backend or model is named \`${name}\``,
    didYouMean(name, [...new Set(names.flat())], 'use a name of the policy, or `backend/model`'),
  );
}

function budgetOf(set: PolicySet, name: string): number {
  const row = set.budgets.findIndex((budget) => budget.name === name);
  if (row >= 0) return row;
  throw new UsageError(
    `no budget is named \`${name}\``,
    didYouMean(
      name,
      set.budgets.map((budget) => budget.name),
      'use a budget of the policy',
    ),
  );
}

function statusOf(status: unknown): number {
  const index = BUDGET_STATUSES.indexOf(status as never);
  if (index >= 0) return index;
  throw new UsageError(
    `\`${String(status)}\` is not a budget status`,
    didYouMean(String(status), BUDGET_STATUSES, `use one of ${BUDGET_STATUSES.join(', ')}`),
  );
}

function metricsOf(value: unknown, name: string): Partial<TargetMetrics> {
  const metrics = Object.fromEntries(entriesOf(value, name));
  for (const key of Object.keys(metrics)) {
    if (key === 'state' || !(key in UNMEASURED)) {
      throw new UsageError(
        `metrics of \`${name}\` have no \`${key}\``,
        didYouMean(key, Object.keys(UNMEASURED), 'see `policyc explain --help`'),
      );
    }
  }
  const ttft = metrics.ttft_ms === undefined ? {} : { ttft_ms: { ...UNMEASURED.ttft_ms, ...(metrics.ttft_ms as object) } };
  return { ...(metrics as Partial<TargetMetrics>), ...ttft };
}

function listOf(value: unknown, key: string): string[] {
  if (Array.isArray(value) && value.every((name) => typeof name === 'string')) return value;
  throw new UsageError(`\`${key}\` of a state is not a list of names`, `write \`"${key}": ["name"]\``);
}

function entriesOf(value: unknown, key: string): [string, unknown][] {
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) return Object.entries(value);
  throw new UsageError(`\`${key}\` of a state is not an object`, `write \`"${key}": {"name": …}\``);
}

async function readJson(path: string, io: Io): Promise<object> {
  const text = await readFile(resolve(io.cwd, path), 'utf8').catch(() => {
    throw new UsageError(`cannot read \`${path}\``, 'name a file with a state as JSON');
  });
  try {
    return Object.fromEntries(entriesOf(JSON.parse(text), path));
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    throw new UsageError(`\`${path}\` is not JSON: ${(cause as Error).message}`, 'write a state as JSON, see `policyc explain --help`');
  }
}
