import { describe, expect, test } from 'vitest';
import { emit } from '../../../compiler/emit/emit.ts';
import { type Plan, plan } from '../../../compiler/plan/plan.ts';
import { loadRouter } from '../../../compiler/prove/load-router.ts';
import { prove } from '../../../compiler/prove/prove.ts';
import { understand } from '../../../compiler/understand.ts';
import type { PolicySet } from '../../../schema/policy-set.ts';

/** Every kind of price that the table knows: tiers, cache writes, audio, images, a rate that is announced; budgets of every scope. */
const POLICY = `
backends:
  home: { type: ollama, models: { small: { context: 32k } } }
  openai: { type: openai, api_key_env: OPENAI_API_KEY, models: { gpt-5.6-sol: {}, gpt-audio: {}, gpt-realtime: {}, gpt-4o-mini: { capabilities: [chat, tools, vision] } } }
  claude: { type: anthropic, api_key_env: ANTHROPIC_API_KEY, models: { claude-opus-4-5: {} } }
  google: { type: google, api_key_env: GEMINI_API_KEY, models: { gemini-3.6-flash: {}, gemini-2.5-flash-image: {} } }
  rented: { type: generic, zone: open, url: "http://rented.test", models: { odd: {}, fine: { price: { input: 0.0371, output: 0.1003 } } } }
auto: { auto: { candidates: ["*"] } }
keys: { ci: { sha256: "${'a'.repeat(64)}", team: core, scopes: [llm:invoke] } }
classes: { tools: { when: { tools: ">0" }, candidates: ["*"] } }
categories: { FAST: { when: { input_tokens: "<200" }, max_cost_per_request: 0.001 }, DEEP: { max_cost_per_request: 2 } }
budgets:
  all: { limit_usd: 10, hard_limit_action: warn }
  claude: { scope: { backend: claude }, limit_usd: 3, hard_limit_action: warn }
  core: { scope: { team: core, category: FAST }, limit_usd: 1, hard_limit_action: warn }
`;

const set = ((): PolicySet => {
  const { set, diagnostics } = understand([{ file: 'policies/all.yaml', text: POLICY }]);
  if (set === null) throw new Error(JSON.stringify(diagnostics));
  return set;
})();
const write = async (planned: Plan): Promise<string> => (await emit(set, planned, { compiler: 'test', sources: [] })).loadable;
const survives = (loadable: string): boolean => prove(set, loadRouter(loadable)).difference === null;
const sound = await write(plan(set));

const row = (model: string): number => set.targets.findIndex(({ upstream }) => upstream === model);

test('the policy has every kind of price', () => {
  const { price } = set.targets[row('gpt-5.6-sol')];
  expect(price.tiers).toHaveLength(1);
  expect(price.cacheWrite5m).toBeGreaterThan(price.input);
  expect(set.targets[row('claude-opus-4-5')].price.cacheWrite1h).toBeGreaterThan(0);
  expect(set.targets[row('gpt-audio')].price.outputAudio).toBeGreaterThan(0);
  expect(set.targets[row('gemini-2.5-flash-image')].price.outputImage).toBeGreaterThan(0);
  expect(set.targets[row('gemini-3.6-flash')].price.next?.from).toBe('2027-01-01');
  expect(set.targets[row('odd')].price.source).toBe('unknown');
});

test('a sound router is proven', () => {
  expect(prove(set, loadRouter(sound)).difference).toBeNull();
});

type Open<T> = { -readonly [K in keyof T]: Open<T[K]> };

describe('faults in the plan', () => {
  const faults: [string, (data: Open<Plan['data']>) => void][] = [
    ...(
      ['input', 'output', 'cachedInput', 'cacheWrite5m', 'cacheWrite1h', 'inputAudio', 'outputAudio', 'inputImage', 'outputImage'] as const
    ).map((kind): [string, (data: Open<Plan['data']>) => void] => [
      `another rate of ${kind}`,
      ({ columns }) => {
        const rates = columns.flatMap((column) => column.rates).find((tier) => typeof tier[kind] === 'number' && tier[kind] > 0);
        if (rates) rates[kind] = rates[kind]! + 1000;
      },
    ]),
    ['a tier that begins one token later', ({ columns }) => (columns[row('gpt-5.6-sol')].rates[1].above += 1)],
    ['no tier', ({ columns }) => columns[row('gpt-5.6-sol')].rates.pop()],
    ['a bound at the rates of short prompts', ({ columns }) => columns[row('gpt-5.6-sol')].dearest.pop()],
    ['a bound without cache writes', ({ columns }) => (columns[row('claude-opus-4-5')].dearest[0].input /= 2)],
    ['a bound without images put out', ({ columns }) => (columns[row('gemini-2.5-flash-image')].dearest[0].output = 2_500_000)],
    ['a bound without what is announced', ({ columns }) => (columns[row('gemini-3.6-flash')].dearest[0].output /= 2)],
    ['a stand-in count taken for exact', ({ columns }) => (columns[row('claude-opus-4-5')].exact = true)],
    ['a tool list that costs nothing', ({ columns }) => (columns[row('claude-opus-4-5')].overhead.tools = 0)],
    ['an image as cheap as elsewhere', ({ columns }) => (columns[row('gpt-4o-mini')].overhead.image = 1_445)],
    ['an unknown price taken for known', ({ columns }) => (columns[row('odd')].known = true)],
    ['a budget of every backend', ({ budgets }) => (budgets[1].backend = null)],
    ['a budget of another backend', ({ budgets }) => (budgets[1].backend = 'openai')],
    [
      'a price class without its tier',
      ({ axes }) => {
        for (const { content } of axes) if (content.kind === 'price') for (const steps of content.prices) steps.splice(1);
      },
    ],
  ];
  test.each(faults)('%s', async (_, plant) => {
    const planned = plan(set);
    const data = structuredClone(planned.data) as Open<Plan['data']>;
    plant(data);
    expect(data).not.toEqual(planned.data);
    expect(survives(await write({ ...planned, data: data as Plan['data'] }))).toBe(false);
  });
});

describe('faults in what is emitted', () => {
  const faults: [string, string | RegExp, string][] = [
    ['bounds rounded down', 'whole + Math.ceil(rest / 1000)', 'whole + Math.floor(rest / 1000)'],
    ['costs added up as floating point', /const wholes = .*;/, 'const wholes = (tokens, rate) => Math.ceil((tokens * rate) / 1000);'],
    ['answers left out', 'const { answers } = intent;', 'const answers = 1;'],
    ['the tier of fresh input alone', /const prompt = usage\.input \+ .*;/, 'const prompt = usage.input;'],
    ['a tier from its threshold on', 'tokens <= tiers[at].above', 'tokens < tiers[at].above'],
    ['shares larger than their part', 'Math.min(text, usage[share.of] ?? 0)', '(usage[share.of] ?? 0)'],
    ['the scope of another request', 'scopes[intent.at.scope]', 'scopes[0]'],
    ['a tier never reached by route', /\+\(intent\.input > 271999\)/g, '+(intent.input > 999999999)'],
    ['images counted once', 'intent.images * Math.max', 'Math.max'],
  ];
  test.each(faults)('%s', (_, pattern, replacement) => {
    const faulty = sound.replace(pattern, replacement);
    expect(faulty).not.toBe(sound);
    expect(survives(faulty)).toBe(false);
  });
});
