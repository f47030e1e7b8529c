import { describe, expect, it } from 'vitest';
import { UNKNOWN_PRICE } from '../../../schema/policy-set.ts';
import { understand } from '../../../compiler/understand.ts';
import { LOCAL, setOf, understandText } from './understand-text.ts';

const CAP = { chat: 1, tools: 2, json: 4, vision: 8, embeddings: 16, reasoning: 32 };

describe('backends', () => {
  it('have the defaults of the language', () => {
    const set = setOf(
      'backends:\n  local: { type: ollama, models: { m: {} } }\n  cloud: { type: openai, api_key_env: K, models: { gpt-5: } }\n',
    );
    expect(set.backends[0]).toEqual({
      name: 'local',
      type: 'ollama',
      url: 'http://127.0.0.1:11434',
      apiKeyEnv: null,
      zone: 'restricted',
      cloud: false,
      priority: 50,
      maxInFlight: null,
      labels: {},
      timeouts: { connect: 2_000, firstToken: 60_000, idle: 60_000, total: 600_000 },
      place: { file: 'policies/0.yaml', line: 2, column: 3 },
    });
    expect(set.backends[1]).toMatchObject({ url: 'https://api.openai.com', zone: 'open', cloud: true, apiKeyEnv: 'K' });
    expect(set.targets[0]).toMatchObject({
      tier: 1,
      quality: 500_000,
      context: null,
      capabilities: CAP.chat | CAP.tools | CAP.json | CAP.reasoning,
      price: { input: 0, output: 0, cachedInput: null, source: 'free' },
    });
  });

  it('take price and context from the table where the policy is silent, with every kind of token and the tiers that the context lets apply', () => {
    const set = setOf(`backends:
  o: { type: openai, api_key_env: K, models: { gpt-5: {}, mine: { upstream: gpt-5-mini, price: { input: 1, output: 0.0375 } }, tuned: {} } }
  a: { type: anthropic, api_key_env: K, models: { claude-sonnet-4-5: {}, wide: { upstream: claude-sonnet-4-5, context: 1M } } }
  g: { type: google, api_key_env: K, models: { gemini-2.5-pro: {} } }
`);
    const prices = Object.fromEntries(set.targets.map(({ model, price }) => [set.models[model].name, price]));
    expect(prices['gpt-5']).toEqual({
      input: 1_250_000,
      output: 10_000_000,
      cachedInput: 125_000,
      source: 'table',
      entry: 'openai/gpt-5',
      uncounted: ['storage_searches_kcount', 'web_searches_kcount'],
    });
    expect(prices.mine).toEqual({ input: 1_000_000, output: 37_500, cachedInput: null, source: 'policy' });
    expect(prices.tuned).toEqual({ input: UNKNOWN_PRICE, output: UNKNOWN_PRICE, cachedInput: null, source: 'unknown' });
    const sonnet = { input: 3_000_000, output: 15_000_000, cachedInput: 300_000, cacheWrite5m: 3_750_000, cacheWrite1h: 6_000_000 };
    expect(prices['claude-sonnet-4-5']).toEqual({
      ...sonnet,
      source: 'table',
      entry: 'anthropic/claude-sonnet-4-5',
      uncounted: ['web_searches_kcount'],
    });
    const long = { input: 6_000_000, output: 22_500_000, cachedInput: 600_000, cacheWrite5m: 7_500_000, cacheWrite1h: 12_000_000 };
    expect(prices.wide).toMatchObject({ ...sonnet, tiers: [{ above: 200_000, ...long }] });
    expect(prices['gemini-2.5-pro']).toMatchObject({ input: 1_250_000, tiers: [{ above: 200_000, input: 2_500_000, output: 15_000_000 }] });
    expect(set.targets.map(({ context }) => context)).toEqual([400_000, 400_000, null, 200_000, 1_000_000, null]);
    expect(set.priceTable).toMatch(/genai-prices \d+\.\d+\.\d+ of \d{4}-\d\d-\d\d$/);
  });

  it('say chat where nobody writes it, and do not where embeddings are meant', () => {
    const set = setOf(
      'backends: { l: { type: vllm, models: { a: { capabilities: [tools] }, b: { capabilities: [embeddings] }, c: { capabilities: [] } } } }',
    );
    expect(set.targets.map(({ capabilities }) => capabilities)).toEqual([CAP.chat | CAP.tools, CAP.embeddings, CAP.chat]);
  });

  it.each([
    ['http://h:1/', 'http://h:1'],
    ['http://h:1/v1', 'http://h:1'],
    ['http://h:1/base/v1/', 'http://h:1/base'],
    ['${URL}', '${URL}'],
    ['${URL:-http://h/v1}', '${URL:-http://h/v1}'],
    ['http://${HOST}:${PORT:-80}/v1', 'http://${HOST}:${PORT:-80}'],
  ])('the url %s is kept as %s', (url, expected) => {
    expect(setOf(`backends: { l: { type: vllm, url: "${url}", models: { a: {} } } }`).backends[0].url).toBe(expected);
  });

  it.each([
    'not a url',
    'ftp://h',
    'http://u:p@h',
    'http://h?x=1',
    'http://h#x',
    '${bad-name}',
    'http://${OPEN',
  ])('the url %s is refused', (url) => {
    const { diagnostics } = understandText(`backends: { l: { type: vllm, url: "${url}", models: { a: {} } } }`);
    expect(diagnostics.map(({ rule }) => rule)).toEqual(['bad-value']);
  });
});

