// The kernel of every router: what is the same for all policies. Written by policyc 0.1.0, do not edit.
import type { Capability, CostEstimate, Encoding, Exclusion, Explanation, Holding, Intent, IntentRows, Live, MetricsSnapshot, NodeState, Objective, Order, Overhead, Percentile, Place, Placement, PlacementFilter, PriceTier, Privacy, Quota, QuotaRefusal, RejectionReason, Relaxation, RequestBody, RequestHints, Resources, RouteReason, RouterModule, RoutingDecision, Stage, TargetMetrics, TokenCount, Usage, Violation, WorkloadIntent, WorkloadRules, Zone } from 'policyc/schema';

/** What the page of a router hands to the kernel: its tables, as data. Rows are array indexes everywhere. */
export interface RouterData {
  /** Words of 32 targets. */
  readonly words: number;
  readonly columns: readonly Column[];
  readonly names: readonly { readonly name: string; readonly model: number; readonly hops: readonly string[]; readonly list: number }[];
  readonly models: readonly {
    readonly name: string;
    readonly virtual: boolean;
    readonly chain: readonly number[];
    readonly encoding: Encoding;
  }[];
  /** By model: its row in the masks of axis `model`; empty where that axis narrows nothing. */
  readonly modelRows: readonly number[];
  readonly policies: readonly PolicyRow[];
  /** Policy rows to try, in order, for names that the same globs match; the last one always matches. */
  readonly lists: readonly (readonly number[])[];
  /** Sets of rows (of callers, of categories) that policies name. */
  readonly sets: readonly (readonly number[])[];
  readonly callers: number;
  readonly categories: readonly CategoryRow[];
  readonly classes: readonly ClassRow[];
  readonly classifier: ClassifierData;
  /** `backend`: it pays for what goes there alone; null: wherever a request goes. */
  readonly budgets: readonly { readonly name: string; readonly backend: string | null }[];
  readonly axes: readonly AxisData[];
  readonly rankClasses: readonly RankClass[];
  /** Rank classes from here on are those of the soft limit; equal to their number where there is no budget. */
  readonly softFrom: number;
  readonly workloads: WorkloadsData;
}

export interface Column {
  readonly backend: string;
  readonly model: string;
  readonly cloud: boolean;
  readonly zone: Zone;
  readonly tier: number;
  readonly quality: number;
  readonly context: number | null;
  readonly capabilities: number;
  readonly priority: number;
  readonly known: boolean;
  /** What a usage costs: pico-dollars a token by ascending `above`, the first from 0 on. */
  readonly rates: readonly PriceTier[];
  /** The dearest that a token in and a token out can cost, of whatever kind, by the same ascending `above`. */
  readonly dearest: readonly Dearest[];
  readonly overhead: Overhead;
  readonly encoding: Encoding;
  /** Its tokenizer is public: counts with `encoding` are exact. */
  readonly exact: boolean;
  readonly place: string;
}

export interface Dearest {
  readonly above: number;
  readonly input: number;
  readonly output: number;
}

export interface PolicyRow {
  readonly name: string;
  readonly place: string;
  readonly privacy: Privacy;
  readonly minTier: number;
  /** Pico-dollars; Infinity = none. */
  readonly maxCost: number;
  readonly fallback: boolean;
  readonly sla: string | null;
  /** Rows in `sets`, -1 = any. */
  readonly callers: number;
  readonly categories: number;
  /** Bit set over endpoints. */
  readonly endpoints: number;
}

/** `op` is -2 `<`, -1 `<=`, 0 `=`, 1 `>=`, 2 `>`. */
export interface BoundData {
  readonly op: number;
  readonly value: number;
}

export interface CategoryRow {
  readonly name: string;
  readonly score: BoundData | null;
  readonly inputTokens: BoundData | null;
  readonly maxCost: number;
  readonly maxOutputTokens: number | null;
  readonly strict: boolean;
  readonly sla: string | null;
  readonly minQuality: number | null;
  readonly place: string;
}

export interface ClassRow {
  readonly name: string;
  readonly words: readonly string[] | null;
  readonly tools: BoundData | null;
  readonly codeBlock: boolean | null;
  readonly inputTokens: BoundData | null;
}

export interface ClassifierData {
  readonly keywords: readonly (readonly [word: string, micros: number])[];
  readonly codeBlock: number;
  readonly manyLines: readonly [over: number, micros: number];
  readonly tokens: readonly [per: number, upTo: number];
  readonly expected: number;
}

/** What callers may hold, which workloads stay, and where they go. */
export interface WorkloadsData {
  /** In jobs, thousandths of a core, bytes; in the order of `QUOTAS`. */
  readonly quotas: readonly { readonly quota: Quota; readonly limit: number; readonly place: string }[];
  /** `pattern` is the glob as a regular expression over a whole name. */
  readonly protected: readonly { readonly glob: string; readonly pattern: string; readonly place: string }[];
  readonly prefer: 'local' | 'any';
  /** Empty: restricted workloads stay on this machine. */
  readonly restrictedLabels: readonly { readonly label: string; readonly value: string; readonly place: string }[];
}

export interface RankClass {
  readonly objective: Objective;
  /** Input and output tokens of the reference request. */
  readonly reference: readonly [number, number];
  readonly soft: boolean;
}

export interface AxisData {
  readonly axis: string;
  readonly stage: Stage;
  readonly role: 'filter' | 'tier floor' | 'quality floor';
  readonly reason: string;
  readonly suggest: string;
  /** First row of the axis in the live tables, and how many it has. */
  readonly row: number;
  readonly rows: number;
  readonly content:
    | { readonly kind: 'static'; readonly masks: readonly number[]; readonly thresholds: readonly number[] }
    | { readonly kind: 'measured'; readonly floors: readonly MeasuredFloor[] }
    | { readonly kind: 'price'; readonly masks: readonly number[]; readonly prices: readonly PriceSteps[] }
    | { readonly kind: 'budget'; readonly scopes: readonly (readonly { readonly budget: number; readonly blocks: readonly number[] }[])[] }
    | { readonly kind: 'live' };
}

/** Pico-dollars a token in and out, by ascending number of input tokens above which they hold; the first from 0 on. */
export type PriceSteps = readonly (readonly [above: number, input: number, output: number])[];

/** Infinity or 0 where a bound is absent: `maxErrorRate` Infinity, `minSuccessRate` 0, the times Infinity. */
export interface MeasuredFloor {
  readonly maxErrorRate: number;
  readonly minSuccessRate: number;
  readonly maxTtft: number;
  readonly firstToken: number;
  readonly total: number;
  readonly at: Percentile;
  readonly expected: number;
}

/**
 * Masks as they are written on the page (one digit a target, first target leftmost, 32 to a word) to masks as they are laid:
 * target t is bit 31 − (t & 31) of word t >> 5.
 */
export function align(rows: readonly (number | readonly number[])[], targets: number): number[] {
  const last = targets % 32 === 0 ? 0 : 32 - (targets % 32);
  return rows.flatMap((row) => {
    const words = typeof row === 'number' ? [row] : [...row];
    const end = words.length - 1;
    if (end >= 0) words[end] = (words[end]! << last) >>> 0;
    return words;
  });
}

/**
 * One automaton over all names: every state looks at one position of the name and goes on by the character there (or the end), so
 * that a few steps leave at most one candidate; a last equality decides. Steps do not grow with the length of the name nor, but
 * for the logarithm, with the number of names; an attacker's misses end as early as hits.
 */
export function buildNames(names: readonly string[]): (name: string) => number {
  const { positions, next, classes, width, start } = automatonOf(names);
  const known = classes.length;
  return (name) => {
    let state = start;
    while (state >= 0) {
      const position = positions[state]!;
      const unit = position < name.length ? name.charCodeAt(position) : -1;
      const column = unit < 0 ? 0 : unit < known ? classes[unit]! : 1;
      state = next[state * width + column]!;
    }
    const row = -2 - state;
    return row >= 0 && names[row] === name ? row : -1;
  };
}

