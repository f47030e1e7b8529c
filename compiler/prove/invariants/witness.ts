import { CODE } from '../../../schema/decision.ts';
import { DECISIONS } from '../../../schema/invariant.ts';
import type { Bound, PolicySet } from '../../../schema/policy-set.ts';
import { type MetricsSnapshot, TARGET_STATE, type TargetMetrics, UNMEASURED } from '../../../schema/snapshot.ts';
import { BUDGET_STATUSES, CAPABILITIES, ENDPOINTS } from '../../../schema/vocabulary.ts';
import { type Analyzed, analyzeRequest, judge } from '../../interpret/interpret.ts';
import { mostCost } from './amounts.ts';
import { type Wish, writeBody, type Written } from './body.ts';
import { type Clause, NEEDS } from './clause.ts';

/** A request and a state that break an invariant, in the form that `policyc explain` and policy tests take. */
export interface Witness {
  readonly request: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly key: string | null;
  /** `down`, `full`, `loading`, `budgets`, `metrics`, by name; a member that would be empty is absent. */
  readonly state: Readonly<Record<string, unknown>>;
  readonly decision: (typeof DECISIONS)[number];
  /** `backend/model`; null where it is rejected. */
  readonly target: string | null;
  /** Row of the policy that governs it. */
  readonly policy: number;
  /** Nano-dollars that it can cost at most; infinite where the price is not known. */
  readonly cost: number;
}

/** A witness for the decision, confirmed by the interpreter in a state as close to rest as was found; null where it does not confirm. */
export function findWitness(
  set: PolicySet,
  clause: Clause,
  wish: Wish,
  target: number | null,
  decision: (typeof DECISIONS)[number],
): Witness | null {
  for (const plain of [true, false]) {
    const written = writeBody(set, { ...wish, plain });
    if (written === null) continue;
    for (const state of statesFor(set, clause, target, decision)) {
      const told = confirm(set, clause, written, state, target, decision);
      if (told === null) continue;
      const simplest = simplify(set, clause, state, (other) => confirm(set, clause, written, other, target, decision) !== null);
      const { body, headers, key } = written;
      return {
        request: body,
        headers,
        key,
        state: nameState(set, simplest),
        decision,
        target: target === null ? null : nameTarget(set, target),
        policy: told.policy,
        cost: target === null ? 0 : told.cost,
      };
    }
  }
  return null;
}

interface Told {
  readonly policy: number;
  readonly cost: number;
}

/** What the interpreter says: is it this decision, and are all facts of the clause so? Asked at both ends of what the body may count. */
function confirm(
  set: PolicySet,
  clause: Clause,
  { question, tokens, images }: Written,
  state: MetricsSnapshot,
  target: number | null,
  decision: (typeof DECISIONS)[number],
): Told | null {
  let told: Told | null = null;
  for (const count of new Set([tokens.low, tokens.high])) {
    const asked = analyzeRequest(set, { ...question, tokens: count });
    if (asked.problem !== 'none') return null;
    const { code } = judge(set, asked, state, new Set());
    if (DECISIONS[decisionOf(code)] !== decision || (target !== null && (code & CODE.TARGET) !== target)) return null;
    const amounts = { input: count, output: asked.outputCap, answers: asked.answers, images, tools: question.body.tools > 0 };
    const cost = target === null ? 0 : mostCost(set.targets[target], amounts);
    if (!isSo(clause, asked, { endpoint: ENDPOINTS.indexOf(question.body.endpoint), target, decision: decisionOf(code), cost }))
      return null;
    told = { policy: asked.policy, cost };
  }
  return told;
}

const decisionOf = (code: number): number => (code === CODE.REJECT ? 2 : (code & (CODE.LOADING | CODE.FULL)) !== 0 ? 1 : 0);

interface Outcome {
  readonly endpoint: number;
  readonly target: number | null;
  readonly decision: number;
  readonly cost: number;
}

/** Are all facts of the clause so of this decision? */
export function isSo(clause: Clause, asked: Analyzed, { endpoint, target, decision, cost }: Outcome): boolean {
  const { rows, needsSome, needsOnly, input, output, costs } = clause;
  const at = { ...asked, caller: asked.caller, endpoint, decision };
  const inRows = (['policy', 'category', 'class', 'caller', 'name', 'endpoint', 'decision'] as const).every(
    (axis) => rows[axis] === null || rows[axis][at[axis]] === 1,
  );
  const needs = asked.required & NEEDS;
  return (
    inRows &&
    (rows.target === null || (target !== null && rows.target[target] === 1)) &&
    needsSome.every((bits) => (needs & bits) !== 0) &&
    (needs & ~needsOnly) === 0 &&
    asked.inputTokens >= input.low &&
    asked.inputTokens <= input.high &&
    asked.outputCap >= output.low &&
    asked.outputCap <= output.high &&
    (costs.length === 0 || (target !== null && costs.every((bound) => holds(bound, cost))))
  );
}

function holds({ op, value }: Bound, measured: number): boolean {
  const compare: Record<Bound['op'], boolean> = {
    '<': measured < value,
    '<=': measured <= value,
    '>': measured > value,
    '>=': measured >= value,
    '=': measured === value,
  };
  return compare[op];
}