describe('names', () => {
  const set = setOf(`backends:
  one: { type: ollama, models: { b: {}, a: {} } }
  two: { type: vllm, models: { a: {}, "org/c": {} } }
auto: { any: { candidates: "*" }, all: { candidates: ["**"] } }
aliases: { third: second, first: a, second: first, pick: any }
fallbacks: { first: [b, pick], any: [a] }
`);

  it('models are rows in order of first declaration, virtual ones behind', () => {
    expect(set.models.map(({ name, virtual, candidates }) => [name, virtual, candidates])).toEqual([
      ['b', false, [0]],
      ['a', false, [1, 2]],
      ['org/c', false, [3]],
      ['any', true, [0, 1, 2]],
      ['all', true, [0, 1, 2, 3]],
    ]);
  });

  it('aliases carry every hop', () => {
    expect(set.names.map(({ name, model, hops }) => [name, model, hops])).toEqual([
      ['b', 0, ['b']],
      ['a', 1, ['a']],
      ['org/c', 2, ['org/c']],
      ['any', 3, ['any']],
      ['all', 4, ['all']],
      ['third', 1, ['third', 'second', 'first', 'a']],
      ['first', 1, ['first', 'a']],
      ['second', 1, ['second', 'first', 'a']],
      ['pick', 3, ['pick', 'any']],
    ]);
  });

  it('fallbacks belong to the model that a name means', () => {
    expect(set.models.map(({ chain }) => chain)).toEqual([[0], [1, 0, 3], [2], [3, 1], [4]]);
  });
});