/** States are numbered from 0; a negative entry ends: -1 fails, -2 - row proposes that row. Column 0 is the end of the name, 1 any other unit. */
function automatonOf(names: readonly string[]) {
  let top = 0;
  for (const name of names) for (let i = 0; i < name.length; i++) top = Math.max(top, name.charCodeAt(i) + 1);
  const classes = new Uint16Array(top).fill(1);
  let width = 2;
  for (const name of names)
    for (let i = 0; i < name.length; i++) if (classes[name.charCodeAt(i)] === 1) classes[name.charCodeAt(i)] = width++;
  const columnOf = (name: string, position: number): number => (position < name.length ? classes[name.charCodeAt(position)]! : 0);

  const positions: number[] = [];
  const table: number[][] = [];
  const build = (rows: readonly number[]): number => {
    if (rows.length === 1) return -2 - rows[0]!;
    const position = splitOf(rows);
    const state = positions.push(position) - 1;
    const out: number[] = new Array(width).fill(-1);
    table.push(out);
    const groups = new Map<number, number[]>();
    for (const row of rows) {
      const column = columnOf(names[row]!, position);
      const group = groups.get(column);
      if (group) group.push(row);
      else groups.set(column, [row]);
    }
    for (const [column, group] of groups) out[column] = build(group);
    return state;
  };
  /** The position that leaves the smallest largest group. */
  const splitOf = (rows: readonly number[]): number => {
    let longest = 0;
    for (const row of rows) longest = Math.max(longest, names[row]!.length);
    const counts = new Int32Array(width);
    let best = 0;
    let least = rows.length + 1;
    for (let position = 0; position <= longest && least > 1; position++) {
      counts.fill(0);
      let largest = 0;
      for (const row of rows) largest = Math.max(largest, ++counts[columnOf(names[row]!, position)]!);
      if (largest < least) {
        least = largest;
        best = position;
      }
    }
    return best;
  };
  const start = names.length === 0 ? -1 : build(names.map((_, row) => row));
  const next = new Int32Array(table.length * width);
  for (let state = 0; state < table.length; state++) next.set(table[state]!, state * width);
  return { positions: Int32Array.from(positions), next, classes, width, start };
}

/** What one pass over the user's text finds. `found` has one entry per word: non-zero where it occurs. Valid until the next scan. */
export interface TextScan {
  readonly found: Uint8Array;
  codeBlock: boolean;
  lines: number;
}

/** UTF-8 bytes of the longest text that is scanned: `TEXT_WINDOW` code units, three bytes each at most. */
const MOST_BYTES = 3 * 8192;

/**
 * One pass over a text for whole words (ASCII letters in any case), code fences and lines. It runs over UTF-8 bytes: reading a string
 * unit by unit costs four times as much. A word can only begin where no word character stands before it, and most such places are
 * ruled out by two bytes; from the others a trie is walked, so that the time hardly depends on the number of words. A word character is
 * [A-Za-z0-9_] or anything beyond ASCII; a word counts where no word character stands directly before or after it.
 */
export function buildTextScan(words: readonly string[]): (text: string) => TextScan {
  const encoder = new TextEncoder();
  const patterns = words.map((word) => encoder.encode(foldCase(word)));
  const { next, ends, columns, width } = trieOf(patterns);
  const opens = openingsOf(patterns);
  const isWord = Uint8Array.from({ length: 256 }, (_, byte) => Number(byte > 127 || /\w/.test(String.fromCharCode(byte))));
  const scan: TextScan = { found: new Uint8Array(words.length), codeBlock: false, lines: 1 };
  // One byte more than a text may have: what stands behind the end is no word character.
  const bytes = new Uint8Array(MOST_BYTES + 1);

  const walk = (from: number, end: number): void => {
    let state = 0;
    for (let i = from; i < end; i++) {
      state = next[state + columns[bytes[i]!]!]!;
      if (state === 0) return;
      const word = ends[state / width]!;
      if (word >= 0 && isWord[bytes[i + 1]!] === 0) scan.found[word] = 1;
    }
  };

  return (text) => {
    scan.found.fill(0);
    const { written } = encoder.encodeInto(text, bytes);
    bytes[written] = 0;
    let lines = 1;
    let inWord = 0;
    for (let i = 0; i < written; i++) {
      const byte = bytes[i]!;
      if (inWord === 0 && opens[(byte << 8) | bytes[i + 1]!] === 1) walk(i, written);
      inWord = isWord[byte]!;
      lines += Number(byte === 10);
    }
    scan.lines = lines;
    scan.codeBlock = text.includes('```');
    return scan;
  };
}

/** By two bytes: 1 where a word may begin so. */
function openingsOf(patterns: readonly Uint8Array[]): Uint8Array {
  const opens = new Uint8Array(256 * 256);
  for (const pattern of patterns) {
    if (pattern.length === 0) continue;
    for (const first of bothCases(pattern[0]!)) {
      if (pattern.length === 1) opens.fill(1, first << 8, (first + 1) << 8);
      else for (const second of bothCases(pattern[1]!)) opens[(first << 8) | second] = 1;
    }
  }
  return opens;
}

/** A trie as one table: a state is the offset of its row, 0 is both the root and "nothing goes on"; column 0 is any other byte. */
function trieOf(patterns: readonly Uint8Array[]) {
  const columns = new Uint8Array(256);
  let width = 1;
  for (const pattern of patterns) for (const byte of pattern) if (columns[byte] === 0) columns[byte] = width++;
  for (let byte = 97; byte <= 122; byte++) columns[byte - 32] = columns[byte]!;
  const rows: Int32Array[] = [new Int32Array(width)];
  const ends: number[] = [-1];
  patterns.forEach((pattern, word) => {
    let row = 0;
    for (const byte of pattern) {
      const column = columns[byte]!;
      if (rows[row]![column] === 0) {
        rows[row]![column] = rows.push(new Int32Array(width)) - 1;
        ends.push(-1);
      }
      row = rows[row]![column]!;
    }
    if (row > 0) ends[row] = word;
  });
  const next = new Int32Array(rows.length * width);
  rows.forEach((row, state) => {
    for (let column = 0; column < width; column++) next[state * width + column] = row[column]! * width;
  });
  return { next, ends: Int32Array.from(ends), columns, width };
}

const bothCases = (byte: number): number[] => (byte >= 97 && byte <= 122 ? [byte, byte - 32] : [byte]);

const foldCase = (word: string): string => word.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

/** Entries of the table of answers; a policy that would need more is walked on every request. */
const MOST_ANSWERS = 1 << 20;

/**
 * Builds what finds the policy that governs a request: the first of a name's list that matches caller, category and endpoint. Callers
 * whom all policies treat alike are one class, categories too, and every combination of classes is walked once and then remembered:
 * the time does not depend on the number of policies, and nothing jumps on who is asking.
 */
