import { STATUS_CODES } from 'node:http';
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Explanation } from '../../schema/decision.ts';
import type { Backend } from '../backends/backend.ts';
import type { AuditKind } from '../router/audit-trail.ts';
import { FastHistogram } from './fast-histogram.ts';
import type { HistogramSeries } from './histogram-series.ts';

/** Seconds; 1 ms is the budget of a decision. */
const DECISION_BUCKETS = [0.000005, 0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.01];
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
  readonly labels: { readonly endpoint: string; readonly backend: string; readonly status: string; readonly reason: string };
  readonly seconds: HistogramSeries;
  count: number;
}

/** Every metric of the server. Labels take names from the policy and from closed sets only, so their number is bounded. */
export class Metrics {
  readonly registry = new Registry();
  readonly #analyze: HistogramSeries;
  readonly #decide: HistogramSeries;
  readonly #total: HistogramSeries;
  readonly #answers = new Map<string, Answers>();
  readonly #seconds: FastHistogram;
  readonly #firstToken: FastHistogram;
  readonly #failures: Counter<'backend' | 'kind'>;
  readonly #fallbacks: Counter<'model' | 'category'>;
  readonly #refusals: Counter<'limit'>;
  readonly #explained: Counter<'decision'>;
  readonly #exclusions: Counter<'stage' | 'decision'>;
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
    this.#refusals = new Counter({
      name: 'policyd_refusals_total',
      help: 'requests that a limit of the server kept out or cut off, by limit',
      labelNames: ['limit'],
      registers,
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
    const named = nameStatus(status);
    const key = `${endpoint} ${backend} ${named} ${reason}`;
    let same = this.#answers.get(key);
    if (!same) {
      same = { labels: { endpoint, backend, status: named, reason }, seconds: this.#seconds.of({ endpoint, backend }), count: 0 };
      this.#answers.set(key, same);
    }
    same.count++;
    same.seconds.observe(ms / 1e3);
  }

  recordFirstToken(backend: string, ms: number): void {
    this.#firstToken.of({ backend }).observe(ms / 1e3);
  }

  /** A model of the chain other than the first one served. */
  recordFallback(model: string, category: string): void {
    this.#fallbacks.inc({ model, category });
  }

  recordFailure(backend: string, kind: string): void {
    this.#failures.inc({ backend, kind });
  }

  /** A request that a limit of the server kept out. */
  recordRefusal(limit: 'requests' | 'streams' | 'body-size' | 'body-memory' | 'header-count' | 'unread'): void {
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
