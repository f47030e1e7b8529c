import { CODE } from '../../schema/decision.ts';
import { type Intent, PROBLEMS } from '../../schema/intent.ts';
import type { PolicySet } from '../../schema/policy-set.ts';
import type { Live, RouterModule } from '../../schema/router.ts';
import type { Relaxation } from '../../schema/vocabulary.ts';
import type { Outcome } from './outcome.ts';
import type { Situation } from './prepared-test.ts';

/** A policy with its router: as compiled, or as mutated. */
export interface Candidate {
  readonly set: PolicySet;
  readonly router: RouterModule;
  /** Fields of `Intent.at` whose rows mean other targets in other states. */
  readonly stateful: readonly string[];
}

/** Asks a router: the same calls, in the same order, as the gateway makes. */
export function tryRouter({ set, router }: Pick<Candidate, 'set' | 'router'>, { question, state, tried }: Situation): Outcome {
  const { body, hints, caller, tokens } = question;
  const intent = router.analyze(body, hints, caller, { low: tokens, high: tokens, atLeast: () => tokens, exact: () => tokens });
  if (intent.problem !== 0) return { ...NOTHING, problem: PROBLEMS[intent.problem], code: CODE.REJECT, intent };
  const live = router.lay(router.rank(state));
  const excluded = tried.length === 0 ? router.none : router.exclude(live, tried);
  const explanation = router.explain(intent, live, excluded, 'test');
  const code = router.decide(intent, live, excluded);
  const { decision, intent: asked, links } = explanation;
  const chosen = decision.decision === 'reject' ? null : decision;
  const backend = set.backends.find(({ name }) => name === chosen?.backend);
  const link = code < 0 ? 0 : (code >> CODE.LINK_SHIFT) & CODE.LINK;
  return {
    problem: 'none',
    decision: decision.decision,
    target: chosen?.target ?? null,
    backend: chosen?.backend ?? null,
    model: chosen?.model ?? null,
    zone: backend?.zone ?? null,
    reason: decision.decision === 'route' ? decision.reason : null,
    relaxed: decision.decision === 'route' ? decision.relaxed : null,
    policy: set.policies[intent.policy].name,
    category: set.categories[intent.category].name,
    class: set.classes[intent.class].name,
    warnings: decision.decision === 'route' ? warningsOf({ set, router }, intent, live, excluded, code, decision.relaxed) : [],
    costUsd: chosen?.cost_estimate.cost_usd ?? null,
    outputCap: intent.endpoint === 0 ? intent.outputCap : null,
    order: links[link]?.order ?? [],
    queue:
      decision.decision === 'queue'
        ? { reason: decision.reason, estimatedWaitMs: decision.estimated_wait_ms, fallback: decision.fallback }
        : null,
    reasons: asked.rejection_reasons,
    code,
    intent,
    explanation,
  };
}

/** The values of `X-Nexus-Warning`. */
function warningsOf(
  { set, router }: Pick<Candidate, 'set' | 'router'>,
  intent: Intent,
  live: Live,
  excluded: Int32Array,
  code: number,
  relaxed: Relaxation,
): string[] {
  const row = code & CODE.TARGET;
  const warnings: string[] = [];
  if (relaxed === 'tier' || relaxed === 'tier+quality') warnings.push('tier-fallback');
  if (relaxed === 'quality' || relaxed === 'tier+quality') {
    const missed = router.verdicts(intent, live, excluded, row);
    if (missed.includes('quality') || missed.includes('measured')) warnings.push('quality-floor');
    if (missed.includes('sla')) warnings.push('sla');
  }
  const { price } = set.targets[row];
  const isPriced = price.input > 0 || price.output > 0;
  if (intent.endpoint === 0 && intent.capSource === 1) warnings.push(`output-cap-lowered=${intent.outputCap}`);
  if (intent.endpoint === 0 && intent.capSource === 2 && isPriced) warnings.push(`output-cap-added=${intent.outputCap}`);
  return warnings;
}

const NOTHING = {
  decision: null,
  target: null,
  backend: null,
  model: null,
  zone: null,
  reason: null,
  relaxed: null,
  policy: null,
  category: null,
  class: null,
  warnings: [],
  costUsd: null,
  outputCap: null,
  order: [],
  queue: null,
  reasons: [],
  explanation: null,
} as const;