export function buildGovern(data: RouterData): (list: number, caller: number, category: number, endpoint: number) => number {
  const { policies, lists, sets } = data;
  const size = Math.max(data.callers, data.categories.length);
  const allowed = sets.map((rows) => {
    const set = new Uint8Array(size);
    for (const row of rows) set[row] = 1;
    return set;
  });
  const walk = (list: number, caller: number, category: number, endpoint: number): number => {
    for (const row of lists[list]!) {
      const { callers, categories, endpoints } = policies[row]!;
      if (
        (callers < 0 || allowed[callers]![caller] === 1) &&
        (categories < 0 || allowed[categories]![category] === 1) &&
        ((endpoints >>> endpoint) & 1) === 1
      )
        return row;
    }
    throw new Error(`no policy governs list ${list}`);
  };
  const callers = classesOf(data.callers, sets, new Set(policies.map((policy) => policy.callers)));
  const categories = classesOf(data.categories.length, sets, new Set(policies.map((policy) => policy.categories)));
  const answers = lists.length * callers.count * categories.count * 2;
  if (answers > MOST_ANSWERS) return walk;

  const callerAt = callers.classes.map((row) => row * categories.count * 2);
  const categoryAt = categories.classes.map((row) => row * 2);
  const stride = callers.count * categories.count * 2;
  const known = new Int32Array(answers).fill(-1);
  return (list, caller, category, endpoint) => {
    const at = list * stride + callerAt[caller]! + categoryAt[category]! + endpoint;
    const row = known[at]!;
    if (row >= 0) return row;
    known[at] = walk(list, caller, category, endpoint);
    return known[at]!;
  };
}

/** Rows that are in the same sets are one class. */
function classesOf(size: number, sets: RouterData['sets'], used: ReadonlySet<number>) {
  const keys = new Array<string>(size).fill('');
  for (const set of used) for (const row of sets[set] ?? []) keys[row] += `${set} `;
  const rows = new Map<string, number>();
  const classes = new Int32Array(size);
  keys.forEach((key, row) => {
    if (!rows.has(key)) rows.set(key, rows.size);
    classes[row] = rows.get(key)!;
  });
  return { classes, count: rows.size };
}

/** Tokens that every count already took for an image; see `IMAGE_TOKENS` in the schema. */
const COUNTED_IMAGE = 85 + 170 * 8;
const NONE: readonly number[] = Object.freeze([]);

/** Builds `budgets`, `bound` and `actual`: who pays for a call, the most that it can cost, and what it did cost. */
export function buildMoney(data: RouterData) {
  const { columns } = data;
  const payers = payersOf(data);

  const budgets = (intent: Intent, target: number): readonly number[] => {
    const scopes = payers[target]!;
    return scopes.length === 0 ? NONE : scopes[intent.at.scope!]!;
  };

  const bound = (intent: Intent, target: number): number => {
    const { known, dearest, exact, overhead } = columns[target]!;
    if (!known) return Number.NaN;
    const text = exact ? intent.inputHigh : intent.inputMost;
    const images = intent.images * Math.max(0, overhead.image - COUNTED_IMAGE);
    const input = text + images + Number(intent.tools > 0) * overhead.tools;
    const { input: rateIn, output: rateOut } = tierAt(dearest, input);
    const { answers } = intent;
    return nano(
      wholes(input * answers, rateIn) + wholes(intent.outputCap * answers, rateOut),
      rests(input * answers, rateIn) + rests(intent.outputCap * answers, rateOut),
    );
  };

  const kinds = columns.map(({ rates }) => rates.map(kindsOf));
  const actual = (usage: Usage, target: number): number => {
    const { known, rates } = columns[target]!;
    if (!known) return Number.NaN;
    const prompt = usage.input + usage.cacheRead + usage.cacheWrite5m + usage.cacheWrite1h;
    let whole = 0;
    let rest = 0;
    for (const { of, rate, shares } of kinds[target]![rates.indexOf(tierAt(rates, prompt))]!) {
      let text = usage[of];
      for (const share of shares) {
        const tokens = Math.min(text, usage[share.of] ?? 0);
        text -= tokens;
        whole += wholes(tokens, share.rate);
        rest += rests(tokens, share.rate);
      }
      whole += wholes(text, rate);
      rest += rests(text, rate);
    }
    return nano(whole, rest);
  };

  return { budgets, bound, actual };
}

/** The tier of a prompt of so many tokens, cached ones included. */
export function tierAt<T extends { readonly above: number }>(tiers: readonly T[], tokens: number): T {
  let at = tiers.length - 1;
  while (at > 0 && tokens <= tiers[at]!.above) at--;
  return tiers[at]!;
}

/** Pico-dollars of so many tokens of text. */
export function costAt({ rates }: Column, input: number, output: number): number {
  const tier = tierAt(rates, input);
  return input * tier.input + output * tier.output;
}

/** The same by the steps of a price class. */
export function costIn(steps: PriceSteps, input: number, output: number): number {
  let at = steps.length - 1;
  while (at > 0 && input <= steps[at]![0]) at--;
  return input * steps[at]![1] + output * steps[at]![2];
}

// Pico-dollars leave the range of exact integers at $9,007: whole nano-dollars and the rest are added apart.
const wholes = (tokens: number, rate: number): number => tokens * Math.floor(rate / 1000);
const rests = (tokens: number, rate: number): number => tokens * (rate % 1000);
const nano = (whole: number, rest: number): number => whole + Math.ceil(rest / 1000);

type Part = 'input' | 'cacheRead' | 'cacheWrite5m' | 'cacheWrite1h' | 'output';
type Share = Exclude<keyof Usage, Part | 'reasoning'>;
interface Kind {
  readonly of: Part;
  readonly rate: number;
  readonly shares: readonly { readonly of: Share; readonly rate: number }[];
}

/** The parts of a usage with their rates. What is not priced apart costs what the kind that it is a part of costs. */
function kindsOf(tier: PriceTier): Kind[] {
  const { input, output } = tier;
  const read = tier.cachedInput ?? input;
  const write = tier.cacheWrite5m ?? input;
  return [
    {
      of: 'input',
      rate: input,
      shares: [
        { of: 'inputAudio', rate: tier.inputAudio ?? input },
        { of: 'inputImage', rate: tier.inputImage ?? input },
        { of: 'inputVideo', rate: tier.inputVideo ?? input },
      ],
    },
    {
      of: 'cacheRead',
      rate: read,
      shares: [
        { of: 'cachedAudio', rate: tier.cachedAudio ?? tier.inputAudio ?? read },
        { of: 'cachedImage', rate: tier.cachedImage ?? tier.inputImage ?? read },
      ],
    },
    { of: 'cacheWrite5m', rate: write, shares: [] },
    { of: 'cacheWrite1h', rate: tier.cacheWrite1h ?? write, shares: [] },
    {
      of: 'output',
      rate: output,
      shares: [
        { of: 'outputAudio', rate: tier.outputAudio ?? output },
        { of: 'outputImage', rate: tier.outputImage ?? output },
        { of: 'outputVideo', rate: tier.outputVideo ?? output },
      ],
    },
  ];
}

/** By target, then by scope: the rows of the budgets that pay. Targets of one backend share their lists, equal lists are one. */
function payersOf(data: RouterData): readonly (readonly (readonly number[])[])[] {
  const axis = data.axes.find(({ content }) => content.kind === 'budget');
  if (axis?.content.kind !== 'budget') return data.columns.map(() => []);
  const { scopes } = axis.content;
  const lists = new Map<string, readonly number[]>();
  const byBackend = new Map<string, readonly (readonly number[])[]>();
  return data.columns.map(({ backend }) => {
    const known = byBackend.get(backend);
    if (known) return known;
    const made = scopes.map((scope) => {
      const rows = scope.map(({ budget }) => budget).filter((row) => (data.budgets[row]!.backend ?? backend) === backend);
      const key = rows.join(' ');
      if (!lists.has(key)) lists.set(key, Object.freeze(rows));
      return lists.get(key)!;
    });
    byBackend.set(backend, made);
    return made;
  });
}

const DEFAULT_CAP = 4096;
/** Row in `ENDPOINTS`. */
const CHAT = 0;

/**
 * Builds `analyze`: names to rows, requirements, category and class, caps. Input tokens are an interval; it is narrowed by an exact
 * count only where a threshold of the policy lies inside it, and then only up to the largest such threshold.
 */
