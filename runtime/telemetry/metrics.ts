import { STATUS_CODES } from 'node:http';
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Explanation } from '../../schema/decision.ts';
import type { Usage } from '../../schema/usage.ts';
import type { Backend } from '../backends/backend.ts';
import type { Route } from '../router/live-router.ts';
import { nameProvider } from './name-provider.ts';
import type { Observation } from '../gateway/observe.ts';
import type { AuditKind } from '../router/audit-trail.ts';
import { FastHistogram } from './fast-histogram.ts';
import type { HistogramSeries } from './histogram-series.ts';

/** Seconds; 1 ms is the budget of a decision. */
const DECISION_BUCKETS = [0.000005, 0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.01];
/** Those that the conventions for generative AI ask for. */
const TOKEN_BUCKETS = [1, 4, 16, 64, 256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864];
const FIRST_TOKEN_BUCKETS = [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
const REQUEST_BUCKETS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/** What the gauges look at when somebody asks. */
export interface MetricsSource {
  backends(): readonly Backend[];
  waiting(): number;
  policies(): readonly { readonly state: 'active' | 'previous'; readonly hash: string }[];
  /** In seconds. */
  policyAge(): { readonly loaded: number; readonly verified: number };
}

/** Answers that are alike in all labels. `count` waits until somebody asks for the metrics. */
interface Answers {
  /** The first one's, where the label stands for several. */
  readonly status: number;
  readonly labels: { readonly endpoint: string; readonly backend: string; readonly status: string; readonly reason: string };
  readonly seconds: HistogramSeries;
  count: number;
}

/** What calls to one model of one provider used. */
interface ModelSeries {
  readonly input: HistogramSeries;
  readonly output: HistogramSeries;
  readonly firstToken: HistogramSeries;
}

/** Every metric of the server. Labels take names from the policy and from closed sets only, so their number is bounded. */
export class Metrics {
  readonly registry = new Registry();
  readonly #analyze: HistogramSeries;
  readonly #decide: HistogramSeries;
  readonly #total: HistogramSeries;
  readonly #answers = new Map<string, Answers>();
  /** By backend, those that its last answer belongs to. */
  readonly #newest = new Map<string, Answers>();
  readonly #seconds: FastHistogram;
  readonly #firstToken: FastHistogram;
  readonly #firstTokens = new Map<string, HistogramSeries>();
  readonly #failures: Counter<'backend' | 'kind'>;
  readonly #fallbacks: Counter<'model' | 'category'>;
  readonly #tokens: FastHistogram;
  readonly #modelFirstToken: FastHistogram;
  readonly #models = new WeakMap<object, ModelSeries>();
  /** Requests that a backend served, by category, until somebody asks. */
  readonly #categories = new Map<string, number>();
  /** Of calls whose cost was told: nano-dollars as they were estimated, and as they were. */
  readonly #settled = { estimated: 0, actual: 0 };
  readonly #refusals: Counter<'limit'>;
  readonly #explained: Counter<'decision'>;
  readonly #exclusions: Counter<'stage' | 'decision'>;
  readonly #observed: Counter<'enforced'>;
  readonly #violated: Counter<'constraint'>;
  readonly #estimated: Counter<'decision'>;
  /** Caps that are only observed, of calls whose cost is known: how many estimates were over one, and how many of the calls were not. */
  readonly violations = { judged: 0, unfounded: 0 };
  readonly #swaps: Counter<'result'>;

  constructor(source: MetricsSource) {
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
    const phase = new FastHistogram(
      'policyd_decision_seconds',
      'time of a decision by phase: total is analyze plus decide; the budget is 0.001',
      DECISION_BUCKETS,
      this.registry,
    );
    this.#analyze = phase.of({ phase: 'analyze' });
    this.#decide = phase.of({ phase: 'decide' });
    this.#total = phase.of({ phase: 'total' });
    const answers = this.#answers;
    const { violations } = this;
    new Counter({
      name: 'policyd_requests_total',
      help: 'answered requests by endpoint, backend that answered, status and route reason',
      labelNames: ['endpoint', 'backend', 'status', 'reason'],
      registers,
      collect() {
        for (const same of answers.values()) {
          this.inc(same.labels, same.count);
          same.count = 0;
        }
      },
    });
    this.#seconds = new FastHistogram(
      'policyd_request_seconds',
      'time from a request to the end of its answer',
      REQUEST_BUCKETS,
      this.registry,
    );
    this.#firstToken = new FastHistogram(
      'policyd_time_to_first_token_seconds',
      'time from dispatch to the first byte of a stream',
      REQUEST_BUCKETS,
      this.registry,
    );
    this.#failures = new Counter({
      name: 'policyd_upstream_failures_total',
      help: 'attempts that a backend failed, by kind',
      labelNames: ['backend', 'kind'],
      registers,
    });
    this.#fallbacks = new Counter({
      name: 'policyd_fallbacks_total',
      help: 'requests that another model of the fallback chain served, by the model that was asked for and the category',
      labelNames: ['model', 'category'],
      registers,
    });
    this.#tokens = new FastHistogram(
      'gen_ai_client_token_usage',
      'tokens of a call to a model, by the conventions for generative AI; calls whose usage was told',
      TOKEN_BUCKETS,
      this.registry,
    );
    this.#modelFirstToken = new FastHistogram(
      'gen_ai_server_time_to_first_token_seconds',
      'time from a call to the first byte of its stream, by the conventions for generative AI',
      FIRST_TOKEN_BUCKETS,
      this.registry,
    );
    const categories = this.#categories;
    new Counter({
      name: 'policyd_category_requests_total',
      help: 'requests that a backend served, by category',
      labelNames: ['category'],
      registers,
      collect() {
        for (const [category, count] of categories) this.inc({ category }, count);
        categories.clear();
      },
    });
    const settled = this.#settled;
    new Counter({
      name: 'policyd_settled_usd_total',
      help: 'cost of calls whose usage was told: as it was estimated before the call, and actual',
      labelNames: ['cost'],
      registers,
      collect() {
        for (const cost of ['estimated', 'actual'] as const) {
          this.inc({ cost }, settled[cost] / 1e9);
          settled[cost] = 0;
        }
      },
    });
    this.#refusals = new Counter({
      name: 'policyd_refusals_total',
      help: 'requests that a limit of the server kept out or cut off, by limit',
      labelNames: ['limit'],
      registers,
    });
    this.#observed = new Counter({
      name: 'policyd_observed_decisions_total',
      help: 'decisions of a policy in shadow by what its constraints would have made of them: same, other, queue, reject',
      labelNames: ['enforced'],
      registers,
    });
    this.#violated = new Counter({
      name: 'policyd_observed_violations_total',
      help: 'requests of a policy in shadow whose target misses a constraint',
      labelNames: ['constraint'],
      registers,
    });
    this.#estimated = new Counter({
      name: 'policyd_observed_estimated_usd_total',
      help: 'estimated cost of the requests of a policy in shadow, as decided and as its constraints would have had it',
      labelNames: ['decision'],
      registers,
    });
    new Counter({
      name: 'policyd_observed_cost_violations_total',
      help: 'estimates over an observed cap whose call has a known cost, by whether that was over it, too',
      labelNames: ['founded'],
      registers,
      collect() {
        this.reset();
        this.inc({ founded: 'yes' }, violations.judged - violations.unfounded);
        this.inc({ founded: 'no' }, violations.unfounded);
      },
    });
    this.#explained = new Counter({
      name: 'policyd_decisions_explained_total',
      help: 'decisions whose stages were evaluated: every rejection, and at most ten routed ones a second',
      labelNames: ['decision'],
      registers,
    });
    this.#exclusions = new Counter({
      name: 'policyd_exclusions_total',
      help: 'targets excluded by a stage in explained decisions',
      labelNames: ['stage', 'decision'],
      registers,
    });
    this.#swaps = new Counter({
      name: 'policyd_swaps_total',
      help: 'what happened to artifacts that were to serve',
      labelNames: ['result'],
      registers,
    });
    new Gauge({
      name: 'policyd_policy_info',
      help: 'always 1; the hash of the router that serves, and of the one that can be rolled back to',
      labelNames: ['state', 'hash'],
      registers,
      collect() {
        this.reset();
        for (const { state, hash } of source.policies()) this.set({ state, hash }, 1);
      },
    });
    new Gauge({
      name: 'policyd_policy_age_seconds',
      help: 'time since the router that serves was loaded',
      registers,
      collect() {
        this.set(source.policyAge().loaded);
      },
    });
    new Gauge({
      name: 'policyd_policy_verified_seconds',
      help: 'time since the place that the policy comes from was last seen whole',
      registers,
      collect() {
        this.set(source.policyAge().verified);
      },
    });
    new Gauge({
      name: 'policyd_backend_in_flight',
      help: 'requests in flight by backend',
      labelNames: ['backend'],
      registers,
      collect() {
        this.reset();
        for (const backend of source.backends()) this.set({ backend: backend.config.name }, backend.inFlight);
      },
    });
    new Gauge({
      name: 'policyd_backend_up',
      help: '1 where a backend is a candidate, 0 where it is down or loading',
      labelNames: ['backend'],
      registers,
      collect() {
        this.reset();
        for (const backend of source.backends()) this.set({ backend: backend.config.name }, backend.health.state === 'up' ? 1 : 0);
      },
    });
    new Gauge({
      name: 'policyd_waiting_requests',
      help: 'requests that wait for a target',
      registers,
      collect() {
        this.set(source.waiting());
      },
    });
  }

  recordDecision(analyzeMs: number, decideMs: number): void {
    this.#analyze.observe(analyzeMs / 1e3);
    this.#decide.observe(decideMs / 1e3);
    this.#total.observe((analyzeMs + decideMs) / 1e3);
  }

  recordAnswer(endpoint: string, backend: string, status: number, reason: string, ms: number): void {
    // Most answers of a backend are like its last one: a key made of all labels cost more than the counting.
    let same = this.#newest.get(backend);
    if (same === undefined || same.status !== status || same.labels.reason !== reason || same.labels.endpoint !== endpoint) {
      same = this.#findAnswers(endpoint, backend, status, reason);
      this.#newest.set(backend, same);
    }
    same.count++;
    same.seconds.observe(ms / 1e3);
  }

  #findAnswers(endpoint: string, backend: string, status: number, reason: string): Answers {
    const named = nameStatus(status);
    const key = `${endpoint} ${backend} ${named} ${reason}`;
    let same = this.#answers.get(key);
    if (!same) {
      const labels = { endpoint, backend, status: named, reason };
      same = { status, labels, seconds: this.#seconds.of({ endpoint, backend }), count: 0 };
      this.#answers.set(key, same);
    }
    return same;
  }

  recordFirstToken(backend: string, ms: number): void {
    let series = this.#firstTokens.get(backend);
    if (series === undefined) this.#firstTokens.set(backend, (series = this.#firstToken.of({ backend })));
    series.observe(ms / 1e3);
  }

  /** What a call used, and when the first byte of its stream came; null where that was not told. The models of a policy bound the series. */
  recordUsage({ backend, config }: Route, operation: string, usage: Usage | null, firstTokenMs: number | null): void {
    let series = this.#models.get(config);
    if (series === undefined) {
      const labels = {
        gen_ai_operation_name: operation,
        gen_ai_provider_name: nameProvider(backend.config.type),
        gen_ai_request_model: config.upstream,
      };
      series = {
        input: this.#tokens.of({ ...labels, gen_ai_token_type: 'input' }),
        output: this.#tokens.of({ ...labels, gen_ai_token_type: 'output' }),
        firstToken: this.#modelFirstToken.of(labels),
      };
      this.#models.set(config, series);
    }
    if (firstTokenMs !== null) series.firstToken.observe(firstTokenMs / 1e3);
    if (usage === null) return;
    series.input.observe(usage.input + usage.cacheRead + usage.cacheWrite5m + usage.cacheWrite1h);
    series.output.observe(usage.output);
  }

  recordCategory(category: string): void {
    this.#categories.set(category, (this.#categories.get(category) ?? 0) + 1);
  }

  /** Nano-dollars; estimates that nobody could make are left out with their call. */
  recordSettled(estimated: number | null, actual: number): void {
    if (estimated === null || !Number.isFinite(estimated) || !Number.isFinite(actual)) return;
    this.#settled.estimated += estimated;
    this.#settled.actual += actual;
  }

  /** @param made estimate on the target that does serve it, in nano-dollars. */
  recordObservation({ decision, cost, violations }: Observation, isSame: boolean, made: number): void {
    this.#observed.inc({ enforced: decision !== 'route' ? decision : isSame ? 'same' : 'other' });
    for (const { constraint } of violations) this.#violated.inc({ constraint });
    if (!Number.isFinite(made) || !Number.isFinite(cost)) return;
    this.#estimated.inc({ decision: 'made' }, made / 1e9);
    this.#estimated.inc({ decision: 'enforced' }, cost / 1e9);
  }

  recordJudgedViolation(isFounded: boolean): void {
    this.violations.judged++;
    if (!isFounded) this.violations.unfounded++;
  }

  /** A model of the chain other than the first one served. */
  recordFallback(model: string, category: string): void {
    this.#fallbacks.inc({ model, category });
  }

  recordFailure(backend: string, kind: string): void {
    this.#failures.inc({ backend, kind });
  }

  /** A request that a limit of the server kept out. */
  recordRefusal(
    limit: 'requests' | 'streams' | 'rate-requests' | 'rate-tokens' | 'body-size' | 'body-memory' | 'header-count' | 'unread',
  ): void {
    this.#refusals.inc({ limit });
  }

  recordExplanation(explanation: Explanation): void {
    const { decision } = explanation.decision;
    this.#explained.inc({ decision });
    for (const link of explanation.links) {
      for (const { stage, excluded } of link.stages) if (excluded.length > 0) this.#exclusions.inc({ stage, decision }, excluded.length);
    }
  }

  recordSwap(result: AuditKind): void {
    this.#swaps.inc({ result });
  }
}

/** A backend may answer any number: those that have no name are counted by class, so that it can't make series without end. */
export function nameStatus(status: number): string {
  return status in STATUS_CODES || status === 499 || status === 529 ? String(status) : `${Math.floor(status / 100)}xx`;
}
