import fc from 'fast-check';
import type { Bound, PolicySet } from '../../schema/policy-set.ts';
import { BACKEND_TYPES, ENDPOINTS, HARD_LIMIT_ACTIONS, OBJECTIVES, PERCENTILES, PRIVACIES, ZONES } from '../../schema/vocabulary.ts';
import { buildPolicySet, type Sketch, type TargetSketch } from './build-policy-set.ts';

/** Bounds of the sets drawn. Small sets are the most frequent; the bounds and the word sizes 32 and 64 are reached on purpose. */
export interface PolicySetBounds {
  readonly maxTargets?: number;
  readonly maxPolicies?: number;
}

/** Names that differ in the ways that matter to globs: prefixes of one another, slashes, dots, case, non-ASCII. */
const MODEL_NAMES = [
  'gpt-5',
  'gpt-5-mini',
  'claude-sonnet-4-5',
  'llama3.2',
  'Llama3.2',
  'org/',
  'org/chat',
  'org/chat:7b',
  '.hidden',
  'größe',
  'a',
  'ab',
  'b',
];
const ALIAS_NAMES = ['gpt-4', 'default', 'smart', 'org/default', 'a2', 'best', 'support', 'support-old', 'cheap', 'z'];
const VIRTUAL_NAMES = ['auto', 'support-chat', 'org/auto', 'fast'];
const GLOBS = [
  '*',
  '**',
  'gpt-*',
  '*-5',
  'org/*',
  'org/**',
  'support*',
  '*a*',
  '?',
  'a?',
  '[ab]',
  '{gpt-5,a}',
  'gpt-5{,-mini}',
  '*.2',
  'nothing',
];
export const TEAMS = ['platform', 'search', 'support'];
export const KEYWORDS = ['refactor', 'fix', 'multi-tenant', 'test', 'größe'];
const ROWS = fc.nat(0xffff);
const COSTS = fc.oneof(fc.constantFrom(0, 1, 100, 600, 2e9, 5e9, 5e10, 1e12), fc.nat(2e9));
const PRICES = fc.oneof(
  { weight: 3, arbitrary: fc.constant('free' as const) },
  { weight: 1, arbitrary: fc.constant('unknown' as const) },
  {
    weight: 6,
    arbitrary: fc.record({ input: fc.constantFrom(0, 1, 1_250_000, 3_000_000), output: fc.constantFrom(0, 1, 2, 10_000_000, 15_000_000) }),
  },
);