export function buildAnalyze(data: RouterData, resolve: (name: string) => number, blank: () => IntentRows, bind: (intent: Intent) => void) {
  const { names, models, policies, categories, classes, classifier } = data;
  const noCategory = categories.length - 1;
  const noClass = classes.length - 1;
  const categoryRow = rowsByName(categories.map((category) => category.name).slice(0, noCategory));
  const classRow = rowsByName(classes.map((taskClass) => taskClass.name).slice(0, noClass));
  const govern = buildGovern(data);
  // What every request reads stands in typed arrays: one load each.
  const modelOf = Int32Array.from(names, ({ model }) => model);
  const listOf = Int32Array.from(names, ({ list }) => list);
  const capOfPolicy = Float64Array.from(policies, ({ maxCost }) => maxCost);
  const capOfCategory = Float64Array.from(categories, ({ maxCost }) => maxCost);
  const words = [...new Set([...classifier.keywords.map(([word]) => word), ...classes.flatMap((taskClass) => taskClass.words ?? [])])];
  const scanText = buildTextScan(words);
  const weights = Float64Array.from(words, (word) => classifier.keywords.find(([keyword]) => keyword === word)?.[1] ?? 0);
  const classWords = classes.map((taskClass) => (taskClass.words ?? []).map((word) => words.indexOf(word)));
  const scores = categories.some((category) => category.score !== null);
  const reads = classes.some((taskClass) => taskClass.words !== null || taskClass.codeBlock !== null);
  const nothing: TextScan = { found: new Uint8Array(words.length), codeBlock: false, lines: 1 };
  const priced = data.axes.some(({ content }) => content.kind === 'price');
  const classifyLimit = limitOfConditions(data);

  const scoreOf = (fixed: number, tokens: number): number =>
    Math.min(1_000_000, fixed + Math.min(Math.floor((tokens * 1_000_000) / classifier.tokens[0]), classifier.tokens[1]));
  const categoryOf = (fixed: number, tokens: number): number => {
    for (let row = 0; row < noCategory; row++) {
      const { score, inputTokens } = categories[row]!;
      if ((score === null || holds(score, scoreOf(fixed, tokens))) && (inputTokens === null || holds(inputTokens, tokens))) return row;
    }
    return noCategory;
  };
  const classOf = (scan: TextScan, tools: number, tokens: number): number => {
    for (let row = 0; row < noClass; row++) {
      const when = classes[row]!;
      if (
        (when.words === null || classWords[row]!.some((word) => scan.found[word] === 1)) &&
        (when.tools === null || holds(when.tools, tools)) &&
        (when.codeBlock === null || when.codeBlock === scan.codeBlock) &&
        (when.inputTokens === null || holds(when.inputTokens, tokens))
      )
        return row;
    }
    return noClass;
  };
  /**
   * Every condition on tokens is monotone in them: the same truth at both ends of the interval settles it. A row with a condition
   * that is false all along never holds, a row whose conditions all hold is the last that matters.
   */
  const categoriesDiffer = (fixed: number, low: number, high: number): boolean => {
    for (let row = 0; row < noCategory; row++) {
      const { score, inputTokens } = categories[row]!;
      const byScore = score === null ? ALWAYS : truthOf(holds(score, scoreOf(fixed, low)), holds(score, scoreOf(fixed, high)));
      const byTokens = inputTokens === null ? ALWAYS : truthOver(inputTokens, low, high);
      if (byScore === NEVER || byTokens === NEVER) continue;
      return byScore === SOMETIMES || byTokens === SOMETIMES;
    }
    return false;
  };
  const classesDiffer = (low: number, high: number): boolean =>
    classes.some(({ inputTokens }) => inputTokens !== null && truthOver(inputTokens, low, high) === SOMETIMES);

  /** Context windows and prices of the targets that a name may come to with these capabilities; others can't tell tokens apart. */
  const reach = names.map((): (Reach | undefined)[] => []);
  const reachOf = (name: number, required: number): Reach => {
    const known = reach[name]![required];
    if (known) return known;
    const candidates = models[modelOf[name]!]!.chain.flatMap((row) => candidatesOf(data, row));
    const columns = [...new Set(candidates)]
      .map((row) => data.columns[row]!)
      .filter((column) => (column.capabilities & required) === required);
    const contexts = [...new Set(columns.map((column) => column.context))].filter((context) => context !== null);
    const prices = priced ? [...new Map(columns.map(({ rates }) => [rates.map(stepOf).join(' '), rates.map(stepOf)])).values()] : [];
    reach[name]![required] = { contexts, prices };
    return reach[name]![required]!;
  };

  return (body: RequestBody, hints: RequestHints, caller: number, tokens: TokenCount): Intent => {
    const intent: Intent = {
      name: -1,
      link: 0,
      model: 0,
      policy: 0,
      category: noCategory,
      class: noClass,
      caller,
      endpoint: body.endpoint === 'chat' ? CHAT : 1,
      required: body.required,
      flexible: 0,
      inputLow: tokens.low,
      inputHigh: tokens.high,
      input: tokens.high,
      inputMost: tokens.high,
      images: body.images ?? 0,
      tools: body.tools,
      answers: body.answers,
      outputCap: 0,
      capSource: 0,
      output: 0,
      score: -1,
      costCap: Number.POSITIVE_INFINITY,
      problem: 0,
      at: blank(),
    };
    const name = resolve(body.model);
    if (name < 0) return fail(intent, 1);
    intent.name = name;
    const model = modelOf[name]!;

    const hintedCategory = hints.category === null ? -1 : (categoryRow.get(hints.category) ?? -2);
    const hintedClass = hints.class === null ? -1 : (classRow.get(hints.class) ?? -2);
    if (hintedCategory === -2) return fail(intent, 2);
    if (hintedClass === -2) return fail(intent, 3);
    let scan = nothing;
    let fixed = 0;
    if ((scores && hintedCategory < 0) || (reads && hintedClass < 0)) {
      scan = scanText(body.text());
      for (let word = 0; word < weights.length; word++) fixed += weights[word]! * scan.found[word]!;
      if (scan.codeBlock) fixed += classifier.codeBlock;
      if (scan.lines > classifier.manyLines[0]) fixed += classifier.manyLines[1];
    }
    const differ = (): boolean =>
      intent.inputLow < intent.inputHigh &&
      ((hintedCategory < 0 && categoriesDiffer(fixed, intent.inputLow, intent.inputHigh)) ||
        (hintedClass < 0 && classesDiffer(intent.inputLow, intent.inputHigh)));
    if (differ()) {
      raise(intent, tokens.atLeast(classifyLimit));
      if (differ()) count(intent, tokens.exact(models[model]!.encoding, classifyLimit), classifyLimit);
    }
    intent.category = hintedCategory >= 0 ? hintedCategory : categoryOf(fixed, intent.inputHigh);
    intent.class = hintedClass >= 0 ? hintedClass : classOf(scan, body.tools, intent.inputHigh);
    if (scores && hintedCategory < 0) intent.score = scoreOf(fixed, intent.inputHigh);

    const policy = govern(listOf[name]!, caller, intent.category, intent.endpoint);
    intent.policy = policy;
    intent.flexible = hints.flexible && !hints.strict && policies[policy]!.fallback ? 1 : 0;
    intent.costCap = Math.min(capOfPolicy[policy]!, capOfCategory[intent.category]!);

    if (intent.endpoint === CHAT) {
      const most = categories[intent.category]!.maxOutputTokens;
      const asked = body.maxOutputTokens;
      intent.outputCap = asked === null ? (most ?? DEFAULT_CAP) : most === null ? asked : Math.min(asked, most);
      intent.capSource = asked === null ? 2 : intent.outputCap < asked ? 1 : 0;
      intent.output = Math.min(classifier.expected, intent.outputCap) * body.answers;
    }
    if (intent.inputLow < intent.inputHigh) {
      let limit = limitInPlay(intent);
      if (limit >= 0) {
        raise(intent, tokens.atLeast(limit + 1));
        limit = limitInPlay(intent);
        if (limit >= 0) count(intent, tokens.exact(models[model]!.encoding, limit), limit);
      }
    }
    intent.model = model;
    bind(intent);
    return intent;
  };

  /** The largest number of tokens below which a context window or a cost cap still tells tokens in the interval apart; -1 if none does. */
  function limitInPlay(intent: Intent): number {
    const { inputLow, inputHigh, outputCap, output, costCap } = intent;
    const { contexts, prices } = reachOf(intent.name, intent.required);
    let limit = -1;
    for (const tokens of contexts) {
      const most = tokens - outputCap;
      if (inputLow <= most && most < inputHigh) limit = Math.max(limit, most);
    }
    if (costCap < Number.POSITIVE_INFINITY) {
      for (const steps of prices) {
        const atLow = costIn(steps, inputLow, output) <= costCap;
        if (!atLow || costIn(steps, inputHigh, output) <= costCap) continue;
        // A cost rises with the tokens, in every tier and from one to the next: the cap falls into one of them.
        for (let at = 0; at < steps.length; at++) {
          const [above, input, spend] = steps[at]!;
          const last = at + 1 < steps.length ? steps[at + 1]![0] : inputHigh;
          const fit = input === 0 && output * spend <= costCap ? last : Math.ceil((costCap - output * spend) / input);
          if (fit >= above) limit = Math.max(limit, Math.min(fit, last));
        }
      }
    }
    return limit;
  }
}