describe('tasks', () => {
  it('no section: implicit rows only, and nothing scores', () => {
    const set = setOf(LOCAL);
    expect(set.categories).toEqual([
      expect.objectContaining({ implicit: true, maxOutputTokens: null, objective: 'balanced', reference: { input: 1_000, output: 500 } }),
    ]);
    expect(set.classes).toEqual([expect.objectContaining({ implicit: true, candidates: null })]);
    expect(set.policies).toEqual([expect.objectContaining({ implicit: true, privacy: 'unrestricted', minTier: 1, fallbackAllowed: true })]);
    expect(set.callers).toEqual([expect.objectContaining({ implicit: true, sha256: '' })]);
    expect(set.classifier).toEqual({
      keywords: [],
      codeBlock: 0,
      manyLines: { over: 20, add: 0 },
      tokens: { per: 20_000, upTo: 0 },
      expectedOutputTokens: 500,
    });
  });

  it('categories have caps, floors and reference requests', () => {
    const set = setOf(`${LOCAL}
slas: { quick: { total: 1s, first_token: 200ms, at: p95 } }
classifier: { expected_output_tokens: 700, keywords: { Fix: 0.1 }, code_block: 0.1, many_lines: { over: 5, add: 0.05 }, tokens: { per: 100, up_to: 0.5 } }
categories:
  A: { when: { score: "<0.3", input_tokens: "<200" }, min_quality: 0.6, max_cost_per_request: 0.002, max_output_tokens: 600, sla: quick, objective: cost, strict: true }
  B: { when: { input_tokens: ">500" }, min_quality: { relative: 0.98 } }
  C: { when: { input_tokens: "<=9000" } }
  D: {}
`);
    expect(set.categories[0]).toMatchObject({
      name: 'A',
      implicit: false,
      when: { score: { op: '<', value: 300_000 }, inputTokens: { op: '<', value: 200 } },
      minQuality: 600_000,
      relativeQuality: null,
      maxCost: 2_000_000_000,
      maxOutputTokens: 600,
      sla: 0,
      objective: 'cost',
      strict: true,
    });
    expect(set.categories[1]).toMatchObject({
      minQuality: null,
      relativeQuality: 980_000,
      maxOutputTokens: 4_096,
      objective: 'balanced',
      strict: false,
    });
    expect(set.categories.map(({ reference }) => reference)).toEqual([
      { input: 200, output: 600 },
      { input: 200, output: 700 },
      { input: 9_000, output: 700 },
      { input: 9_000, output: 700 },
      { input: 1_000, output: 700 },
    ]);
    expect(set.slas).toEqual([{ name: 'quick', firstToken: 200, total: 1_000, at: 'p95', place: expect.anything() }]);
    expect(set.classifier).toEqual({
      keywords: [{ word: 'fix', weight: 100_000 }],
      codeBlock: 100_000,
      manyLines: { over: 5, add: 50_000 },
      tokens: { per: 100, upTo: 500_000 },
      expectedOutputTokens: 700,
    });
  });

  it('classes narrow to targets', () => {
    const set = setOf(
      `${LOCAL}classes: { big: { when: { words: [Prove, prove], tools: ">0", code_block: true }, candidates: "l*" }, any: {} }\n`,
    );
    expect(set.classes[0]).toMatchObject({
      when: { words: ['prove'], tools: { op: '>', value: 0 }, codeBlock: true, inputTokens: null },
      candidates: [1],
    });
    expect(set.classes[1]).toMatchObject({ implicit: false, candidates: null });
  });
});

describe('traffic', () => {
  it('keeps order, rows and comments over files', () => {
    const set = setOf(
      `${LOCAL}
slas: { quick: { total: 1s } }
categories: { FAST: {} }
keys:
  svc: { sha256: "${'AB'.repeat(32)}", team: search, labels: { env: prod }, scopes: [admin] }
traffic:
  # customer data
  #   stays inside
  - name: one # beside
    match: { model: [a*, b], key: svc, team: search, label: { env: prod }, category: FAST, endpoint: chat }
    privacy: restricted
    min_tier: 2
    max_cost_per_request: 0.25
    fallback_allowed: false
    sla: quick
    max_error_rate: 0.05
    min_success_rate: 0.9
    max_ttft: 800ms

  - name: two
    match: { team: search }
`,
      `# yaml-language-server: $schema=x
traffic: # about all
  - { name: three, match: { category: FAST } }
`,
    );
    expect(set.policies.map(({ name, comment }) => [name, comment])).toEqual([
      ['one', 'customer data stays inside beside'],
      ['two', null],
      ['three', null],
      ['everything-else', null],
    ]);
    expect(set.policies[0]).toMatchObject({
      match: { model: ['a*', 'b'], key: ['svc'], team: ['search'], label: { env: 'prod' }, category: [0], endpoint: ['chat'] },
      privacy: 'restricted',
      minTier: 2,
      maxCost: 250_000_000_000,
      fallbackAllowed: false,
      sla: 0,
      maxErrorRate: 50_000,
      minSuccessRate: 900_000,
      maxTtft: 800,
    });
    expect(set.callers[0]).toMatchObject({
      name: 'svc',
      sha256: 'ab'.repeat(32),
      team: 'search',
      labels: { env: 'prod' },
      scopes: ['admin'],
    });
  });
});

