import { CODE } from '../../schema/decision.ts';
import type { PolicySet } from '../../schema/policy-set.ts';
import { type MetricsSnapshot, TARGET_STATE } from '../../schema/snapshot.ts';
import { RELAXATIONS, type Relaxation, STAGES, type Stage } from '../../schema/vocabulary.ts';
import { checkRequirements } from './analyze-request.ts';
import { orderTargets } from './order-targets.ts';
import type { Analyzed } from './question.ts';
import { budgetsInScope, isSoftLimited, reconcileBudget } from './reconcile-budget.ts';
import { reconcilePrivacy } from './reconcile-privacy.ts';
import { reconcileQuality } from './reconcile-quality.ts';
import { reconcileTier } from './reconcile-tier.ts';
import { OUT_OF_SERVICE, schedule } from './schedule.ts';
import type { Trial } from './trial.ts';

export { type Analyzed, analyzeRequest, type Question } from './analyze-request.ts';
export { orderTargets } from './order-targets.ts';
export { boundCall, findPayers, priceText, priceUsage } from './price-call.ts';

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
    (model): Trial => ({
      set,
      asked,
      policy,
      model,
      budgets: budgetsInScope(set, asked, model),
      state,
      excluded,
      outOfService: OUT_OF_SERVICE,
    }),
  );

  const links: LinkTrace[] = [];
  for (const [link, trial] of trials.entries()) {
    const weighed = weigh(trial);
    const choice = choose(trial, weighed);
    links.push(trace(trial, weighed, choice));
    if (choice.order.length > 0) return { code: encode(trial, link, choice), links };
  }
  for (const [link, trial] of trials.entries()) {
    const patient = { ...trial, outOfService: TARGET_STATE.DOWN };
    const choice = choose(patient, weigh(patient));
    if (choice.order.length > 0) return { code: encode(trial, link, choice) | CODE.FULL, links };
  }
  return { code: CODE.REJECT, links };
}

/** By target row: what every stage says of it, the axis that takes it out or null. */
type Weighed = readonly Readonly<Record<Stage, string | null>>[];

function weigh(trial: Trial): Weighed {
  return trial.set.targets.map((_, target) => ({
    RequestAnalyzer: checkRequirements(trial, target),
    PrivacyReconciler: reconcilePrivacy(trial, target),
    BudgetReconciler: reconcileBudget(trial, target),
    TierReconciler: reconcileTier(trial, target),
    QualityReconciler: reconcileQuality(trial, target),
    SchedulerReconciler: schedule(trial, target),
  }));
}

interface Choice {
  readonly relaxed: Relaxation;
  /** Best first. */
  readonly order: readonly number[];
}

/** The first relaxation permitted that leaves a candidate, else the last one permitted. */
function choose(trial: Trial, weighed: Weighed): Choice {
  const { candidates } = trial.set.models[trial.model];
  const permitted = permittedRelaxations(trial);
  for (const relaxed of permitted) {
    const left = candidates.filter((target) => firstVerdict(weighed, target, relaxed) === null);
    if (left.length > 0) return { relaxed, order: order(trial, relaxed, left) };
  }
  return { relaxed: permitted[permitted.length - 1], order: [] };
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

/** Of the first stage, in their fixed order, that takes the target out. */
function firstVerdict(weighed: Weighed, target: number, relaxed: Relaxation): Verdict {
  for (const stage of STAGES) {
    const axis = weighed[target][stage];
    if (axis !== null && !LEAVES_OUT[relaxed].includes(stage)) return { stage, axis };
  }
  return null;
}

/** By the category's objective; by cost where a quality floor had to be relaxed. */
function order(trial: Trial, relaxed: Relaxation, left: readonly number[]): number[] {
  const { set, asked, state } = trial;
  const objective = LEAVES_OUT[relaxed].includes('QualityReconciler') ? 'cost' : set.categories[asked.category].objective;
  return orderTargets(set, asked.category, objective, isSoftLimited(trial), state, left);
}

function trace({ set, model }: Trial, weighed: Weighed, choice: Choice): LinkTrace {
  const { candidates } = set.models[model];
  const stageExcludes = Object.fromEntries(STAGES.map((stage) => [stage, new Set<number>()])) as Record<Stage, Set<number>>;
  for (const [target, verdicts] of weighed.entries())
    for (const stage of STAGES) if (verdicts[stage] !== null) stageExcludes[stage].add(target);
  return {
    model,
    candidates,
    hard: new Map(candidates.map((target) => [target, firstVerdict(weighed, target, choice.relaxed)])),
    stageExcludes,
    order: choice.order,
  };
}

function encode({ state }: Trial, link: number, { order: [target], relaxed }: Choice): number {
  const loading = (state.targets[target].state & TARGET_STATE.LOADING) !== 0 ? CODE.LOADING : 0;
  return target | (RELAXATIONS.indexOf(relaxed) << CODE.RELAXED_SHIFT) | loading | (link << CODE.LINK_SHIFT);
}