const fail = (intent: Intent, problem: number): Intent => {
  intent.problem = problem;
  return intent;
};

/** Takes a lower bound in. */
function raise(intent: Intent, least: number): void {
  intent.inputLow = Math.min(intent.inputHigh, Math.max(intent.inputLow, least));
}

/** Takes a count in: at most `limit` it is exact, above it only a lower bound. */
function count(intent: Intent, counted: number, limit: number): void {
  if (counted <= limit) {
    intent.inputLow = counted;
    intent.inputHigh = counted;
    intent.input = counted;
  } else {
    intent.inputLow = Math.min(limit + 1, intent.inputHigh);
  }
}

const rowsByName = (names: readonly string[]): Map<string, number> => new Map(names.map((name, row) => [name, row]));

function holds(bound: BoundData, value: number): boolean {
  const difference = value - bound.value;
  switch (bound.op) {
    case -2:
      return difference < 0;
    case -1:
      return difference <= 0;
    case 0:
      return difference === 0;
    case 1:
      return difference >= 0;
    default:
      return difference > 0;
  }
}

const NEVER = 0;
const SOMETIMES = 1;
const ALWAYS = 2;

const truthOf = (atLow: boolean, atHigh: boolean): number => (atLow !== atHigh ? SOMETIMES : atLow ? ALWAYS : NEVER);

/** Whether a bound holds for all, some or none of the values of an interval. */
function truthOver(bound: BoundData, low: number, high: number): number {
  if (bound.op === 0 && low < high) return low <= bound.value && bound.value <= high ? SOMETIMES : NEVER;
  return truthOf(holds(bound, low), holds(bound, high));
}

interface Reach {
  readonly contexts: readonly number[];
  readonly prices: readonly PriceSteps[];
}

const stepOf = ({ above, input, output }: Column['rates'][number]): PriceSteps[number] => [above, input, output];

/** Targets that serve a model, read off its row of masks. */
function candidatesOf(data: RouterData, model: number): number[] {
  const { words, columns } = data;
  const axis = data.axes.find((entry) => entry.axis === 'model');
  if (axis?.content.kind !== 'static') return columns.map((_, target) => target);
  const { masks } = axis.content;
  const row = data.modelRows[model]!;
  return columns.flatMap((_, target) => ((masks[row * words + (target >> 5)]! >>> (31 - (target & 31))) & 1 ? [target] : []));
}

/** Above this many tokens no condition of a category or class changes any more. */
function limitOfConditions(data: RouterData): number {
  let limit = 0;
  for (const { inputTokens } of [...data.categories, ...data.classes])
    if (inputTokens !== null) limit = Math.max(limit, inputTokens.value + 1);
  if (data.categories.some(({ score }) => score !== null)) {
    const [per, upTo] = data.classifier.tokens;
    limit = Math.max(limit, Math.ceil((per * upTo) / 1_000_000) + 1);
  }
  return limit;
}

/** Builds `rank`: the order of the targets in every rank class. Off the request path. */
export function buildRank(data: RouterData): (snapshot: MetricsSnapshot) => Order {
  const { columns, rankClasses } = data;
  const size = columns.length;
  const prices = rankClasses.map(({ reference: [input, output] }) => Float64Array.from(columns, (column) => costAt(column, input, output)));
  const dominated = rankClasses.map((_, row) => dominatedOf(data, prices[row]!));
  return (snapshot) => {
    const scores = scoresOf(data, snapshot);
    const permutation = new Int32Array(rankClasses.length * size);
    rankClasses.forEach((rankClass, row) => {
      const compare = comparisonOf(data, rankClass, prices[row]!, dominated[row]!, scores);
      const order = columns.map((_, target) => target).sort(compare);
      permutation.set(order, row * size);
    });
    return { epoch: snapshot.epoch, snapshot, permutation };
  };
}

/** Another target of the same priority is at least as good and at most as dear, and one of both strictly. */
function dominatedOf(data: RouterData, prices: Float64Array): Uint8Array {
  const dominated = new Uint8Array(data.columns.length);
  const byPriority = new Map<number, number[]>();
  data.columns.forEach((column, target) => {
    const group = byPriority.get(column.priority);
    if (group) group.push(target);
    else byPriority.set(column.priority, [target]);
  });
  for (const group of byPriority.values()) {
    // Best first, cheapest among equals: a target is dominated if somebody before it is as cheap, unless both are equal in both.
    const sorted = [...group].sort((a, b) => data.columns[b]!.quality - data.columns[a]!.quality || prices[a]! - prices[b]!);
    let cheapest = Number.POSITIVE_INFINITY;
    let quality = Number.POSITIVE_INFINITY;
    for (const target of sorted) {
      const price = prices[target]!;
      const own = data.columns[target]!.quality;
      if (price > cheapest || (price === cheapest && own < quality)) dominated[target] = 1;
      if (price < cheapest) {
        cheapest = price;
        quality = own;
      }
    }
  }
  return dominated;
}

/** balanced: priority × (1 − load) × (1 ÷ latency) × measured quality. */
function scoresOf(data: RouterData, snapshot: MetricsSnapshot): Float64Array {
  const measured = snapshot.targets
    .filter(({ latency_ema_ms }) => latency_ema_ms > 0)
    .map(({ latency_ema_ms }) => Math.max(1, latency_ema_ms))
    .sort((a, b) => a - b);
  const middle = measured.length >> 1;
  const typical =
    measured.length === 0 ? 1000 : measured.length % 2 === 1 ? measured[middle]! : (measured[middle - 1]! + measured[middle]!) / 2;
  return Float64Array.from(data.columns, ({ priority, quality }, target) => {
    const { load, latency_ema_ms, success_rate_24h } = snapshot.targets[target]!;
    const latency = latency_ema_ms > 0 ? Math.max(1, latency_ema_ms) : typical;
    return priority * (1 - load) * (1 / latency) * ((quality / 1e6) * success_rate_24h);
  });
}

