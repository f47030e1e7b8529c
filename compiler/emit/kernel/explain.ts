import type { Exclusion, Explanation, RejectionReason, RoutingDecision } from '../../../schema/decision.ts';
import type { CostEstimate, Intent } from '../../../schema/intent.ts';
import type { Place } from '../../../schema/policy-set.ts';
import type { Live } from '../../../schema/router.ts';
import type { Capability, Relaxation, Stage } from '../../../schema/vocabulary.ts';
import type { AxisData, RouterData } from './data.ts';
import type { buildDecide } from './decide.ts';
import { costAt, costIn } from './money.ts';

const STAGE_ORDER: readonly Stage[] = [
  'RequestAnalyzer',
  'PrivacyReconciler',
  'BudgetReconciler',
  'TierReconciler',
  'QualityReconciler',
  'SchedulerReconciler',
];
const CAPABILITY_NAMES: readonly Capability[] = ['chat', 'tools', 'json', 'vision', 'embeddings', 'reasoning'];
const RELAXED: readonly Relaxation[] = ['none', 'tier', 'quality', 'tier+quality'];
/** How long a model is taken to load where nothing is measured, ms. */
const LOADING_WAIT = 5_000;

/** Builds `verdicts`, `order`, `estimate` and `explain`: why a decision came out as it did. Only when asked; reads the same tables as `route`. */
export function buildExplain(
  data: RouterData,
  decision: ReturnType<typeof buildDecide>,
  route: (intent: Intent, live: Live, excluded: Int32Array) => number,
) {
  const { columns, words, axes, rankClasses } = data;
  const size = columns.length;
  const stride = axes.reduce((sum, axis) => sum + axis.rows, 0) * words;
  const nameOf = (target: number): string => `${columns[target]!.backend}/${columns[target]!.model}`;

  const rankClassOf = (intent: Intent, live: Live, level: number): number => {
    const normal = level >= 2 ? intent.at.cheap! : intent.at.rank!;
    return live.soft[intent.at.scope!] !== 0 && data.softFrom < rankClasses.length ? normal + data.softFrom : normal;
  };
  const bitAt = (masks: Int32Array, base: number, rank: number): boolean => ((masks[base + (rank >> 5)]! >>> (31 - (rank & 31))) & 1) === 1;
  const keeps = (axis: AxisData, intent: Intent, live: Live, target: number, r: number): boolean => {
    const rank = live.ranks[r * size + target]!;
    if (axis.content.kind !== 'price') return bitAt(live.masks, r * stride + intent.at[axis.axis]!, rank);
    return axis.content.prices.some(
      (steps, row) =>
        bitAt(live.masks, r * stride + (axis.row + row) * words, rank) && costIn(steps, intent.input, intent.output) <= intent.costCap,
    );
  };

  const verdicts = (intent: Intent, live: Live, excluded: Int32Array, target: number): string[] => {
    const r = rankClassOf(intent, live, 0);
    const out = axes.filter((axis) => !keeps(axis, intent, live, target, r)).map((axis) => axis.axis);
    if (bitAt(excluded, r * words, live.ranks[r * size + target]!)) out.push('excluded');
    return out;
  };

  const order = (intent: Intent, live: Live, level: number): number[] => {
    const r = rankClassOf(intent, live, level);
    return columns.map((_, target) => target).sort((a, b) => live.ranks[r * size + a]! - live.ranks[r * size + b]!);
  };

  const estimate = (intent: Intent, target: number): number => {
    const column = columns[target]!;
    return column.known ? Math.ceil(costAt(column, intent.input, intent.output) / 1000) : Number.NaN;
  };
  const estimateOf = (intent: Intent, target: number): CostEstimate => {
    const nano = estimate(intent, target);
    return {
      input_tokens: intent.input,
      estimated_output_tokens: intent.output,
      cost_usd: Number.isNaN(nano) ? null : nano / 1e9,
      token_count_tier: intent.inputLow < intent.inputHigh ? 'bound' : columns[target]!.exact ? 'exact' : 'approximate',
    };
  };

  const explain = (asked: Intent, live: Live, excluded: Int32Array, request_id: string): Explanation => {
    const intent: Intent = { ...asked, at: { ...asked.at } };
    const chain = decision.chainOf(intent);
    decision.bindLink(intent, 0, chain[0]!);
    const code = decision.decide(intent, live, excluded);
    const last = code < 0 ? chain.length - 1 : code & FULL_BIT ? chain.length - 1 : intent.link;
    const links: { model: string; stages: StageOf[]; order: string[] }[] = [];
    const reasons: RejectionReason[] = [];
    const candidates: string[] = [];
    for (let link = 0; link <= last; link++) {
      const own: Intent = { ...intent, at: { ...intent.at } };
      decision.bindLink(own, link, chain[link]!);
      const traced = trace(own, live, excluded, route(own, live, excluded));
      links.push({ model: data.models[chain[link]!]!.name, stages: traced.stages, order: traced.order });
      candidates.push(...traced.candidates);
      for (const { target, stage, reason, suggested_action } of traced.stages.flatMap((entry) => entry.excluded)) {
        reasons.push({ agent_id: columns[target]!.backend, model: columns[target]!.model, reconciler: stage, reason, suggested_action });
      }
    }
    const policy = data.policies[asked.policy]!;
    const target = code < 0 ? -1 : code & 0xffff;
    const cost_estimate = target < 0 ? NO_ESTIMATE(intent) : estimateOf(intent, target);
    const soft = live.soft[intent.at.scope!] !== 0;
    const name = data.names[asked.name]!;
    return {
      intent: {
        request_id,
        requested_model: name.name,
        resolved_model: data.models[name.model]!.name,
        aliases: name.hops,
        endpoint: asked.endpoint === 1 ? 'embeddings' : 'chat',
        policy: policy.name,
        category: asked.category === data.categories.length - 1 ? null : data.categories[asked.category]!.name,
        class: asked.class === data.classes.length - 1 ? null : data.classes[asked.class]!.name,
        requirements: {
          capabilities: capabilitiesOf(asked.required),
          input_tokens: { low: asked.inputLow, high: asked.inputHigh },
          output_cap: asked.outputCap,
          context: asked.inputHigh + asked.outputCap,
        },
        privacy_constraint: policy.privacy,
        budget_status: hardIn(intent, live) ? 'HardLimit' : soft ? 'SoftLimit' : 'Normal',
        min_capability_tier: policy.minTier,
        tier_enforcement: asked.flexible === 1 ? 'flexible' : 'strict',
        cost_estimate,
        candidates,
        exclusions: reasons.map((reason) => `${reason.agent_id}/${reason.model}`),
        rejection_reasons: reasons,
      },
      decision: decisionOf(intent, live, excluded, code, cost_estimate, reasons),
      links,
    };
  };

  const decisionOf = (
    intent: Intent,
    live: Live,
    excluded: Int32Array,
    code: number,
    cost_estimate: CostEstimate,
    reasons: readonly RejectionReason[],
  ): RoutingDecision => {
    if (code < 0) return { decision: 'reject', rejection_reasons: reasons };
    const target = code & 0xffff;
    const at = { target: nameOf(target), backend: columns[target]!.backend, model: columns[target]!.model, cost_estimate };
    if (code & FULL_BIT) {
      const wait = live.snapshot.targets[target]!.latency_ema_ms || 1_000;
      return { decision: 'queue', reason: 'full', ...at, estimated_wait_ms: Math.ceil(wait), fallback: null };
    }
    if (code & LOADING_BIT) {
      const other = nextBest(intent, live, excluded, target);
      return { decision: 'queue', reason: 'loading', ...at, estimated_wait_ms: LOADING_WAIT, fallback: other < 0 ? null : nameOf(other) };
    }
    const attempts = excluded.some((word) => word !== 0) ? 1 : 0;
    const reason = decision.reason(intent, live, excluded, code, attempts);
    return { decision: 'route', ...at, reason, relaxed: RELAXED[(code >> 16) & 3]! };
  };

  /** What would be chosen if the target were not there. */
  const nextBest = (intent: Intent, live: Live, excluded: Int32Array, target: number): number => {
    const masks = excluded.slice();
    for (let r = 0; r < rankClasses.length; r++) {
      const rank = live.ranks[r * size + target]!;
      masks[r * words + (rank >> 5)]! |= 0x80000000 >>> (rank & 31);
    }
    const code = route(intent, live, masks);
    return code < 0 ? -1 : code & 0xffff;
  };

  const trace = (intent: Intent, live: Live, excluded: Int32Array, code: number) => {
    const category = data.categories[intent.category]!;
    const level = code >= 0 ? (code >> 16) & 3 : (intent.flexible === 1 ? 1 : 0) | (category.strict ? 0 : 2);
    const r = rankClassOf(intent, live, level);
    const inLink = columns.map((_, target) => target).filter((target) => keeps(axes[0]!, intent, live, target, r));
    const modelAxis = axes[0]!.axis === 'model' ? axes.slice(1) : axes;
    let remaining = axes[0]!.axis === 'model' ? inLink : columns.map((_, target) => target);
    const candidates = remaining.map(nameOf);
    const stages: StageOf[] = STAGE_ORDER.map((stage) => {
      const out: Exclusion[] = [];
      remaining = remaining.filter((target) => {
        const found = modelAxis.find(
          (axis) =>
            axis.stage === stage &&
            !(axis.role === 'tier floor' && level & 1) &&
            !(axis.role === 'quality floor' && level & 2) &&
            !keeps(axis, intent, live, target, r),
        );
        if (found) out.push(exclusion(found, intent, live, target));
        else if (stage === 'SchedulerReconciler' && bitAt(excluded, r * words, live.ranks[r * size + target]!))
          out.push(alreadyTried(target));
        else return true;
        return false;
      });
      return { stage, excluded: out, remaining: remaining.map(nameOf) };
    });
    const order = [...remaining].sort((a, b) => live.ranks[r * size + a]! - live.ranks[r * size + b]!).map(nameOf);
    return { stages, order, candidates };
  };

  const alreadyTried = (target: number): Exclusion => ({
    target,
    stage: 'SchedulerReconciler',
    axis: 'excluded',
    reason: `\`${nameOf(target)}\` was already tried for this request`,
    suggested_action: 'retry the request later',
    place: placeOf(columns[target]!.place),
  });

  const exclusion = (axis: AxisData, intent: Intent, live: Live, target: number): Exclusion => {
    const words = wordsFor(intent, live, target);
    const policy = data.policies[intent.policy]!;
    return {
      target,
      stage: axis.stage,
      axis: axis.axis,
      reason: fill(axis.reason, words),
      suggested_action: fill(axis.suggest, words),
      place: placeOf(POLICY_AXES.includes(axis.axis) && policy.place ? policy.place : columns[target]!.place),
    };
  };

  /** The words that `reason` and `suggest` of a constraint may use in braces. */
  const wordsFor = (intent: Intent, live: Live, target: number): Record<string, string> => {
    const column = columns[target]!;
    const policy = data.policies[intent.policy]!;
    const category = data.categories[intent.category]!;
    const metrics = live.snapshot.targets[target]!;
    const state = live.state[target]!;
    const expected = Math.min(data.classifier.expected, category.maxOutputTokens ?? Number.POSITIVE_INFINITY);
    return {
      target: nameOf(target),
      backend: column.backend,
      model: column.model,
      resolved: data.models[intent.model]!.name,
      policy: policy.name,
      place: policy.place || category.place || column.place,
      category: category.name,
      class: data.classes[intent.class]!.name,
      lacking: capabilitiesOf(intent.required & ~column.capabilities)
        .map((name) => `\`${name}\``)
        .join(', '),
      context: String(column.context),
      need: String(intent.inputHigh + intent.outputCap),
      cost: column.known ? usd(costAt(column, intent.input, intent.output)) : 'an unknown price',
      cap: usd(intent.costCap),
      budgets: budgetsAtLimit(intent, live)
        .map((row) => `\`${data.budgets[row]!.name}\``)
        .join(', '),
      tier: String(column.tier),
      minTier: String(policy.minTier),
      quality: String(column.quality / 1e6),
      measurements: `${(metrics.error_rate_1h * 100).toFixed(1)} % errors, ${(metrics.success_rate_24h * 100).toFixed(1)} % success, ${Math.round(metrics.avg_ttft_ms)} ms to the first token`,
      latency: `${Math.round(metrics.ttft_ms.p50 + expected * metrics.ms_per_token)} ms`,
      sla: policy.sla ?? category.sla ?? '',
      state: state & 1 ? 'down' : 'full',
      remedy:
        state & 1
          ? `bring backend \`${column.backend}\` up, or serve \`${column.model}\` from another one`
          : `retry shortly, or raise \`max_in_flight\` of backend \`${column.backend}\``,
    };
  };

  const budgetsAtLimit = (intent: Intent, live: Live): number[] => {
    const axis = axes.find(({ content }) => content.kind === 'budget');
    if (axis?.content.kind !== 'budget') return [];
    return axis.content.scopes[intent.at.scope!]!.map((entry) => entry.budget).filter((row) => live.budgets[row]! >= 2);
  };
  const hardIn = (intent: Intent, live: Live): boolean => budgetsAtLimit(intent, live).length > 0;

  return { verdicts, order, estimate, explain };
}

