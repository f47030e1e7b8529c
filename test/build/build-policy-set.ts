import {
  type Backend,
  type Budget,
  type Caller,
  type Category,
  type Classifier,
  type Match,
  type Model,
  type Name,
  type Place,
  type PolicySet,
  type Price,
  type Sla,
  type Target,
  type TaskClass,
  type TrafficPolicy,
  UNKNOWN_PRICE,
} from '../../schema/policy-set.ts';
import { CAPABILITIES, CLOUD_TYPES, type Capability } from '../../schema/vocabulary.ts';

/** A PolicySet as a test wants to say it: by name, with only what matters to the test. Everything else takes the language's default. */
export interface Sketch {
  readonly backends?: readonly (Partial<Backend> & { readonly name: string })[];
  readonly targets?: readonly TargetSketch[];
  /** Virtual models: name → names of real models; `*` means all of them. */
  readonly virtual?: Readonly<Record<string, readonly string[]>>;
  /** Alias → alias, model or virtual model. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** Model → at most three other models. */
  readonly fallbacks?: Readonly<Record<string, readonly string[]>>;
  readonly policies?: readonly PolicySketch[];
  readonly categories?: readonly CategorySketch[];
  readonly classes?: readonly ClassSketch[];
  readonly classifier?: Partial<Classifier>;
  readonly slas?: readonly (Partial<Sla> & { readonly name: string })[];
  readonly budgets?: readonly BudgetSketch[];
  readonly callers?: readonly (Partial<Caller> & { readonly name: string })[];
  readonly invariants?: PolicySet['invariants'];
  readonly workloads?: Partial<PolicySet['workloads']>;
}

export interface TargetSketch extends Partial<Omit<Target, 'backend' | 'model' | 'capabilities' | 'price'>> {
  readonly backend: string;
  readonly model: string;
  readonly capabilities?: readonly Capability[] | number;
  /** Pico-dollars a token. */
  readonly price?: 'free' | 'unknown' | Partial<Price>;
}

export interface PolicySketch extends Partial<Omit<TrafficPolicy, 'match' | 'sla'>> {
  readonly match?: Partial<Omit<Match, 'category'>> & { readonly category?: readonly string[] | null };
  readonly sla?: string | null;
}

export interface CategorySketch extends Partial<Omit<Category, 'when' | 'sla'>> {
  readonly name: string;
  readonly when?: Partial<Category['when']>;
  readonly sla?: string | null;
}

export interface ClassSketch {
  readonly name: string;
  readonly when?: Partial<TaskClass['when']>;
  /** Names of real models; `*` means all of them. */
  readonly candidates?: readonly string[] | null;
}

export interface BudgetSketch extends Partial<Omit<Budget, 'scope'>> {
  readonly scope?: {
    readonly category?: string | null;
    readonly class?: string | null;
    readonly key?: string | null;
    readonly team?: string | null;
    readonly backend?: string | null;
    readonly model?: string | null;
  };
}

/** The language's default: all but embeddings and vision. */
const DEFAULT_CAPABILITIES = capabilityBits(['chat', 'tools', 'json', 'reasoning']);

export function capabilityBits(names: readonly Capability[]): number {
  return names.reduce((bits, name) => bits | (1 << CAPABILITIES.indexOf(name)), 0);
}