/** Soft limit: local first. Then dominated targets last, then the objective, then declared order. */
function comparisonOf(data: RouterData, rankClass: RankClass, prices: Float64Array, dominated: Uint8Array, scores: Float64Array) {
  const { columns } = data;
  const byPrice = (a: number, b: number): number => prices[a]! - prices[b]!;
  const byQuality = (a: number, b: number): number => columns[b]!.quality - columns[a]!.quality;
  const objective =
    rankClass.objective === 'cost'
      ? (a: number, b: number) => byPrice(a, b) || byQuality(a, b)
      : rankClass.objective === 'quality'
        ? (a: number, b: number) => byQuality(a, b) || byPrice(a, b)
        : (a: number, b: number) => scores[b]! - scores[a]!;
  return (a: number, b: number): number =>
    (rankClass.soft ? Number(columns[a]!.cloud) - Number(columns[b]!.cloud) : 0) ||
    dominated[a]! - dominated[b]! ||
    objective(a, b) ||
    a - b;
}

const DOWN = 1;
const FULL = 2;
const LOADING = 4;

/**
 * Builds what turns orders and states into the tables that `route` reads. In them a target stands at its rank: rank p of a rank class
 * is bit 31 − (p & 31) of word p >> 5, so that `clz32` of a mask finds the best. Off the request path, but for `mark` and `charge`,
 * which flip a few bits.
 */
export function buildLay(data: RouterData) {
  const { words, columns, axes, rankClasses } = data;
  const size = columns.length;
  const rows = axes.reduce((sum, axis) => sum + axis.rows, 0);
  const stride = rows * words;
  const slots = words * 32 + 1;
  const live = axes.find((axis) => axis.content.kind === 'live')!;
  const budget = axes.find((axis) => axis.content.kind === 'budget');
  const none = new Int32Array(rankClasses.length * words);

  const lay = (order: Order): Live => {
    const { snapshot } = order;
    const permutation = new Int32Array(rankClasses.length * slots).fill(-1);
    const ranks = new Int32Array(rankClasses.length * size);
    for (let r = 0; r < rankClasses.length; r++) {
      for (let rank = 0; rank < size; rank++) {
        const target = order.permutation[r * size + rank]!;
        permutation[r * slots + rank] = target;
        ranks[r * size + target] = rank;
      }
    }
    const tables: Live = {
      epoch: order.epoch,
      snapshot,
      masks: new Int32Array(rankClasses.length * stride),
      permutation,
      ranks,
      state: Uint8Array.from(snapshot.targets, (target) => target.state),
      budgets: Uint8Array.from(data.budgets, (_, row) => snapshot.budgets[row] ?? 0),
      soft: new Int32Array(Math.max(1, budget?.rows ?? 1)),
      loading: new Int32Array(words),
    };
    for (const axis of axes) layAxis(tables, axis);
    for (let target = 0; target < size; target++) mark(tables, target, tables.state[target]!);
    return tables;
  };

  const layAxis = (tables: Live, axis: AxisData): void => {
    const { content } = axis;
    for (let row = 0; row < axis.rows; row++) {
      if (content.kind === 'static' || content.kind === 'price') layRow(tables, axis.row + row, content.masks, row * words);
      else if (content.kind === 'measured') layRow(tables, axis.row + row, measure(tables.snapshot.targets, content.floors[row]!), 0);
    }
    if (content.kind === 'budget') layBudgets(tables, axis);
  };

  /** Natural mask (target t is bit 31 − (t & 31) of word t >> 5) to rank order, in every rank class. */
  const layRow = (tables: Live, row: number, natural: ArrayLike<number>, from: number): void => {
    for (let r = 0; r < rankClasses.length; r++) {
      const at = r * stride + row * words;
      for (let w = 0; w < words; w++) tables.masks[at + w] = 0;
      for (let w = 0; w < words; w++) {
        for (let mask = natural[from + w]! | 0; mask !== 0; ) {
          const bit = Math.clz32(mask);
          mask &= ~(0x80000000 >>> bit);
          const rank = tables.ranks[r * size + w * 32 + bit]!;
          tables.masks[at + (rank >> 5)]! |= 0x80000000 >>> (rank & 31);
        }
      }
    }
  };

  const measure = (targets: readonly TargetMetrics[], floor: MeasuredFloor): Int32Array => {
    const mask = new Int32Array(words);
    targets.forEach((target, row) => {
      if (meets(target, floor)) mask[row >> 5]! |= 0x80000000 >>> (row & 31);
    });
    return mask;
  };

  const layBudgets = (tables: Live, axis: AxisData): void => {
    if (axis.content.kind !== 'budget') return;
    axis.content.scopes.forEach((scope, row) => {
      const mask = new Int32Array(words).fill(-1);
      let soft = 0;
      for (const { budget: b, blocks } of scope) {
        if (tables.budgets[b]! >= 1) soft = -1;
        if (tables.budgets[b]! >= 2) for (let w = 0; w < words; w++) mask[w]! &= ~blocks[w]!;
      }
      tables.soft[row] = soft;
      if (size % 32 > 0) mask[words - 1]! &= ~(0xffffffff >>> (size % 32));
      layRow(tables, axis.row + row, mask, 0);
    });
  };

  const mark = (tables: Live, target: number, state: number): void => {
    tables.state[target] = state;
    const bit = 0x80000000 >>> (target & 31);
    if (state & LOADING) tables.loading[target >> 5]! |= bit;
    else tables.loading[target >> 5]! &= ~bit;
    for (let r = 0; r < rankClasses.length; r++) {
      const rank = tables.ranks[r * size + target]!;
      const at = r * stride + live.row * words + (rank >> 5);
      setBit(tables.masks, at, rank, (state & (DOWN | FULL)) === 0);
      setBit(tables.masks, at + words, rank, (state & DOWN) === 0);
    }
  };

  const charge = (tables: Live, row: number, status: number): void => {
    tables.budgets[row] = status;
    if (budget) layBudgets(tables, budget);
  };

  const exclude = (tables: Live, targets: readonly number[]): Int32Array => {
    if (targets.length === 0) return none;
    const masks = new Int32Array(none.length);
    for (let r = 0; r < rankClasses.length; r++) {
      for (const target of targets) {
        const rank = tables.ranks[r * size + target]!;
        masks[r * words + (rank >> 5)]! |= 0x80000000 >>> (rank & 31);
      }
    }
    return masks;
  };

  return { lay, mark, charge, exclude, none };
}

function setBit(masks: Int32Array, at: number, rank: number, on: boolean): void {
  const bit = 0x80000000 >>> (rank & 31);
  if (on) masks[at]! |= bit;
  else masks[at]! &= ~bit;
}

/** Expected latency = time to first token at the percentile + expected output tokens × time per token. */
const meets = (target: TargetMetrics, floor: MeasuredFloor): boolean =>
  target.error_rate_1h <= floor.maxErrorRate &&
  target.success_rate_24h >= floor.minSuccessRate &&
  target.avg_ttft_ms <= floor.maxTtft &&
  target.ttft_ms[floor.at] <= floor.firstToken &&
  target.ttft_ms[floor.at] + floor.expected * target.ms_per_token <= floor.total;

type Route = (intent: Intent, live: Live, excluded: Int32Array) => number;

const FULL_CODE = 1 << 19;
const LINK_SHIFT = 20;

