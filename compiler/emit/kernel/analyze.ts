import type { Intent, IntentRows } from '../../../schema/intent.ts';
import type { RequestBody, RequestHints, TokenCount } from '../../../schema/request.ts';
import type { BoundData, Column, PriceSteps, RouterData } from './data.ts';
import { buildGovern } from './govern.ts';
import { costIn } from './money.ts';
import { buildTextScan, type TextScan } from './text.ts';

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
