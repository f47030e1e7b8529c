import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { emit } from '../../../compiler/emit/emit.ts';
import type { PriceSteps } from '../../../compiler/emit/kernel/data.ts';
import { type Plan, plan } from '../../../compiler/plan/plan.ts';
import { loadRouter } from '../../../compiler/prove/load-router.ts';
import { prove } from '../../../compiler/prove/prove.ts';
import { understand } from '../../../compiler/understand.ts';
import type { PolicySet } from '../../../schema/policy-set.ts';

/** A policy that uses every axis. */
const POLICY = `
backends:
  home: { type: ollama, tier: 2, priority: 90, models: { small: { quality: 0.6, context: 8k, price: free }, code: { tier: 3, quality: 0.72, context: 32k, price: free, capabilities: [chat, tools, json] } } }
  cloud: { type: openai, api_key_env: OPENAI_API_KEY, tier: 4, models: { mid: { quality: 0.82, context: 128k, price: { input: 0.25, output: 2 } }, big: { quality: 0.93, tier: 5, context: 400k, capabilities: [chat, tools, json, vision], price: { input: 1.25, output: 10 } }, vec: { capabilities: [embeddings], context: 8k, price: { input: 0.02, output: 0 } } } }
aliases: { best: big, default: auto }
fallbacks: { big: [mid, code] }
auto: { auto: { candidates: ["*"] } }
traffic:
  - { name: inside, match: { model: "default" }, privacy: restricted, fallback_allowed: false }
  - { name: strong, match: { model: ["big", "mid", "auto"], team: core }, min_tier: 5, max_cost_per_request: 0.02, sla: quick, max_error_rate: 0.1 }
  - { name: cheap, match: { category: FAST }, max_cost_per_request: 0.001 }
keys: { ci: { sha256: "${'a'.repeat(64)}", team: core, scopes: [llm:invoke] } }
slas: { quick: { first_token: 500ms, at: p95 }, slow: { total: 20s } }
classifier: { keywords: { design: 0.4, fix: 0.1 }, code_block: 0.1, tokens: { per: 20000, up_to: 0.5 } }
categories:
  FAST: { when: { score: "<0.3", input_tokens: "<200" }, min_quality: 0.6, max_output_tokens: 1024, objective: cost }
  HARD: { when: { input_tokens: "<10000" }, min_quality: 0.7, sla: slow, objective: quality }
  HUGE: { strict: true, min_quality: { relative: 0.98 }, objective: balanced }
classes: { proof: { when: { words: [prove] }, candidates: [big] } }
budgets: { all: { limit_usd: 10, hard_limit_action: block_cloud }, core: { scope: { team: core }, limit_usd: 1, hard_limit_action: block_all } }
`;

const set = ((): PolicySet => {
  const { set, diagnostics } = understand([{ file: 'policies/all.yaml', text: POLICY }]);
  if (set === null) throw new Error(JSON.stringify(diagnostics));
  return set;
})();

const write = async (planned: Plan): Promise<string> => (await emit(set, planned, { compiler: 'test', sources: [] })).loadable;
const survives = (loadable: string): boolean => prove(set, loadRouter(loadable)).difference === null;
const sound = await write(plan(set));

describe('a sound router', () => {
  test('is proven', () => {
    expect(survives(sound)).toBe(true);
  });

  test('has every axis', () => {
    const axes = plan(set).data.axes.map(({ axis }) => axis);
    expect(axes).toEqual([
      'model',
      'class',
      'capability',
      'context',
      'privacy',
      'cost',
      'budget',
      'tier',
      'quality',
      'measured',
      'sla',
      'live',
    ]);
  });
});

/** Every fault is planted alone, in a copy; the proof must refuse each. */
const mutate = (change: (data: Plan['data']) => void): Plan => {
  const planned = plan(set);
  const copy: Plan = { ...planned, data: structuredClone(planned.data) as Plan['data'] };
  change(copy.data);
  return copy;
};
type Writable<T> = { -readonly [K in keyof T]: Writable<T[K]> };
const open = <T>(value: T): Writable<T> => value as Writable<T>;

describe('faults in constraints: one flipped bit in any row of any table', () => {
  const { data } = plan(set);
  const flips = data.axes.flatMap(({ axis, content, rows }, at) =>
    content.kind === 'static' || content.kind === 'price'
      ? Array.from({ length: rows * set.targets.length }, (_, i) => ({
          axis,
          at,
          row: Math.floor(i / set.targets.length),
          target: i % set.targets.length,
        })).filter(({ row, target }) => content.kind !== 'price' || !isHarmless(content.prices[row]!, target))
      : [],
  );
  /** A target let in when a dearer one fits is let in anyway: flipping that bit changes no decision. */
  function isHarmless(steps: PriceSteps, target: number): boolean {
    const { rates } = data.columns[target]!;
    const differences = [...rates, ...steps.map(([above]) => ({ above }))].map(({ above }) => {
      const own = rates.findLast((tier) => tier.above <= above)!;
      const [, input, output] = steps.findLast((step) => step[0] <= above)!;
      return [input - own.input, output - own.output];
    });
    return differences.flat().every((dearer) => dearer >= 0) && differences.flat().some((dearer) => dearer > 0);
  }
  test.each(flips)('$axis row $row target $target', async ({ at, row, target }) => {
    const loadable = await write(
      mutate((copy) => {
        const content = open(copy.axes[at]!.content);
        if (content.kind === 'static' || content.kind === 'price') content.masks[row]! ^= 0x80000000 >>> target;
        if (content.kind === 'static' || content.kind === 'price') content.masks[row]! >>>= 0;
      }),
    );
    expect(survives(loadable)).toBe(false);
  });
});