/** Builds what asks `route` more than once: the fallback chain, the question whether only fullness is in the way, the reason. */
export function buildDecide(data: RouterData, route: Route, bind: (intent: Intent) => void) {
  const { models, names, policies, words } = data;
  const live = data.axes.find((axis) => axis.content.kind === 'live')!;
  const upOffset = (live.row + 1) * words;
  const privacy = data.axes.find((axis) => axis.axis === 'privacy');
  const openOffset = privacy ? unrestrictedOffset(data) : 0;

  const chains = names.map(({ model }) => models[model]!.chain);
  const falls = Uint8Array.from(policies, ({ fallback }) => Number(fallback));
  const chainOf = (intent: Intent): readonly number[] => {
    const chain = chains[intent.name]!;
    return falls[intent.policy] === 1 ? chain : chain.slice(0, 1);
  };
  const bindLink = (intent: Intent, link: number, model: number): void => {
    intent.link = link;
    intent.model = model;
    bind(intent);
  };

  const decide: Route = (intent, tables, excluded) => {
    const chain = chains[intent.name]!;
    const links = falls[intent.policy] === 1 ? chain.length : 1;
    for (let link = 0; link < links; link++) {
      if (intent.link !== link) bindLink(intent, link, chain[link]!);
      const code = route(intent, tables, excluded);
      if (code >= 0) return code | (link << LINK_SHIFT);
    }
    for (let link = 0; link < links; link++) {
      bindLink(intent, link, chain[link]!);
      const code = routeAs(intent, 'live', upOffset, tables, excluded);
      if (code >= 0) return code | FULL_CODE | (link << LINK_SHIFT);
    }
    bindLink(intent, 0, chain[0]!);
    return -1;
  };

  /** What `route` would say if the intent stood at another row of one axis. */
  const routeAs = (intent: Intent, axis: string, offset: number, tables: Live, excluded: Int32Array): number => {
    const own = intent.at[axis]!;
    intent.at[axis] = offset;
    const code = route(intent, tables, excluded);
    intent.at[axis] = own;
    return code;
  };

  const reason = (intent: Intent, tables: Live, excluded: Int32Array, code: number, attempts: number): RouteReason => {
    if (attempts > 0 || intent.link > 0) return 'failover';
    const target = code & 0xffff;
    const differs = (other: number): boolean => other >= 0 && (other & 0xffff) !== target;
    if (privacy && differs(routeAs(intent, 'privacy', openOffset, tables, excluded))) return 'privacy-requirement';
    if (tables.soft[intent.at.scope!] !== 0) {
      const own = tables.soft[intent.at.scope!]!;
      tables.soft[intent.at.scope!] = 0;
      const other = route(intent, tables, excluded);
      tables.soft[intent.at.scope!] = own;
      if (differs(other)) return 'budget-soft-limit';
    }
    if (differs(routeAs(intent, 'live', upOffset, tables, excluded))) return 'capacity-overflow';
    return 'capability-match';
  };

  return { decide, reason, routeAs, chainOf, bindLink, upOffset };
}

/** Offset of the row that keeps every target; the implicit policy has one. */
function unrestrictedOffset(data: RouterData): number {
  const axis = data.axes.find(({ axis }) => axis === 'privacy')!;
  if (axis.content.kind !== 'static') return 0;
  const counts = Array.from({ length: axis.rows }, (_, row) =>
    (axis.content as { masks: readonly number[] }).masks
      .slice(row * data.words, (row + 1) * data.words)
      .reduce((sum, mask) => sum + countOnes(mask), 0),
  );
  return (axis.row + counts.indexOf(data.columns.length)) * data.words;
}

function countOnes(mask: number): number {
  let ones = 0;
  for (let rest = mask | 0; rest !== 0; rest &= rest - 1) ones++;
  return ones;
}

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

type Verdicts = (intent: Intent, live: Live, excluded: Int32Array, target: number) => string[];

/** Builds `violations`: the constraints that a target does not meet, with what they ask for and what it is. Only when asked. */
export function buildViolations(data: RouterData, verdicts: Verdicts, none: Int32Array) {
  const { columns, axes, words } = data;

  return (intent: Intent, live: Live, target: number): Violation[] =>
    verdicts(intent, live, none, target).flatMap((constraint) => {
      const told = tell(constraint, intent, live, target);
      return told === null ? [] : [{ constraint: constraint as Violation['constraint'], ...told }];
    });

  function tell(constraint: string, intent: Intent, live: Live, target: number): Omit<Violation, 'constraint'> | null {
    const column = columns[target]!;
    if (constraint === 'cost') {
      const actual = column.known ? dollars(costAt(column, intent.input, intent.output)) : 'unknown';
      return { threshold: `at most ${dollars(intent.costCap)}`, actual };
    }
    if (constraint === 'quality') {
      const { minQuality, name } = data.categories[intent.category]!;
      const threshold = minQuality === null ? `what category ${name} asks for` : `at least ${minQuality / 1e6}`;
      return { threshold, actual: String(column.quality / 1e6) };
    }
    const axis = axes.find((each) => each.axis === constraint);
    if (axis?.content.kind !== 'measured') return null;
    const floor = axis.content.floors[intent.at[constraint]! / words - axis.row]!;
    const { error_rate_1h, success_rate_24h, avg_ttft_ms, ttft_ms, ms_per_token } = live.snapshot.targets[target]!;
    const first = ttft_ms[floor.at];
    const total = first + floor.expected * ms_per_token;
    const failed = [
      error_rate_1h > floor.maxErrorRate && [`errors at most ${floor.maxErrorRate}`, String(error_rate_1h)],
      success_rate_24h < floor.minSuccessRate && [`success at least ${floor.minSuccessRate}`, String(success_rate_24h)],
      avg_ttft_ms > floor.maxTtft && [`first token at most ${floor.maxTtft} ms`, `${Math.round(avg_ttft_ms)} ms`],
      first > floor.firstToken && [`first token at most ${floor.firstToken} ms`, `${Math.round(first)} ms`],
      total > floor.total && [`at most ${floor.total} ms`, `${Math.round(total)} ms expected`],
    ].filter((each) => each !== false) as [string, string][];
    return { threshold: failed.map(([asked]) => asked).join(', '), actual: failed.map(([, is]) => is).join(', ') };
  }
}

/** Pico-dollars as decimal USD. */
const dollars = (pico: number): string => `$${(pico / 1e12).toFixed(9).replace(/\.?0+$/, '')}`;

/**
 * The same tables without the constraints that may be observed first: no cap of cost, no floor of quality, declared or measured, and no SLA
 * keeps a target out. Models, capabilities, privacy, tiers, budgets and states are as they were, and so are the orders.
 */
export function loosen(data: RouterData): RouterData {
  const all = Array.from({ length: data.words }, (_, word) => {
    const bits = Math.min(32, data.columns.length - word * 32);
    return bits === 32 ? -1 : ~(0xffffffff >>> bits);
  });
  return {
    ...data,
    policies: data.policies.map((policy) => ({ ...policy, maxCost: Number.POSITIVE_INFINITY, sla: null })),
    categories: data.categories.map((category) => ({ ...category, maxCost: Number.POSITIVE_INFINITY, sla: null, minQuality: null })),
    axes: data.axes.map((axis) => (axis.role === 'quality floor' ? { ...axis, content: loosenFloor(axis, all) } : axis)),
  };
}

function loosenFloor({ content, rows }: AxisData, all: readonly number[]): AxisData['content'] {
  if (content.kind === 'static') return { ...content, masks: Array.from({ length: rows }, () => all).flat() };
  if (content.kind !== 'measured') return content;
  const none = Number.POSITIVE_INFINITY;
  const floors = content.floors.map(({ at, expected }) => {
    return { maxErrorRate: none, minSuccessRate: 0, maxTtft: none, firstToken: none, total: none, at, expected };
  });
  return { kind: 'measured', floors };
}

/** Scores lie above 0 and below this: any node that is preferred beats every one that is not. */
const PREFERRED = 2000;

type Labels = Readonly<Record<string, string>>;

/**
 * Builds `place`. A node takes a workload when no filter objects; all of them are asked, so that a person sees every reason and not the
 * first. What is no number fits nowhere.
 */
