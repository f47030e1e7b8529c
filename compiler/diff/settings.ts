import type { Rate } from '../../schema/policy-set.ts';
import type { HardLimitAction } from '../../schema/vocabulary.ts';
import type { Direction } from './effects.ts';
import type { Renames } from './renames.ts';
import type { Side, SideLimit } from './side.ts';
import { compareWorkloads } from './workload-settings.ts';

/** Something that decisions do not depend on, and requests do: where a backend is, how long it is waited for, how much a budget holds. */
export interface SettingChange {
  readonly what: string;
  /** As the policy language says it; null = not there. */
  readonly from: string | null;
  readonly to: string | null;
  readonly direction: Direction;
}

export function compareSettings(old: Side, now: Side, renames: Renames): SettingChange[] {
  const changes: SettingChange[] = [];
  const add = (what: string, from: unknown, to: unknown, direction: Direction = 'moves'): void => {
    if (JSON.stringify(from) !== JSON.stringify(to)) changes.push({ what, from: tell(from), to: tell(to), direction });
  };
  for (const backend of now.backends) {
    const before = old.backends.find(({ name }) => (renames.backends.get(name) ?? name) === backend.name);
    if (!before) continue;
    for (const [key, value] of Object.entries(backend.settings)) add(`backend \`${backend.name}\`: ${key}`, before.settings[key], value);
  }
  for (const caller of now.callers) {
    const before = old.callers.find(({ sha256 }) => sha256 === caller.sha256);
    if (!before) continue;
    const gained = caller.scopes.some((scope) => !before.scopes.includes(scope));
    add(`key \`${caller.name}\`: scopes`, before.scopes, caller.scopes, gained ? 'loosens' : 'tightens');
    add(`key \`${caller.name}\`: team`, before.team, caller.team);
    for (const kind of ['requests', 'tokens'] as const) {
      const [from, to] = [before, caller].map(({ rate }) => rate?.[kind] ?? null);
      add(`key \`${caller.name}\`: rate.${kind}`, describeRate(from), describeRate(to), paceOf(to) > paceOf(from) ? 'loosens' : 'tightens');
    }
  }
  compareLimits(old, now, add);
  compareWorkloads(old.workloads, now.workloads, add);
  if (old.set && now.set) {
    add('enforcement: constraints', old.set.enforcement, now.set.enforcement, now.set.enforcement === 'shadow' ? 'loosens' : 'tightens');
  }
  return changes;
}

const describeRate = (rate: Rate | null): string | null => (rate === null ? null : `${rate.most} in ${rate.ms / 1_000} s`);

const paceOf = (rate: Rate | null): number => (rate === null ? Number.POSITIVE_INFINITY : rate.most / rate.ms);

type Add = (what: string, from: unknown, to: unknown, direction?: Direction) => void;

/** Beside their status, which decisions know: see the states of `probes.ts`. */
function compareLimits(old: Side, now: Side, add: Add): void {
  for (const [row, name] of now.budgets.entries()) {
    const limit = now.limits[row];
    const before = old.limits[old.budgets.indexOf(name)];
    const what = (key: string): string => `budget \`${name}\`${key}`;
    if (!before) {
      add(what(''), undefined, describeLimit(limit), 'tightens');
      continue;
    }
    const byNumber = (key: 'limit_usd' | 'soft_limit_percent'): void =>
      add(what(`: ${key}`), before[key], limit[key], limit[key] > before[key] ? 'loosens' : 'tightens');
    byNumber('limit_usd');
    add(what(': period'), before.period, limit.period);
    byNumber('soft_limit_percent');
    const isWeaker = ACTIONS.indexOf(limit.hard_limit_action) < ACTIONS.indexOf(before.hard_limit_action);
    add(what(': hard_limit_action'), before.hard_limit_action, limit.hard_limit_action, isWeaker ? 'loosens' : 'tightens');
  }
  for (const [row, name] of old.budgets.entries())
    if (!now.budgets.includes(name)) add(`budget \`${name}\``, describeLimit(old.limits[row]), undefined, 'loosens');
}

/** The weakest first. */
const ACTIONS: readonly HardLimitAction[] = ['warn', 'block_cloud', 'block_all'];

const describeLimit = ({ limit_usd, period, hard_limit_action }: SideLimit): string => `$${limit_usd} a ${period}, ${hard_limit_action}`;

const tell = (value: unknown): string | null =>
  value === undefined || value === null ? null : typeof value === 'string' ? value : JSON.stringify(value).replaceAll('"', '');
