import type { Bound, PolicySet } from '../../../schema/policy-set.ts';
import { analyzeRequest } from '../../interpret/interpret.ts';
import type { Interval } from './clause.ts';

/** Tokens of the shortest body: a chat has the frame of one message and the reply's; embeddings may be of a text that is empty. */
export const LEAST_TOKENS = { chat: 6, embeddings: 0 } as const;
/** Tokens of a chat with one message that has a role, of one token, and no text. */
export const FRAME = LEAST_TOKENS.chat + 1;
/** No body is larger: what contexts can say. */
export const MOST_TOKENS = 1e9;

/** How a request comes to a category and a class, and with how many input tokens it can. */
export interface Way {
  /** By `X-Nexus-Category`, `X-Nexus-Class`; null = classified. */
  readonly category: string | null;
  readonly class: string | null;
  readonly text: string;
  readonly tools: number;
  readonly tokens: Interval;
  /** No text is known that comes here, and none is known not to. */
  readonly hidden: boolean;
}

export interface Kinds {
  /** The ways to a category and a class; none where no request comes there. */
  waysTo(category: number, taskClass: number): readonly Way[];
}

/** Probes are texts × tools × token intervals; a policy with more is looked at in part, and there are hidden ways. */
const MOST_PROBES = 20_000;

/**
 * A declared category and a declared class can be asked for by their headers, with any number of tokens. The implicit ones are what is
 * left: they are looked for with texts that hold none, all and ever more of the classifier's keywords, with and without a code block,
 * between all thresholds. Words of classes only take requests away from the implicit class, so leaving them out is exact for it.
 */
export function kindsOf(set: PolicySet): Kinds {
  const any: Interval = { low: 0, high: MOST_TOKENS };
  const implicit = { category: set.categories.length - 1, class: set.classes.length - 1 };
  const { found, whole } = probe(set, implicit);
  const waysTo = (category: number, taskClass: number): readonly Way[] => {
    const free = { category: category === implicit.category, class: taskClass === implicit.class };
    const hints = {
      category: free.category ? null : set.categories[category].name,
      class: free.class ? null : set.classes[taskClass].name,
    };
    if (!free.category && !free.class) return [{ ...hints, text: '', tools: 0, tokens: any, hidden: false }];
    const known = found
      .filter((way) => (!free.category || way.category) && (!free.class || way.class))
      .map(({ text, tools, tokens }) => ({ ...hints, text, tools, tokens, hidden: false }));
    return free.category && !whole ? [...known, { ...hints, text: '', tools: 0, tokens: any, hidden: true }] : known;
  };
  const memo = new Map<number, readonly Way[]>();
  return {
    waysTo(category, taskClass) {
      const key = category * set.classes.length + taskClass;
      const known = memo.get(key) ?? widest(waysTo(category, taskClass));
      memo.set(key, known);
      return known;
    },
  };
}

/** Ways whose tokens another one has too say nothing new; plain ones stand first. */
function widest(ways: readonly Way[]): Way[] {
  const kept: Way[] = [];
  for (const way of ways) {
    const last = kept.findLast(({ text, tools, hidden }) => text === way.text && tools === way.tools && hidden === way.hidden);
    if (last !== undefined && last.tokens.high + 1 === way.tokens.low) {
      kept[kept.indexOf(last)] = { ...last, tokens: { low: last.tokens.low, high: way.tokens.high } };
    } else kept.push(way);
  }
  return kept.filter((way, i) => !kept.some((other, j) => j !== i && covers(other, way) && (!covers(way, other) || j < i)));
}

const covers = (a: Way, b: Way): boolean =>
  a.hidden === b.hidden && a.tokens.low <= b.tokens.low && a.tokens.high >= b.tokens.high && (a.tools === 0 || a.tools === b.tools);

interface Probe {
  /** Comes out in the implicit one, without a hint. */
  readonly category: boolean;
  readonly class: boolean;
  readonly text: string;
  readonly tools: number;
  readonly tokens: Interval;
}