const backend = fc.record({
  type: fc.constantFrom(...BACKEND_TYPES),
  zone: fc.constantFrom(undefined, ...ZONES),
  priority: fc.constantFrom(50, 50, 100, 1, 0),
});
const target = fc.record({
  backend: ROWS,
  model: ROWS,
  tier: fc.integer({ min: 1, max: 5 }),
  quality: fc.oneof(fc.constantFrom(0, 500_000, 600_000, 700_000, 750_000, 1_000_000), fc.nat(1_000_000)),
  context: fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(null, 32_768, 128_000) },
    { weight: 2, arbitrary: fc.constantFrom(1, 100, 600, 4_096, 8_192) },
  ),
  capabilities: fc.oneof(
    { weight: 12, arbitrary: fc.constant(undefined) },
    { weight: 3, arbitrary: fc.nat(63).map((bits) => bits | 1) },
    { weight: 1, arbitrary: fc.nat(63) },
  ),
  price: PRICES,
});
const rate = maybe(fc.constantFrom(0, 50_000, 500_000, 990_000, 1_000_000), 6);
const policy = fc.record({
  globs: maybe(fc.array(ROWS, { minLength: 1, maxLength: 3 }), 3),
  key: maybe(ROWS, 8),
  team: maybe(fc.subarray(TEAMS, { minLength: 1 }), 6),
  label: maybe(fc.record({ env: fc.constantFrom('prod', 'dev') }), 8),
  category: maybe(fc.array(ROWS, { minLength: 1, maxLength: 2 }), 6),
  endpoint: maybe(fc.subarray([...ENDPOINTS], { minLength: 1 }), 6),
  privacy: fc.constantFrom('unrestricted' as const, ...PRIVACIES),
  minTier: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 5 })),
  maxCost: maybe(COSTS, 3),
  fallbackAllowed: fc.boolean(),
  sla: maybe(ROWS, 4),
  maxErrorRate: rate,
  minSuccessRate: rate,
  maxTtft: maybe(fc.constantFrom(0, 1, 250, 800), 6),
});
const category = fc.record({
  score: maybe(anyBound(fc.constantFrom(0, 100_000, 300_000, 600_000, 1_000_000)), 3),
  inputTokens: maybe(anyBound(fc.constantFrom(0, 1, 100, 200, 1_000, 10_000)), 3),
  floor: maybe(fc.tuple(fc.boolean(), fc.constantFrom(0, 600_000, 700_000, 800_000, 980_000, 1_000_000)), 2),
  maxCost: maybe(COSTS, 3),
  maxOutputTokens: maybe(fc.constantFrom(1, 100, 500, 1_024, 8_192), 3),
  sla: maybe(ROWS, 3),
  objective: fc.constantFrom(...OBJECTIVES),
  strict: fc.boolean(),
  reference: fc.constantFrom(
    { input: 1_000, output: 500 },
    { input: 100, output: 1 },
    { input: 1, output: 0 },
    { input: 10_000, output: 4_096 },
  ),
});
const taskClass = fc.record({
  words: maybe(fc.subarray(KEYWORDS, { minLength: 1 }), 2),
  tools: maybe(anyBound(fc.constantFrom(0, 1, 3)), 4),
  codeBlock: maybe(fc.boolean(), 4),
  inputTokens: maybe(anyBound(fc.constantFrom(1, 100, 200, 10_000)), 4),
  candidates: maybe(fc.array(ROWS, { maxLength: 3 }), 4),
});
const sla = fc.record({
  firstToken: maybe(fc.constantFrom(0, 1, 250, 800, 5_000), 2),
  total: maybe(fc.constantFrom(0, 1_000, 5_000, 20_000), 2),
  at: fc.constantFrom(...PERCENTILES),
});
const budget = fc.record({
  category: maybe(ROWS, 3),
  class: maybe(ROWS, 4),
  key: maybe(ROWS, 4),
  team: maybe(fc.constantFrom(...TEAMS), 4),
  backend: maybe(ROWS, 4),
  model: maybe(ROWS, 4),
  hardLimitAction: fc.constantFrom(...HARD_LIMIT_ACTIONS),
});
const caller = fc.record({ team: maybe(fc.constantFrom(...TEAMS), 2), label: maybe(fc.constantFrom('prod', 'dev'), 2) });
const classifier = fc.record({
  keywords: fc
    .subarray(KEYWORDS)
    .chain((words) =>
      fc.tuple(...words.map((word) => fc.record({ word: fc.constant(word), weight: fc.constantFrom(0, 100_000, 250_000, 600_000) }))),
    ),
  codeBlock: fc.constantFrom(0, 100_000),
  manyLines: fc.record({ over: fc.constantFrom(0, 1, 3, 20), add: fc.constantFrom(0, 50_000) }),
  tokens: fc.record({ per: fc.constantFrom(1, 3, 20_000), upTo: fc.constantFrom(0, 300_000, 500_000, 1_000_000) }),
  expectedOutputTokens: fc.constantFrom(0, 1, 100, 500, 10_000),
});