describe('faults in the plan', () => {
  const faults: [string, (data: Writable<Plan['data']>) => void][] = [
    ['a name that means another model', (data) => (data.names[1]!.model = 0)],
    ['a fallback chain in another order', (data) => data.models[3]!.chain.reverse()],
    ['policies of a name in another order', (data) => data.lists.find((list) => list.length > 1)!.reverse()],
    ['a policy without its callers', (data) => (data.policies[1]!.callers = -1)],
    ['a policy without its category', (data) => (data.policies[2]!.categories = -1)],
    ['a cost cap a thousand times too high', (data) => (data.policies[2]!.maxCost *= 1000)],
    ['fallback allowed where it is not', (data) => (data.policies[0]!.fallback = true)],
    ['a category with another output cap', (data) => (data.categories[0]!.maxOutputTokens = 2048)],
    ['a threshold shifted by one', (data) => (data.categories[0]!.inputTokens!.value += 1)],
    ['< read as <=', (data) => (data.categories[1]!.inputTokens!.op = -1)],
    ['a keyword with another weight', (data) => ((data.classifier.keywords[0] as [string, number])[1] = 100_000)],
    ['a class that looks for another word', (data) => (data.classes[0]!.words = ['disprove'])],
    ['columns of another price', (data) => (data.columns[2]!.rates[0]!.input *= 2)],
    ['columns of another quality', (data) => (data.columns[2]!.quality = 999_999)],
    ['columns of another priority', (data) => (data.columns[0]!.priority = 1)],
    ['an objective exchanged', (data) => (data.rankClasses[0]!.objective = 'quality')],
    ['a soft limit that is none', (data) => (data.rankClasses[data.softFrom]!.soft = false)],
  ];
  test.each(faults)('%s', async (_, plant) => {
    expect(survives(await write(mutate((data) => plant(open(data)))))).toBe(false);
  });

  test('an index row exchanged, in every index', async () => {
    const planned = plan(set);
    const survivors: string[] = [];
    for (const [axis, index] of planned.indexes) {
      if (index.by === 'need' || index.by[0] === 'required') continue;
      const rows = [...index.rows];
      const other = rows.findIndex((row) => row !== rows[0]);
      [rows[0], rows[other]] = [rows[other]!, rows[0]!];
      const loadable = await write({ ...planned, indexes: new Map([...planned.indexes, [axis, { ...index, rows }]]) });
      if (survives(loadable)) survivors.push(axis);
    }
    expect(survivors).toEqual([]);
  });
});

describe('faults in what is emitted', () => {
  const faults: [string, string | RegExp, string][] = [
    ['context compared with >= instead of >', /need > 8000\)/, 'need >= 8000)'],
    ['a filter dropped from the conjunction', /masks\[\(o \+ at\.privacy\) \| 0\] & /, ''],
    ['excluded targets let in', '~excluded[x]', '-1'],
    ['quality floors never relaxed', '(qc0 | relax)', 'qc0'],
    ['tier floors always relaxed', /const flexible = .*;/, 'const flexible = -1;'],
    ['a cost compared with >= instead of >', /> intent\.costCap\) - 1/g, '>= intent.costCap) - 1'],
    ['levels taken in another order', /level = \(2 & n2\)/, 'level = (3 & n2)'],
    ['the loading bit of another target', '(31 - (known & 31))', '(30 - (known & 31))'],
    ['the cheap order forgotten', 'const rc = at.cheap', 'const rc = at.rank'],
  ];
  test.each(faults)('%s', (_, pattern, replacement) => {
    const faulty = sound.replace(pattern, replacement);
    expect(faulty).not.toBe(sound);
    expect(survives(faulty)).toBe(false);
  });
});

test('a router with a branch is not emitted', async () => {
  const { inspectRoute } = await import('../../../compiler/emit/typescript.ts');
  const page = readFileSync(new URL('../../../generated/router.ts', import.meta.url), 'utf8');
  expect(inspectRoute(page).branches).toEqual([]);
  for (const branch of [
    'if (at) return 1;',
    'const z = at ? 1 : 2;',
    'const z = at && 1;',
    'const z = at || 1;',
    'const z = at ?? 1;',
    'at?.rank;',
    'for (;;) {}',
    'while (at) {}',
    'try {} finally {}',
    'const z = () => 1;',
    'const z = [1];',
    'const z = { a: 1 };',
    'const z = new Map();',
    'foo();',
    'Math.max(...masks);',
    'switch (at) {}',
  ]) {
    const planted = page.replace('const { masks, permutation } = live;\n', `const { masks, permutation } = live;\n  ${branch}\n`);
    expect([branch, inspectRoute(planted).branches.length > 0]).toEqual([branch, true]);
  }
});
