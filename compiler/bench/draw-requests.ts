import type { PolicySet } from '../../schema/policy-set.ts';
import type { RequestBody, RequestHints, TokenCount } from '../../schema/request.ts';
import type { MetricsSnapshot } from '../../schema/snapshot.ts';
import { TARGET_STATE } from '../../schema/snapshot.ts';
import { CAPABILITIES } from '../../schema/vocabulary.ts';
import { zipf } from './zipf.ts';

/** What a router is asked in a bench: all that a gateway knows of a request once its body is read. */
export interface DrawnRequest {
  readonly body: RequestBody;
  readonly hints: RequestHints;
  readonly caller: number;
  readonly tokens: TokenCount;
}

const TEXTS = [
  'Rename variable x to y',
  'Design a sharding plan for a multi-tenant store, and say what fails first',
  'Please fix the test below.\n```ts\nexpect(sum(1, 2)).toBe(4);\n```',
  'Summarize this in two sentences: the router decides where a request may go and leaves every byte as it was.',
];
const NO_HINTS: RequestHints = { strict: false, flexible: false, category: null, class: null };
const FLEXIBLE: RequestHints = { ...NO_HINTS, flexible: true };
const bit = (capability: (typeof CAPABILITIES)[number]): number => 1 << CAPABILITIES.indexOf(capability);

/** Small requests over the names of a policy, earlier names more often, any caller; input tokens between 10 and 20,000, mostly few. */
export function drawRequests(set: PolicySet, size: number, random: () => number): DrawnRequest[] {
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!;
  return Array.from({ length: size }, () => {
    const tokens = Math.floor(10 * 2000 ** random());
    const text = pick(TEXTS);
    const wants = pick([0, 0, 0, 0, bit('tools'), bit('json')]);
    const { name, model } = set.names[zipf(random, set.names.length)]!;
    const embeds = embedsOnly(set, model);
    return {
      body: {
        endpoint: embeds ? 'embeddings' : 'chat',
        model: name,
        maxOutputTokens: embeds ? null : pick([null, null, 256, 4096]),
        answers: 1,
        tools: wants === bit('tools') ? 2 : 0,
        required: embeds ? bit('embeddings') : bit('chat') | wants,
        text: () => text,
      },
      hints: random() < 0.2 ? FLEXIBLE : NO_HINTS,
      caller: Math.floor(random() * set.callers.length),
      tokens: { low: tokens, high: tokens, atLeast: () => tokens, exact: () => tokens },
    };
  });
}

const embedsOnly = (set: PolicySet, model: number): boolean => {
  const { candidates } = set.models[model]!;
  return candidates.length > 0 && candidates.every((target) => (set.targets[target]!.capabilities & bit('chat')) === 0);
};

/** An ordinary hour: everything measured, one target in ten down, one in ten full. */
export function drawSnapshot(set: PolicySet, random: () => number): MetricsSnapshot {
  return {
    epoch: 1,
    targets: set.targets.map(() => {
      const ttft = 100 + Math.floor(400 * random());
      const chance = random();
      return {
        error_rate_1h: 0.01 * random(),
        avg_ttft_ms: ttft,
        success_rate_24h: 1 - 0.02 * random(),
        ttft_ms: { p50: ttft, p90: ttft * 2, p95: ttft * 3, p99: ttft * 5 },
        ms_per_token: 5 + 30 * random(),
        latency_ema_ms: ttft * 8,
        load: random() * 0.8,
        state: chance < 0.1 ? TARGET_STATE.DOWN : chance < 0.2 ? TARGET_STATE.FULL : 0,
      };
    }),
    budgets: set.budgets.map(() => 0),
  };
}