const PERFECT: TargetMetrics = { ...UNMEASURED, latency_ema_ms: 1 };
const TERRIBLE: TargetMetrics = {
  ...UNMEASURED,
  error_rate_1h: 1,
  success_rate_24h: 0,
  avg_ttft_ms: 1e9,
  ttft_ms: { p50: 1e9, p90: 1e9, p95: 1e9, p99: 1e9 },
  ms_per_token: 1e6,
  latency_ema_ms: 1e9,
  load: 1,
};

/** States that may lead to the decision, the plainest first; in the last, all that is left open speaks for it. */
function statesFor(set: PolicySet, { given }: Clause, target: number | null, decision: (typeof DECISIONS)[number]): MetricsSnapshot[] {
  const state = (at: (row: number) => TargetMetrics, status: 'Normal' | 'SoftLimit' | 'HardLimit'): MetricsSnapshot => ({
    epoch: 1,
    targets: set.targets.map((_, row) => {
      const down = given.down?.includes(row) ? TARGET_STATE.DOWN : 0;
      const full = given.full?.includes(row) ? TARGET_STATE.FULL : 0;
      const waits =
        row === target && decision === 'queue' && full === 0 ? (given.full === null ? TARGET_STATE.FULL : TARGET_STATE.LOADING) : 0;
      const metrics = at(row);
      return { ...metrics, state: metrics.state | down | full | waits };
    }),
    budgets: set.budgets.map((_, row) => BUDGET_STATUSES.indexOf(given.budgets?.[row] ?? status)),
  });
  const down = { ...UNMEASURED, state: TARGET_STATE.DOWN };
  const out = given.down === null ? down : given.full === null ? { ...UNMEASURED, state: TARGET_STATE.FULL } : TERRIBLE;
  const plain = state(() => UNMEASURED, 'Normal');
  const statuses = given.budgets === null ? (['Normal', 'SoftLimit', 'HardLimit'] as const) : (['Normal'] as const);
  if (target === null) return [plain, ...statuses.map((status) => state(() => (given.down === null ? down : TERRIBLE), status))];
  return [plain, ...statuses.map((status) => state((row) => (row === target ? PERFECT : out), status))];
}

/** Takes away from a state what the decision does not need: measurements, and backends that are out, one after the other. */
function simplify(set: PolicySet, { given }: Clause, state: MetricsSnapshot, still: (state: MetricsSnapshot) => boolean): MetricsSnapshot {
  let simplest = state;
  const attempt = (other: MetricsSnapshot): void => {
    if (still(other)) simplest = other;
  };
  attempt({ ...simplest, targets: simplest.targets.map(({ state }) => ({ ...UNMEASURED, state })) });
  for (let backend = 0; backend < set.backends.length; backend++) {
    const bits = (given.down === null ? TARGET_STATE.DOWN : 0) | (given.full === null ? TARGET_STATE.FULL : 0);
    if (!set.targets.some((target, row) => target.backend === backend && (simplest.targets[row].state & bits) !== 0)) continue;
    attempt({
      ...simplest,
      targets: simplest.targets.map((metrics, row) =>
        set.targets[row].backend === backend ? { ...metrics, state: metrics.state & ~bits } : metrics,
      ),
    });
  }
  return simplest;
}

/** The state as `--state` and `given:` take it. */
function nameState(set: PolicySet, { targets, budgets }: MetricsSnapshot): Record<string, unknown> {
  const named = (bit: number): string[] => {
    const has = (row: number): boolean => (targets[row].state & bit) !== 0;
    return set.backends.flatMap(({ name }, backend) => {
      const rows = [...set.targets.keys()].filter((row) => set.targets[row].backend === backend);
      const those = rows.filter(has);
      // Where a model has the backend's name, the name alone would mean that, too.
      const stands = those.length === rows.length && !set.models.some((model) => model.name === name);
      return those.length === 0 ? [] : stands ? [name] : those.map((row) => nameTarget(set, row));
    });
  };
  const lists = { down: named(TARGET_STATE.DOWN), full: named(TARGET_STATE.FULL), loading: named(TARGET_STATE.LOADING) };
  const statuses = budgets.flatMap((status, row) => (status === 0 ? [] : [[set.budgets[row].name, BUDGET_STATUSES[status]] as const]));
  const metrics = targets.flatMap(({ state: _, ...measured }, row) => {
    const changed = Object.entries(measured).filter(([name, value]) => value !== UNMEASURED[name as keyof typeof measured]);
    return changed.length === 0 ? [] : [[nameTarget(set, row), Object.fromEntries(changed)] as const];
  });
  return {
    ...Object.fromEntries(Object.entries(lists).filter(([, names]) => names.length > 0)),
    ...(statuses.length > 0 ? { budgets: Object.fromEntries(statuses) } : {}),
    ...(metrics.length > 0 ? { metrics: Object.fromEntries(metrics) } : {}),
  };
}

export function nameTarget(set: PolicySet, row: number): string {
  const { backend, model } = set.targets[row];
  return `${set.backends[backend].name}/${set.models[model].name}`;
}

/** Every set of capabilities that is one of each, as small as can be. */
export function leastNeeds(needsSome: readonly number[], needsOnly: number): number[] {
  let sets = [0];
  for (const bits of needsSome) {
    const allowed = CAPABILITIES.flatMap((_, bit) => ((bits & needsOnly & (1 << bit)) === 0 ? [] : [1 << bit]));
    sets = [...new Set(sets.flatMap((all) => ((all & bits) !== 0 ? [all] : allowed.map((bit) => all | bit))))];
  }
  return sets;
}