describe('budgets', () => {
  it('are bound', () => {
    const { set, diagnostics } = understandText(`${LOCAL}
categories: { FAST: {} }
budgets:
  company: { limit_usd: 1000 }
  some: { scope: { category: FAST, team: t, backend: local, model: small }, limit_usd: 0.5, period: day, soft_limit_percent: 80, hard_limit_action: block_all }
`);
    expect(diagnostics).toEqual([]);
    expect(set?.unenforced).toEqual([]);
    expect(set?.budgets[0]).toMatchObject({ limit: 1e12, period: 'month', softLimitPercent: 75, hardLimitAction: 'block_cloud' });
    expect(set?.budgets[1]).toMatchObject({
      scope: { category: 0, class: null, key: null, team: 't', backend: 0, model: 0 },
      limit: 5e8,
      period: 'day',
      softLimitPercent: 80,
      hardLimitAction: 'block_all',
    });
  });

  it.each([
    ['{ scope: { model: small }, limit_usd: 1 }', []],
    ['{ scope: { model: any }, limit_usd: 1 }', ['unknown-price']],
    ['{ scope: { model: leads-there }, limit_usd: 1 }', ['unknown-price']],
    ['{ limit_usd: 1, hard_limit_action: warn }', []],
    ['{ limit_usd: 1, hard_limit_action: block_all }', ['unknown-price']],
  ])('a price is needed where a budget can block: %s', (budget, expected) => {
    const { diagnostics } = understandText(`${LOCAL}
  cloud: { type: openai, api_key_env: K, models: { tuned: {} } }
auto: { any: { candidates: "*" } }
fallbacks: { large: [tuned] }
aliases: { leads-there: large }
budgets: { b: ${budget} }
`);
    expect(diagnostics.filter(({ severity }) => severity === 'error').map(({ rule }) => rule)).toEqual(expected);
  });
});

describe('one mistake', () => {
  it('hides only what depends on it', () => {
    const { set, diagnostics } = understandText(`
backends:
  bad: { type: olama, models: { hidden: {} } }
  good: { type: vllm, models: { seen: {} } }
aliases: { to-hidden: hidden, to-seen: seen, to-nothing: nothing }
fallbacks: { seen: [hidden] }
auto: { any: { candidates: [hidden, seen] } }
traffic:
  - name: first
  - name: shadowed
    sla: nowhere
`);
    expect(set).toBeNull();
    expect(diagnostics.map(({ rule, place }) => [rule, place.line])).toEqual([
      ['bad-value', 3],
      ['unknown-reference', 5],
      ['unknown-reference', 11],
    ]);
  });

  it('a file that cannot be read explains the names that are missed', () => {
    const broken = 'aliases: { lost: a }\nbackends: { x: [ }\n';
    expect(understandText(broken, `${LOCAL}fallbacks: { small: [lost] }\n`).diagnostics.map(({ rule }) => rule)).toEqual(['yaml-syntax']);
    expect(understandText(broken, `${LOCAL}fallbacks: { small: [other] }\n`).diagnostics.map(({ rule }) => rule)).toEqual([
      'yaml-syntax',
      'unknown-reference',
    ]);
  });

  it('findings do not depend on the order in which files are given', () => {
    const files = [
      { file: 'b.yaml', text: `${LOCAL}aliases: { x: small }\n` },
      { file: 'a.yaml', text: 'aliases: { x: large, y: nothing }\n' },
    ];
    expect(understand(files)).toEqual(understand([...files].reverse()));
  });
});