/** Any resolved policy: aliases up to three hops, virtual models, fallback chains, classes, categories and budgets of every kind. */
export function anyPolicySet({ maxTargets = 12, maxPolicies = 8 }: PolicySetBounds = {}): fc.Arbitrary<PolicySet> {
  return fc
    .record({
      backends: fc.array(backend, { minLength: 1, maxLength: maxTargets > 64 ? 24 : 6, size: 'max' }),
      targets: anyLengthOf(target, 1, maxTargets),
      modelSpread: fc.integer({ min: 1, max: maxTargets }),
      virtual: fc.array(maybe(fc.array(ROWS, { maxLength: 4 }), 2), { maxLength: VIRTUAL_NAMES.length, size: 'max' }),
      aliases: fc.array(ROWS, { maxLength: ALIAS_NAMES.length, size: 'max' }),
      fallbacks: fc.array(fc.tuple(ROWS, fc.array(ROWS, { minLength: 1, maxLength: 3 })), { maxLength: 12, size: 'max' }),
      policies: anyLengthOf(policy, 0, maxPolicies),
      categories: fc.array(category, { maxLength: 4, size: 'max' }),
      classes: fc.array(taskClass, { maxLength: 3, size: 'max' }),
      slas: fc.array(sla, { maxLength: 3, size: 'max' }),
      budgets: fc.array(budget, { maxLength: 5, size: 'max' }),
      callers: fc.array(caller, { maxLength: 4, size: 'max' }),
      classifier,
    })
    .map((drawn) => buildPolicySet(sketchOf(drawn)));
}

type Drawn<A> = A extends fc.Arbitrary<infer T> ? T : never;

interface Draw {
  readonly backends: Drawn<typeof backend>[];
  readonly targets: Drawn<typeof target>[];
  readonly modelSpread: number;
  readonly virtual: (number[] | null)[];
  readonly aliases: number[];
  readonly fallbacks: [number, number[]][];
  readonly policies: Drawn<typeof policy>[];
  readonly categories: Drawn<typeof category>[];
  readonly classes: Drawn<typeof taskClass>[];
  readonly slas: Drawn<typeof sla>[];
  readonly budgets: Drawn<typeof budget>[];
  readonly callers: Drawn<typeof caller>[];
  readonly classifier: Drawn<typeof classifier>;
}

/** Rows were drawn without knowing how many there are: here they are folded into range and become names. */
function sketchOf(drawn: Draw): Sketch {
  const backends = drawn.backends.map((given, row) => ({
    name: `backend-${row}`,
    type: given.type,
    priority: given.priority,
    ...(given.zone && { zone: given.zone }),
  }));
  const targets = placeTargets(drawn);
  const real = [...new Set(targets.map((given) => given.model))];
  const virtual = Object.fromEntries(drawn.virtual.map((rows, row) => [VIRTUAL_NAMES[row], rows === null ? ['*'] : rows.map(pick(real))]));
  const models = [...real, ...Object.keys(virtual)];
  const aliases = aliasesOf(drawn.aliases, models);
  const globs = [...GLOBS, ...models, ...Object.keys(aliases)];
  const categoryNames = drawn.categories.map((_, row) => `CATEGORY-${row}`);
  const classNames = drawn.classes.map((_, row) => `class-${row}`);
  const slaNames = drawn.slas.map((_, row) => `sla-${row}`);
  const callerNames = drawn.callers.map((_, row) => `caller-${row}`);
  return {
    backends,
    targets,
    virtual,
    aliases,
    fallbacks: Object.fromEntries(
      drawn.fallbacks.map(([row, others]) => {
        const model = pick(models)(row);
        return [model, [...new Set(others.map(pick(models)))].filter((other) => other !== model)];
      }),
    ),
    policies: drawn.policies.map(({ globs: rows, key, team, label, category: categories, endpoint, sla: slaRow, ...constraints }) => ({
      ...constraints,
      sla: pickMaybe(slaNames)(slaRow),
      match: {
        model: rows?.map(pick(globs)) ?? null,
        key: key === null || callerNames.length === 0 ? null : [pick(callerNames)(key)],
        team,
        label,
        category: categories === null || categoryNames.length === 0 ? null : [...new Set(categories.map(pick(categoryNames)))],
        endpoint,
      },
    })),
    categories: drawn.categories.map(({ score, inputTokens, floor, sla: slaRow, ...rest }, row) => ({
      ...rest,
      name: categoryNames[row],
      when: { score, inputTokens },
      minQuality: floor !== null && !floor[0] ? floor[1] : null,
      relativeQuality: floor?.[0] ? floor[1] : null,
      sla: pickMaybe(slaNames)(slaRow),
    })),
    classes: drawn.classes.map(({ candidates, ...when }, row) => ({
      name: classNames[row],
      when,
      candidates: candidates?.map(pick(real)) ?? null,
    })),
    slas: drawn.slas.map((given, row) => ({ ...given, name: slaNames[row] })),
    budgets: drawn.budgets.map((given) => ({
      hardLimitAction: given.hardLimitAction,
      scope: {
        category: pickMaybe(categoryNames)(given.category),
        class: pickMaybe(classNames)(given.class),
        key: pickMaybe(callerNames)(given.key),
        team: given.team,
        backend: pickMaybe(backends.map(({ name }) => name))(given.backend),
        model: pickMaybe(models)(given.model),
      },
    })),
    callers: drawn.callers.map((given, row) => ({
      name: callerNames[row],
      team: given.team,
      labels: labelsOf(given.label),
    })),
    classifier: drawn.classifier,
  };
}