/** Makes the whole PolicySet of a sketch: rows bound, implicit rows added, a different line for everything that has a place. */
export function buildPolicySet(sketch: Sketch): PolicySet {
  const place = countPlaces();
  const backends = (sketch.backends ?? [{ name: 'local' }]).map((given) => buildBackend(given, place()));
  const backendRow = rowsByName('backend', backends);
  const sketched = [...(sketch.targets ?? [])].sort((a, b) => backendRow(a.backend) - backendRow(b.backend));
  const realNames = [...new Set(sketched.map((target) => target.model))];
  const targets = sketched.map((given) => buildTarget(given, backendRow(given.backend), realNames.indexOf(given.model), place()));
  const models = buildModels(sketch, realNames, targets, place);
  const modelRow = rowsByName('model', models);
  const slas = (sketch.slas ?? []).map((given): Sla => ({ firstToken: null, total: null, at: 'p50', place: place(), ...given }));
  const slaRow = optionalRow(rowsByName('sla', slas));
  const categories = [
    ...(sketch.categories ?? []).map((given) => buildCategory(given, slaRow(given.sla), place())),
    { ...buildCategory({ name: 'none' }, null, place()), implicit: true },
  ];
  const categoryRow = rowsByName('category', categories);
  const classes = [
    ...(sketch.classes ?? []).map((given) => buildClass(given, realNames, targets, place())),
    { ...buildClass({ name: 'none' }, realNames, targets, place()), implicit: true },
  ];
  const callers = [
    ...(sketch.callers ?? []).map((given, row) => buildCaller(given, row, place())),
    { ...buildCaller({ name: 'none' }, 0, place()), implicit: true, sha256: '' },
  ];
  return {
    backends,
    targets,
    models,
    names: buildNames(sketch, models, place),
    policies: [
      ...(sketch.policies ?? []).map((given, row) => buildPolicy(given, row, categoryRow, slaRow, place())),
      { ...buildPolicy({ name: 'everything-else' }, 0, categoryRow, slaRow, place()), implicit: true },
    ],
    categories,
    classes,
    classifier: {
      keywords: [],
      codeBlock: 0,
      manyLines: { over: 20, add: 0 },
      tokens: { per: 20_000, upTo: 0 },
      expectedOutputTokens: 500,
      ...sketch.classifier,
    },
    slas,
    budgets: (sketch.budgets ?? []).map((given, row): Budget => {
      const scope = given.scope ?? {};
      return {
        name: `budget-${row}`,
        limit: 1_000_000_000,
        period: 'month',
        softLimitPercent: 75,
        hardLimitAction: 'block_cloud',
        place: place(),
        ...given,
        scope: {
          category: optionalRow(categoryRow)(scope.category),
          class: optionalRow(rowsByName('class', classes))(scope.class),
          key: optionalRow(rowsByName('caller', callers))(scope.key),
          team: scope.team ?? null,
          backend: optionalRow(backendRow)(scope.backend),
          model: optionalRow(modelRow)(scope.model),
        },
      };
    }),
    callers,
    tiers: { 1: 'small local', 2: 'local', 3: 'strong local', 4: 'cloud', 5: 'frontier' },
    invariants: sketch.invariants ?? [],
    pools: [],
    workloads: { quotas: [], protected: [], prefer: 'local', restrictedLabels: [], ...sketch.workloads },
    enforcement: 'enforce',
    unenforced: [],
    priceTable: 'test',
  };
}

function countPlaces(): () => Place {
  let line = 0;
  return () => ({ file: 'policies/policy.yaml', line: ++line, column: 3 });
}

function rowsByName(noun: string, rows: readonly { readonly name: string }[]): (name: string) => number {
  const byName = new Map(rows.map((row, index) => [row.name, index]));
  return (name) => {
    const row = byName.get(name);
    if (row === undefined) throw new Error(`the sketch has no ${noun} \`${name}\``);
    return row;
  };
}

function optionalRow(rowOf: (name: string) => number): (name: string | null | undefined) => number | null {
  return (name) => (name === null || name === undefined ? null : rowOf(name));
}

function buildBackend(given: Partial<Backend> & { readonly name: string }, place: Place): Backend {
  const type = given.type ?? 'ollama';
  const ofCloudType = CLOUD_TYPES.includes(type);
  const zone = given.zone ?? (ofCloudType ? 'open' : 'restricted');
  return {
    type,
    url: `http://${given.name}.test`,
    apiKeyEnv: ofCloudType ? 'TEST_API_KEY' : null,
    zone,
    cloud: ofCloudType || (type === 'generic' && zone === 'open'),
    priority: 50,
    maxInFlight: null,
    labels: {},
    timeouts: { connect: 2_000, firstToken: 60_000, idle: 60_000, total: 600_000 },
    place,
    ...given,
  };
}

function buildTarget(given: TargetSketch, backend: number, model: number, place: Place): Target {
  const { capabilities = DEFAULT_CAPABILITIES, price = 'free', ...rest } = given;
  return {
    upstream: given.model,
    tier: 1,
    quality: 500_000,
    context: null,
    place,
    ...rest,
    backend,
    model,
    capabilities: typeof capabilities === 'number' ? capabilities : capabilityBits(capabilities),
    price: buildPrice(price),
    overhead: { image: 1_445, tools: 0, ...given.overhead },
  };
}

