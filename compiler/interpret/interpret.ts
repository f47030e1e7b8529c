import { CODE } from '../../schema/decision.ts';
import type { PolicySet } from '../../schema/policy-set.ts';
import { type MetricsSnapshot, TARGET_STATE } from '../../schema/snapshot.ts';
import { RELAXATIONS, type Relaxation, STAGES, type Stage } from '../../schema/vocabulary.ts';
import { checkRequirements } from './analyze-request.ts';
import { orderTargets } from './order-targets.ts';
import type { Analyzed } from './question.ts';
import { isSoftLimited, reconcileBudget } from './reconcile-budget.ts';
import { reconcilePrivacy } from './reconcile-privacy.ts';
import { reconcileQuality } from './reconcile-quality.ts';
import { reconcileTier } from './reconcile-tier.ts';
import { OUT_OF_SERVICE, schedule } from './schedule.ts';
import type { Trial } from './trial.ts';

export { type Analyzed, analyzeRequest, type Question } from './analyze-request.ts';
export { orderTargets } from './order-targets.ts';

/** What a stage says of a target; null = it stays. */
export type Verdict = { readonly stage: Stage; readonly axis: string } | null;

/** What every stage did on one link of the fallback chain. */
export interface LinkTrace {
  /** Row of the link's model. */
  readonly model: number;
  /** Rows of the targets that serve it. */
  readonly candidates: readonly number[];
  /** The first stage that excludes each candidate, with the floors as they were finally read: see `judge`. */
  readonly hard: ReadonlyMap<number, Verdict>;
  /** Every target that the stage would exclude, whatever the others say; floors read strictly. */
  readonly stageExcludes: Readonly<Record<Stage, ReadonlySet<number>>>;
  /** The candidates that are left, best first. */
  readonly order: readonly number[];
}

export interface Judgement {
  /** See `CODE`. */
  readonly code: number;
  /** The links that were tried, in order: up to the one that had a choice. */
  readonly links: readonly LinkTrace[];
}

/** The stages in their fixed order: each says which axis takes a target out, or null. */
const CHECKS: Record<Stage, (trial: Trial, target: number) => string | null> = {
  RequestAnalyzer: checkRequirements,
  PrivacyReconciler: reconcilePrivacy,
  BudgetReconciler: reconcileBudget,
  TierReconciler: reconcileTier,
  QualityReconciler: reconcileQuality,
  SchedulerReconciler: schedule,
};

/** Stages whose floors each relaxation leaves out. */
const LEAVES_OUT: Record<Relaxation, readonly Stage[]> = {
  none: [],
  tier: ['TierReconciler'],
  quality: ['QualityReconciler'],
  'tier+quality': ['TierReconciler', 'QualityReconciler'],
};

/**
 * The decision: the first link of the fallback chain that has a choice; where none has, the first that would have one if full targets
 * could be waited for; else reject. On a link, the first relaxation that is permitted and leaves a candidate; where none does, `hard`
 * reads the floors at the last one permitted, so that every candidate has its reason.
 */
export function judge(set: PolicySet, asked: Analyzed, state: MetricsSnapshot, excluded: ReadonlySet<number>): Judgement {
  if (asked.problem !== 'none') return { code: CODE.REJECT, links: [] };
  const policy = set.policies[asked.policy];
  const { chain } = set.models[asked.model];
  const trials = (policy.fallbackAllowed ? chain : chain.slice(0, 1)).map(
    (model): Trial => ({ set, asked, policy, model, state, excluded, outOfService: OUT_OF_SERVICE }),
  );

  const links: LinkTrace[] = [];
  for (const [link, trial] of trials.entries()) {
    const outcome = tryLink(trial);
    links.push(outcome.trace);
    if (outcome.trace.order.length > 0) return { code: encode(trial, link, outcome), links };
  }
  for (const [link, trial] of trials.entries()) {
    const outcome = tryLink({ ...trial, outOfService: TARGET_STATE.DOWN });
    if (outcome.trace.order.length > 0) return { code: encode(trial, link, outcome) | CODE.FULL, links };
  }
  return { code: CODE.REJECT, links };
}

interface Outcome {
  readonly trace: LinkTrace;
  readonly relaxed: Relaxation;
}

function tryLink(trial: Trial): Outcome {
  const { candidates } = trial.set.models[trial.model];
  const verdicts = new Map(candidates.map((target) => [target, collectVerdicts(trial, target)]));
  const permitted = permittedRelaxations(trial);
  const left = (relaxed: Relaxation) => candidates.filter((target) => firstVerdict(verdicts.get(target)!, relaxed) === null);
  const relaxed = permitted.find((relaxation) => left(relaxation).length > 0) ?? permitted[permitted.length - 1];
  const hard = new Map(candidates.map((target) => [target, firstVerdict(verdicts.get(target)!, relaxed)]));
  const remaining = new Set(left(relaxed));
  const order = remaining.size === 0 ? [] : orderFor(trial, relaxed).filter((target) => remaining.has(target));
  return { trace: { model: trial.model, candidates, hard, stageExcludes: excludeByStage(trial), order }, relaxed };
}

/** In the order in which they are tried. */
function permittedRelaxations({ set, asked }: Trial): Relaxation[] {
  const quality = !set.categories[asked.category].strict;
  return RELAXATIONS.filter(
    (relaxed) =>
      (asked.flexible || !LEAVES_OUT[relaxed].includes('TierReconciler')) &&
      (quality || !LEAVES_OUT[relaxed].includes('QualityReconciler')),
  );
}

function collectVerdicts(trial: Trial, target: number): NonNullable<Verdict>[] {
  return STAGES.flatMap((stage) => {
    const axis = CHECKS[stage](trial, target);
    return axis === null ? [] : [{ stage, axis }];
  });
}

function firstVerdict(verdicts: readonly NonNullable<Verdict>[], relaxed: Relaxation): Verdict {
  return verdicts.find(({ stage }) => !LEAVES_OUT[relaxed].includes(stage)) ?? null;
}

function excludeByStage(trial: Trial): Record<Stage, Set<number>> {
  const excludes = (stage: Stage) =>
    new Set(trial.set.targets.flatMap((_, target) => (CHECKS[stage](trial, target) === null ? [] : [target])));
  return Object.fromEntries(STAGES.map((stage) => [stage, excludes(stage)])) as Record<Stage, Set<number>>;
}

/** By the category's objective; by cost where a quality floor had to be relaxed. */
function orderFor(trial: Trial, relaxed: Relaxation): number[] {
  const { set, asked, state } = trial;
  const objective = LEAVES_OUT[relaxed].includes('QualityReconciler') ? 'cost' : set.categories[asked.category].objective;
  return orderTargets(set, asked.category, objective, isSoftLimited(trial), state);
}

function encode({ state }: Trial, link: number, { trace, relaxed }: Outcome): number {
  const target = trace.order[0];
  const loading = (state.targets[target].state & TARGET_STATE.LOADING) !== 0 ? CODE.LOADING : 0;
  return target | (RELAXATIONS.indexOf(relaxed) << CODE.RELAXED_SHIFT) | loading | (link << CODE.LINK_SHIFT);
}