type StageOf = { stage: Stage; excluded: Exclusion[]; remaining: string[] };

const FULL_BIT = 1 << 19;
const LOADING_BIT = 1 << 18;
/** Axes whose bound is written in the traffic policy: their exclusions point there. */
const POLICY_AXES: readonly string[] = ['privacy', 'tier', 'measured', 'cost', 'sla'];

const NO_ESTIMATE = (intent: Intent): CostEstimate => ({
  input_tokens: intent.input,
  estimated_output_tokens: intent.output,
  cost_usd: null,
  token_count_tier: intent.inputLow < intent.inputHigh ? 'bound' : 'approximate',
});

const capabilitiesOf = (set: number): Capability[] => CAPABILITY_NAMES.filter((_, bit) => set & (1 << bit));

const fill = (template: string, words: Record<string, string>): string =>
  template.replace(/\{(\w+)\}/g, (_, word: string) => words[word] ?? '');

/** Pico-dollars as decimal USD. */
const usd = (pico: number): string => `$${(pico / 1e12).toFixed(9).replace(/\.?0+$/, '')}`;

function placeOf(text: string): Place | null {
  const [, file, line, column] = /^(.*):(\d+):(\d+)$/.exec(text) ?? [];
  return file === undefined ? null : { file, line: Number(line), column: Number(column) };
}