function probe(set: PolicySet, implicit: { category: number; class: number }): { found: readonly Probe[]; whole: boolean } {
  const texts = textsOf(set);
  const tools = toolCounts(set);
  const cuts = cutsOf(set, texts);
  const found: Probe[] = [];
  const probes = texts.length * tools.length * cuts.length;
  const name = set.names[0]?.name;
  if (name === undefined) return { found, whole: true };
  let left = MOST_PROBES;
  for (const text of texts) {
    for (const count of tools) {
      for (const [at, low] of cuts.entries()) {
        if (left-- === 0) return { found, whole: false };
        const body = {
          endpoint: 'chat',
          model: name,
          maxOutputTokens: null,
          answers: 1,
          tools: count,
          required: 0,
          text: () => text,
        } as const;
        const hints = { strict: false, flexible: false, category: null, class: null };
        const asked = analyzeRequest(set, { body, hints, caller: set.callers.length - 1, tokens: low });
        const is = { category: asked.category === implicit.category, class: asked.class === implicit.class };
        if (!is.category && !is.class) continue;
        found.push({ ...is, text, tools: count, tokens: { low, high: (cuts[at + 1] ?? MOST_TOKENS + 1) - 1 } });
      }
    }
  }
  return { found, whole: probes <= MOST_PROBES && isExact(set) };
}

/** Is the text that holds every keyword, or the one that holds none, the extreme that every bound of a score looks at? */
function isExact({ categories, classes, classifier }: PolicySet): boolean {
  const takesAll = categories.some(({ when, implicit }) => !implicit && when.score === null && when.inputTokens === null);
  if (takesAll || coversAllScores(categories)) return true;
  const ops = new Set(categories.flatMap(({ when }) => (when.score === null ? [] : [when.score.op[0]])));
  if (ops.has('=') || ops.size > 1) return false;
  return ops.size === 0 || classes.every(({ when }) => when.words === null) || classifier.keywords.length === 0;
}

/** Do the categories that look at nothing but the score leave none between those below and those above? */
function coversAllScores(categories: PolicySet['categories']): boolean {
  const bounds = categories.flatMap(({ when }) => (when.score === null || when.inputTokens !== null ? [] : [when.score]));
  const below = bounds.map(({ op, value }) => (op === '<' ? value - 1 : op === '<=' ? value : -1));
  const above = bounds.map(({ op, value }) => (op === '>' ? value + 1 : op === '>=' ? value : Number.POSITIVE_INFINITY));
  return Math.min(...above) <= Math.max(...below) + 1;
}

/** Nothing; a code block; ever more keywords, then all of them with many lines and a code block; all that are no word of a class. */
function textsOf({ classifier, classes, categories }: PolicySet): string[] {
  const block = '```';
  const texts = new Set(['', block]);
  if (categories.some(({ when }) => when.score !== null)) {
    const words = classifier.keywords.map(({ word }) => word);
    const taken = new Set(classes.flatMap(({ when }) => when.words ?? []));
    const free = words.filter((word) => ![...taken].some((other) => word.toLowerCase().includes(other)));
    for (let take = 1; take < words.length; take *= 2) texts.add(words.slice(0, take).join(' '));
    const lines = '\n'.repeat(classifier.manyLines.over);
    for (const list of [words, free]) for (const end of ['', lines, `${lines}${block}`]) texts.add(`${list.join(' ')}${end}`);
  }
  return [...texts];
}

function toolCounts({ classes }: PolicySet): number[] {
  const counts = new Set([0]);
  for (const { when } of classes) if (when.tools) for (const near of [-1, 0, 1]) counts.add(Math.max(0, when.tools.value + near));
  return [...counts].sort((a, b) => a - b);
}

/** Token counts from which a category or a class may be another one: the thresholds themselves, and where a score reaches one. */
function cutsOf(set: PolicySet, texts: readonly string[]): number[] {
  const cuts = new Set<number>([0]);
  const cut = (tokens: number): void => {
    for (const point of [tokens, tokens + 1]) if (point >= 0 && point <= MOST_TOKENS) cuts.add(point);
  };
  const bounds = [...set.categories, ...set.classes].flatMap(({ when }) => (when.inputTokens === null ? [] : [when.inputTokens]));
  for (const { value } of bounds) cut(value);
  const scores = set.categories.flatMap(({ when }): Bound[] => (when.score === null ? [] : [when.score]));
  const { per, upTo } = set.classifier.tokens;
  if (scores.length > 0 && upTo > 0) {
    const bases = new Set(texts.map((text) => scoreOf(set, text)));
    // A score of `value`, and the next one above it, which may take many tokens more.
    for (const { value } of scores)
      for (const base of bases) for (const least of [value, value + 1]) if (least >= base) cut(Math.ceil(((least - base) * per) / 1e6));
    cut(Math.ceil((upTo * per) / 1e6));
  }
  return [...cuts].sort((a, b) => a - b);
}

function scoreOf(set: PolicySet, text: string): number {
  const body = { endpoint: 'chat', model: '', maxOutputTokens: null, answers: 1, tools: 0, required: 0, text: () => text } as const;
  const hints = { strict: false, flexible: false, category: null, class: null };
  return analyzeRequest(set, { body, hints, caller: set.callers.length - 1, tokens: 0 }).score;
}