function buildPrice(price: NonNullable<TargetSketch['price']>): Price {
  if (price === 'free') return { input: 0, output: 0, cachedInput: null, source: 'free' };
  if (price === 'unknown') return { input: UNKNOWN_PRICE, output: UNKNOWN_PRICE, cachedInput: null, source: 'unknown' };
  return { input: 0, output: 0, cachedInput: null, source: 'policy', ...price };
}

/** Rows of the targets that serve one of these models, ascending. */
function targetsOf(modelNames: readonly string[], realNames: readonly string[], targets: readonly Target[]): number[] {
  const all = modelNames.includes('*');
  return targets.flatMap((target, row) => (all || modelNames.includes(realNames[target.model]) ? [row] : []));
}

function buildModels(sketch: Sketch, realNames: readonly string[], targets: readonly Target[], place: () => Place): Model[] {
  const virtual = Object.entries(sketch.virtual ?? {});
  const names = [...realNames, ...virtual.map(([name]) => name)];
  const rowOf = rowsByName(
    'model',
    names.map((name) => ({ name })),
  );
  return names.map((name, row) => ({
    name,
    virtual: row >= realNames.length,
    candidates: targetsOf(row < realNames.length ? [name] : virtual[row - realNames.length][1], realNames, targets),
    encoding: 'o200k_base',
    chain: [row, ...(sketch.fallbacks?.[name] ?? []).map(rowOf)],
    place: place(),
  }));
}

function buildNames(sketch: Sketch, models: readonly Model[], place: () => Place): Name[] {
  const aliases = sketch.aliases ?? {};
  const rowOf = rowsByName('model', models);
  const own = models.map((model, row): Name => ({ name: model.name, model: row, hops: [model.name], place: model.place }));
  const others = Object.keys(aliases).map((name): Name => {
    const hops = [name];
    while (Object.hasOwn(aliases, hops[hops.length - 1])) hops.push(aliases[hops[hops.length - 1]]);
    return { name, model: rowOf(hops[hops.length - 1]), hops, place: place() };
  });
  return [...own, ...others];
}

function buildPolicy(
  given: PolicySketch,
  row: number,
  categoryRow: (name: string) => number,
  slaRow: (name: string | null | undefined) => number | null,
  place: Place,
): TrafficPolicy {
  return {
    name: `policy-${row}`,
    implicit: false,
    privacy: 'unrestricted',
    minTier: 1,
    maxCost: null,
    fallbackAllowed: true,
    maxErrorRate: null,
    minSuccessRate: null,
    maxTtft: null,
    comment: null,
    place,
    ...given,
    match: {
      model: null,
      key: null,
      team: null,
      label: null,
      endpoint: null,
      ...given.match,
      category: given.match?.category?.map(categoryRow) ?? null,
    },
    sla: slaRow(given.sla),
  };
}

function buildCategory(given: CategorySketch, sla: number | null, place: Place): Category {
  return {
    implicit: false,
    minQuality: null,
    relativeQuality: null,
    maxCost: null,
    maxOutputTokens: null,
    objective: 'balanced',
    strict: false,
    reference: { input: 1_000, output: 500 },
    place,
    ...given,
    when: { score: null, inputTokens: null, ...given.when },
    sla,
  };
}

function buildClass(given: ClassSketch, realNames: readonly string[], targets: readonly Target[], place: Place): TaskClass {
  return {
    name: given.name,
    implicit: false,
    when: { words: null, tools: null, codeBlock: null, inputTokens: null, ...given.when },
    candidates: given.candidates ? targetsOf(given.candidates, realNames, targets) : null,
    place,
  };
}

function buildCaller(given: Partial<Caller> & { readonly name: string }, row: number, place: Place): Caller {
  return {
    implicit: false,
    sha256: row.toString(16).padStart(64, '0'),
    team: null,
    labels: {},
    scopes: ['llm:invoke'],
    rate: { requests: null, tokens: null },
    place,
    ...given,
  };
}
