import type { PolicySet } from '../../schema/policy-set.ts';
import type { Live } from '../../schema/router.ts';
import { type MetricsSnapshot, type TargetMetrics, UNMEASURED } from '../../schema/snapshot.ts';
import { BUDGET_STATUSES, PERCENTILES } from '../../schema/vocabulary.ts';
import type { Joint } from './joint.ts';
import type { Side } from './side.ts';

/** A state as people write it: see `policyc explain --state`. */
export interface GivenState {
  readonly down?: readonly string[];
  readonly budgets?: Readonly<Record<string, string>>;
  readonly metrics?: Readonly<Record<string, Partial<TargetMetrics>>>;
}

/** A state of the world on both sides, and as both read it. */
export interface Probe {
  readonly given: GivenState;
  /** In words, what is different from rest. */
  readonly what: string;
  readonly old: ProbedState;
  readonly now: ProbedState;
}

export interface ProbedState {
  readonly live: Live;
  /** By target row: the set that excludes it alone. */
  readonly without: readonly Int32Array[];
}

/** Laying a state costs, and a policy may have as many thresholds as entries. */
const MOST = 96;
/** Loads and latencies, as they may be, that orders are tried with. */
const SHUFFLES = 2;
/** Latencies that outweigh priority and quality: from one target to the next, and back, so that each of any two comes first once. */
const STEP = 1_000;

type State = {
  readonly what: string;
  readonly budgets?: Record<string, number>;
  readonly metrics?: ReadonlyMap<string, Partial<TargetMetrics>>;
};

/**
 * States in which policies that agree at rest may differ: every budget at each limit, measurements on both sides of every measured floor
 * that either policy has, and other orders. `sampled` names what was left out.
 */
export function makeProbes(old: Side, now: Side, joint: Joint, random: () => number): { probes: Probe[]; sampled: string[] } {
  const budgets = [...new Set([...now.budgets, ...old.budgets])];
  const states: State[] = [];
  for (const status of [1, 2])
    for (const name of budgets) states.push({ what: `budget ${name} at ${BUDGET_STATUSES[status]}`, budgets: { [name]: status } });
  const everywhere = (metrics: Partial<TargetMetrics>): State['metrics'] => new Map(joint.targets.map(({ name }) => [name, metrics]));
  for (let turn = 0; turn < SHUFFLES; turn++) {
    const measured = joint.targets.map(({ name }): [string, Partial<TargetMetrics>] => [
      name,
      { latency_ema_ms: 50 + Math.floor(random() * 2_000), load: Math.floor(random() * 10) / 10 },
    ]);
    states.push({ what: 'other loads and latencies', metrics: new Map(measured) });
  }
  for (const turn of [1, -1]) {
    const measured = joint.targets.map(({ name }, row): [string, Partial<TargetMetrics>] => [
      name,
      { latency_ema_ms: STEP ** Math.min(90, turn > 0 ? row : joint.targets.length - 1 - row) },
    ]);
    states.push({ what: 'other latencies', metrics: new Map(measured) });
  }
  for (const { what, metrics } of floorsOf([old.set, now.set])) states.push({ what, metrics: everywhere(metrics) });
  const kept = states.slice(0, MOST);
  const sampled = kept.length < states.length ? [`measured and budget states: ${kept.length} of ${states.length}`] : [];
  const lay = (side: Side, which: 'old' | 'now', state: State): ProbedState => {
    const live = side.router.lay(side.router.rank(snapshotOf(side, which, joint, state)));
    return { live, without: side.targets.map((_, row) => side.router.exclude(live, [row])) };
  };
  const probes = kept.map((state) => ({
    what: state.what,
    given: givenOf(state),
    old: lay(old, 'old', state),
    now: lay(now, 'now', state),
  }));
  return { probes, sampled };
}

/** Measurements just within and just beyond every floor. */
function floorsOf(sets: readonly (PolicySet | null)[]): { what: string; metrics: Partial<TargetMetrics> }[] {
  const found = new Map<string, { what: string; metrics: Partial<TargetMetrics> }>();
  const add = (what: string, metrics: Partial<TargetMetrics>): void => void found.set(JSON.stringify(metrics), { what, metrics });
  const times = new Set<number>();
  let unread = false;
  for (const set of sets) {
    if (set === null) unread = true;
    for (const { maxErrorRate, minSuccessRate, maxTtft } of set?.policies ?? []) {
      if (maxErrorRate !== null) for (const near of [0, 1]) add('errors', { error_rate_1h: Math.min(1, (maxErrorRate + near) / 1e6) });
      if (minSuccessRate !== null)
        for (const near of [0, -1]) add('failures', { success_rate_24h: Math.max(0, (minSuccessRate + near) / 1e6) });
      if (maxTtft !== null) for (const near of [0, 1]) add('slow first tokens', { avg_ttft_ms: maxTtft + near });
    }
    for (const { firstToken, total } of set?.slas ?? []) for (const time of [firstToken, total]) if (time !== null) times.add(time);
  }
  if (unread) for (const time of [100, 500, 1_000, 5_000, 20_000, 60_000]) times.add(time);
  for (const time of times) {
    for (const near of [0, 1]) {
      add('slow answers', { ttft_ms: { p50: time + near, p90: time + near, p95: time + near, p99: time + near } });
      add('slow answers', { ms_per_token: (time + near) / 500 });
    }
    // Beyond it at one percentile and above, within at those below.
    for (const [from] of PERCENTILES.entries()) {
      if (from === 0) continue;
      const [p50, p90, p95, p99] = PERCENTILES.map((_, at) => (at >= from ? time + 1 : 0));
      add('slow answers', { ttft_ms: { p50, p90, p95, p99 } });
    }
  }
  return [...found.values()];
}

function snapshotOf(side: Side, which: 'old' | 'now', joint: Joint, { budgets, metrics }: State): MetricsSnapshot {
  const targets = side.targets.map((): TargetMetrics => UNMEASURED);
  for (const target of joint.targets) {
    const given = metrics?.get(target.name);
    if (given && target[which] >= 0) targets[target[which]] = { ...UNMEASURED, ...given };
  }
  return { epoch: 1, targets, budgets: side.budgets.map((name) => budgets?.[name] ?? 0) };
}

function givenOf({ budgets, metrics }: State): GivenState {
  const named = Object.entries(budgets ?? {}).map(([name, status]) => [name, BUDGET_STATUSES[status]]);
  return {
    ...(named.length > 0 ? { budgets: Object.fromEntries(named) as Record<string, string> } : {}),
    ...(metrics ? { metrics: Object.fromEntries(metrics) } : {}),
  };
}
