import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { analyzeRequest, boundCall, judge } from '../../../compiler/interpret/interpret.ts';
import { understand } from '../../../compiler/understand.ts';
import { CODE } from '../../../schema/decision.ts';
import type { PolicySet } from '../../../schema/policy-set.ts';
import { UNMEASURED } from '../../../schema/snapshot.ts';
import { CAPABILITIES } from '../../../schema/vocabulary.ts';

const HINTS = { strict: false, flexible: false, category: null, class: null };

interface House {
  readonly type: string;
  readonly context: number;
  readonly cap: number;
  readonly out: number;
}

const policyOf = ({ type, context, cap, out }: House, claim: string): string => `
backends:
  cloud: { type: ${type}, api_key_env: KEY, models: { big: { context: ${context}, price: { input: 3, output: 15 } } } }
traffic:
  - { name: all, max_cost_per_request: ${cap} }
categories:
  ANY: { max_output_tokens: ${out} }
invariants:
  - { name: cheap, ${claim} }
`;

const judged = (house: House, claim: string) => {
  const { set, invariants, diagnostics } = understand([{ file: 'policy.yaml', text: policyOf(house, claim) }]);
  if (invariants[0] === undefined) throw new Error(diagnostics.map(({ message }) => message).join());
  return { set: set!, verdict: invariants[0], message: diagnostics.map(({ message }) => message).join('\n') };
};

/** Nano-dollars that a routed request costs at most where each of its tokens is `bytes` of the model's own; null where it is not routed. */
function costOf(set: PolicySet, ask: { tokens: number; bytes: number; answers: number; output: number | null }): number | null {
  const body = {
    endpoint: 'chat' as const,
    model: 'big',
    maxOutputTokens: ask.output,
    answers: ask.answers,
    tools: 0,
    required: 1 << CAPABILITIES.indexOf('chat'),
    text: () => '',
  };
  const asked = analyzeRequest(set, { body, hints: HINTS, caller: 0, tokens: ask.tokens });
  const { code } = judge(set, asked, { epoch: 1, targets: [UNMEASURED], budgets: [] }, new Set());
  if (code === CODE.REJECT) return null;
  const most = Math.min(ask.tokens * ask.bytes, set.targets[0]!.context!);
  return boundCall(set.targets[0]!, asked, { high: ask.tokens, most, images: 0, tools: 0, isExact: false });
}

describe('a model with a tokenizer of its own may make a token of each byte', () => {
  const house = { type: 'anthropic', context: 200_000, cap: 0.05, out: 1_000 };

  test('a claim that only holds of tokens as they are counted here is not proven, and says what it may cost', () => {
    const claim = (amount: number) => `when: { input_tokens: "<=1000" }, always: { cost_usd: "<=${amount}" }`;
    const { verdict, message } = judged(house, claim(2.5));
    expect(verdict.outcome).toBe('unclear');
    expect(message).toContain('`cloud/big` has a tokenizer of its own');
    const amount = Number(/up to \$([\d.]+)/.exec(message)![1]);
    expect(amount).toBeGreaterThan(2.5);
    expect(judged(house, claim(amount)).verdict.outcome).toBe('proven');
  });

  test('one that is public is counted as it is', () => {
    const claim = 'when: { input_tokens: "<=1000" }, always: { cost_usd: "<=2.5" }';
    expect(judged({ ...house, type: 'openai' }, claim).verdict.outcome).toBe('proven');
  });

  test('no claim is proven that a request breaks by its bytes', () => {
    let proven = 0;
    let broken = 0;
    const anyCase = fc.record({
      type: fc.constant('anthropic'),
      context: fc.constantFrom(2_000, 32_000, 200_000),
      cap: fc.constantFrom(0.001, 0.02, 0.05, 0.5),
      out: fc.constantFrom(1, 100, 4_096),
      tokens: fc.nat({ max: 40_000 }).map((tokens) => tokens + 7),
      bytes: fc.constantFrom(1, 2, 4, 20, 128),
      answers: fc.constantFrom(1, 2, 7, 128),
      output: fc.option(fc.nat({ max: 5_000 }).map((output) => output + 1)),
      share: fc.constantFrom(0.1, 0.9, 0.999, 1, 2, 200),
    });
    fc.assert(
      fc.property(anyCase, ({ tokens, bytes, answers, output, share, ...any }) => {
        const cost = costOf(judged(any, 'never: { decision: queue }').set, { tokens, bytes, answers, output });
        // Claims reach up to $9,000.
        fc.pre(cost !== null && cost * share < 9e12);
        const nano = Math.max(1, Math.floor(cost! * share));
        const { verdict } = judged(any, `when: { input_tokens: "<=${tokens}" }, always: { cost_usd: "<=${(nano / 1e9).toFixed(9)}" }`);
        if (verdict.outcome === 'proven') proven++;
        if (cost! <= nano) return;
        broken++;
        expect(verdict.outcome).not.toBe('proven');
      }),
      { numRuns: 150, seed: 6 },
    );
    expect(proven).toBeGreaterThan(5);
    expect(broken).toBeGreaterThan(50);
  });
});

describe('the shortest requests and the finest scores are looked at', () => {
  const outcomeOf = (claim: string, more = '') => {
    const text = `backends:\n  box: { type: ollama, models: { small: { capabilities: [chat, embeddings] } } }\n${more}invariants:\n  - { name: it, ${claim} }\n`;
    return understand([{ file: 'policy.yaml', text }]).invariants[0]!.outcome;
  };

  test('a message without role and text, an empty text to embed', () => {
    expect(outcomeOf('never: { endpoint: chat, input_tokens: "<=6" }')).not.toBe('proven');
    expect(outcomeOf('never: { endpoint: chat, input_tokens: "<=5" }')).toBe('proven');
    expect(outcomeOf('never: { endpoint: embeddings, input_tokens: "<=0" }')).toBe('refuted');
  });

  test('a score that takes many tokens for its next millionth', () => {
    const slow = 'classifier: { tokens: { per: 100000000, up_to: 0.9 } }\ncategories:\n  A: { when: { score: "<=0.00001" } }\n';
    expect(outcomeOf('never: { category: none, input_tokens: "<=1099" }', slow)).toBe('proven');
    expect(outcomeOf('never: { category: none, input_tokens: "<=1100" }', slow)).toBe('refuted');
    expect(outcomeOf('never: { category: none, input_tokens: "<=10000000" }', slow)).toBe('refuted');
  });
});