export function buildPlace({ prefer, restrictedLabels }: WorkloadsData): WorkloadRules['place'] {
  const inside = Object.fromEntries(restrictedLabels.map(({ label, value }) => [label, value]));

  /** In words, why the node does not take it; null = it does. In the order in which they are told. */
  const filters: Readonly<Record<PlacementFilter, (intent: WorkloadIntent, node: NodeState) => string | null>> = {
    unreachable: (_, node) => (node.reachable ? null : 'does not answer'),
    cordoned: (_, node) => (node.cordoned ? 'takes no new workloads' : null),
    privacy: (intent, node) => {
      if (intent.privacy === 'unrestricted') return null;
      if (restrictedLabels.length > 0) return tellLabels('a restricted workload needs', inside, node.labels);
      return node.kind === 'local' ? null : `a restricted workload stays on this machine: the policy names no \`restricted_labels\``;
    },
    labels: (intent, node) => tellLabels('needs', intent.labels, node.labels),
    form: ({ forms }, node) =>
      forms.some((form) => node.forms.includes(form)) ? null : `it runs as ${list(forms)}, the node takes ${list(node.forms)}`,
    gpu: ({ needs }, { free, total }) => tellAmount(needs.gpus, free.gpus, total.gpus, counted(1, 'GPU')),
    cpu: ({ needs }, { free, total }) => tellAmount(needs.cpuMillis, free.cpuMillis, total.cpuMillis, counted(1000, 'core')),
    memory: ({ needs }, { free, total }) => tellAmount(needs.memoryBytes, free.memoryBytes, total.memoryBytes, bytes),
  };
  const asked = Object.entries(filters) as [PlacementFilter, (typeof filters)[PlacementFilter]][];

  return (intent, nodes): Placement => {
    const scores: number[] = [];
    const excluded: Placement['excluded'][number][] = [];
    let chosen = -1;
    for (const [row, node] of nodes.entries()) {
      const reasons = asked.flatMap(([filter, tell]) => {
        const detail = tell(intent, node);
        return detail === null ? [] : [{ node: node.name, filter, detail }];
      });
      excluded.push(...reasons);
      const isPreferred = prefer === 'local' && node.kind === 'local';
      const score = reasons.length > 0 ? 0 : scoreOf(intent.needs, node) + (isPreferred ? PREFERRED : 0);
      scores.push(score);
      if (score > 0 && (chosen < 0 || score > scores[chosen]!)) chosen = row;
    }
    return { chosen, scores, excluded };
  };
}

/** From 1 to 1001: 1 + thousandths of CPU and memory that stay free with the workload on it, the mean of both, × the part of the CPU that is idle. */
function scoreOf(needs: Resources, { free, total, load }: NodeState): number {
  const cpu = thousandths(free.cpuMillis - needs.cpuMillis, total.cpuMillis);
  const memory = thousandths(free.memoryBytes - needs.memoryBytes, total.memoryBytes);
  // What is no number counts as busy.
  const idle = load <= 1 ? 1000 - thousandths(Math.round(load * 1000), 1000) : 0;
  return 1 + Math.floor(((cpu + memory) * idle) / 2000);
}

/** A share in whole thousandths, at least 0 and at most 1000; 0 of nothing. */
const thousandths = (part: number, whole: number): number =>
  part > 0 && whole > 0 ? Math.min(1000, Math.floor((part * 1000) / whole)) : 0;

/** The labels that are missing or have another value. */
function tellLabels(who: string, asked: Labels, has: Labels): string | null {
  const missing = Object.entries(asked).filter(([label, value]) => !Object.hasOwn(has, label) || has[label] !== value);
  if (missing.length === 0) return null;
  const told = missing.map(([label, value]) => {
    const there = Object.hasOwn(has, label) ? `has \`${label}: ${has[label]}\`` : `has no \`${label}\``;
    return `\`${label}: ${value}\`, the node ${there}`;
  });
  return `${who} ${told.join('; ')}`;
}

/** An amount for people; what is needed is rounded up, what is there down. */
type Tell = (amount: number, round: (amount: number) => number) => string;

/** What is not needed is not missed, also where more is taken than there is. */
function tellAmount(needs: number, free: number, total: number, tell: Tell): string | null {
  if (needs <= 0 || needs <= free) return null;
  const there = (amount: number): string => (amount > 0 ? tell(amount, Math.floor) : 'none');
  const isOne = free <= 0 || there(free).startsWith('1 ');
  return `needs ${tell(needs, Math.ceil)}, ${needs <= total ? `${there(free)} ${isOne ? 'is' : 'are'} free` : `it has ${there(total)}`}`;
}

/** So many thousandths, or pieces. */
const counted =
  (one: number, noun: string): Tell =>
  (amount) =>
    `${amount / one} ${noun}${amount === one ? '' : 's'}`;

/** With at most two decimals, in the largest unit of which there is one. */
const bytes: Tell = (amount, round) => {
  const power = Math.min(4, Math.max(0, Math.floor(Math.log2(Math.max(1, amount)) / 10)));
  return `${round((amount / 2 ** (10 * power)) * 100) / 100} ${['B', 'KiB', 'MiB', 'GiB', 'TiB'][power]}`;
};

const list = (words: readonly string[]): string => (words.length === 0 ? 'nothing' : words.join(' or '));

/** Builds the rules of workloads. Off the request path. */
export function buildWorkloads(data: WorkloadsData): WorkloadRules {
  const globs = data.protected.map(({ glob, pattern }) => ({ glob, test: new RegExp(pattern) }));
  return {
    protects: (name) => globs.some(({ glob, test }) => glob === name || test.test(name)),
    refuse(held, asked) {
      return data.quotas.flatMap(({ quota, limit }): QuotaRefusal[] => {
        const amount = AMOUNTS[quota](held, asked);
        // What is not asked for breaks no quota, also where one was lowered below what is held. What is no number breaks it.
        return amount.asked === 0 || amount.held + amount.asked <= limit ? [] : [{ quota, limit, ...amount }];
      });
    },
    place: buildPlace(data),
  };
}

const AMOUNTS: Readonly<Record<Quota, (held: Holding, asked: Resources) => { readonly held: number; readonly asked: number }>> = {
  jobs_per_token: (held) => ({ held: held.jobs, asked: 1 }),
  cpu: (held, asked) => ({ held: held.cpuMillis, asked: asked.cpuMillis }),
  memory: (held, asked) => ({ held: held.memoryBytes, asked: asked.memoryBytes }),
};

/** What the page of a router writes itself, specialized to its policy. */
export interface Specialized {
  /** Empty rows of an intent. */
  blank(): IntentRows;
  /** Coordinates of an intent to offsets into the live tables. */
  bind(intent: Intent): void;
  route(intent: Intent, live: Live, excluded: Int32Array): number;
}

/** A router from its tables and its specialized functions. */
export function assemble(data: RouterData, specialized: Specialized): RouterModule {
  const { blank, bind, route } = specialized;
  const resolve = buildNames(data.names.map(({ name }) => name));
  const { lay, mark, charge, exclude, none } = buildLay(data);
  const decision = buildDecide(data, route, bind);
  const { verdicts, order, estimate, explain } = buildExplain(data, decision, route);
  let plain: RouterModule | null = null;
  return {
    workloads: buildWorkloads(data.workloads),
    format: 1,
    targets: data.columns.length,
    none,
    resolve,
    analyze: buildAnalyze(data, resolve, blank, bind),
    rank: buildRank(data),
    lay,
    mark,
    charge,
    exclude,
    route,
    decide: decision.decide,
    reason: decision.reason,
    verdicts,
    order,
    estimate,
    ...buildMoney(data),
    explain,
    violations: buildViolations(data, verdicts, none),
    plain: () => (plain ??= assemble(loosen(data), specialized)),
  };
}