/** (backend, model) pairs are distinct: a pair drawn twice moves on to the next model. */
function placeTargets({ backends, targets, modelSpread }: Draw): TargetSketch[] {
  const taken = new Set<string>();
  return targets.map(({ capabilities, ...given }) => {
    const backendName = `backend-${given.backend % backends.length}`;
    let model = given.model % modelSpread;
    while (taken.has(`${backendName} ${model}`)) model++;
    taken.add(`${backendName} ${model}`);
    return {
      ...given,
      backend: backendName,
      model: MODEL_NAMES[model] ?? `model-${model}`,
      ...(capabilities !== undefined && { capabilities }),
    };
  });
}

/** Each alias points at a model or at an earlier alias, at most three hops deep. */
function aliasesOf(rows: readonly number[], models: readonly string[]): Record<string, string> {
  const depth = new Map<string, number>();
  return Object.fromEntries(
    rows.map((row, index) => {
      const goals = [...models, ...[...depth].filter(([, hops]) => hops < 3).map(([name]) => name)];
      const goal = pick(goals)(row);
      depth.set(ALIAS_NAMES[index], 1 + (depth.get(goal) ?? 0));
      return [ALIAS_NAMES[index], goal];
    }),
  );
}

function pick(names: readonly string[]): (row: number) => string {
  return (row) => names[row % names.length];
}

function pickMaybe(names: readonly string[]): (row: number | null) => string | null {
  return (row) => (row === null || names.length === 0 ? null : pick(names)(row));
}

function labelsOf(env: string | null): Record<string, string> {
  return env === null ? {} : { env };
}

/** Present once in `rarity` cases, else null. */
function maybe<T>(arbitrary: fc.Arbitrary<T>, rarity: number): fc.Arbitrary<T | null> {
  return fc.oneof({ weight: rarity - 1, arbitrary: fc.constant(null) }, { weight: 1, arbitrary });
}

function anyBound(values: fc.Arbitrary<number>): fc.Arbitrary<Bound> {
  return fc.record({ op: fc.constantFrom('<' as const, '<=' as const, '>' as const, '>=' as const, '=' as const), value: values });
}

function anyLengthOf<T>(items: fc.Arbitrary<T>, min: number, max: number): fc.Arbitrary<T[]> {
  const edges = [31, 32, 33, 64, 65, max].filter((length) => length >= min && length <= max);
  const few = fc.array(items, { minLength: min, maxLength: Math.min(max, 10), size: 'max' });
  const edge = fc.constantFrom(...edges).chain((length) => fc.array(items, { minLength: length, maxLength: length, size: 'max' }));
  return fc.oneof(
    { weight: 8, arbitrary: few },
    { weight: 2, arbitrary: edge },
    { weight: 1, arbitrary: fc.array(items, { minLength: min, maxLength: max, size: 'max' }) },
  );
}
