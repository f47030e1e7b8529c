import type { PolicySet } from '../../schema/policy-set.ts';
import type { RequestBody, RequestHints, TokenCount } from '../../schema/request.ts';
import { CAPABILITIES, type Endpoint } from '../../schema/vocabulary.ts';
import type { Joint } from './joint.ts';
import type { Side } from './side.ts';

/** Tokens of the longest body that the gateway takes by default: a token has a byte at least. */
export const MOST_TOKENS = 10_485_760;

/** How requests come to a category and a class: by word of the caller, or by what they say, how long they are, with how many tools. */
export interface Piece {
  /** Input tokens, both inclusive. */
  readonly low: number;
  readonly high: number;
  readonly category: string | null;
  readonly class: string | null;
  readonly text: string;
  readonly tools: number;
}

/** What requests are about, as both sides see it: the requests of a task are told apart by their tokens only. */
export interface Task {
  /** Their tokens don't overlap; the plainest way to each number of tokens. */
  readonly pieces: readonly Piece[];
  readonly hasTools: boolean;
  /** Rows of category and class. */
  readonly old: readonly [category: number, taskClass: number];
  readonly now: readonly [category: number, taskClass: number];
}

/** Every pair of (category, class) on the old side and on the new one that a request can have. */
export function findTasks(old: Side, now: Side, joint: Joint): Task[] {
  const found = new Map<string, { pieces: Piece[]; task: Omit<Task, 'pieces'> }>();
  const texts = textsOf([old.set, now.set]);
  const tools = toolsOf([old.set, now.set]);
  const points = pointsOf([old.set, now.set], old.set === null || now.set === null);
  // Requests without a hint first: they are what people send.
  const hints = joint.categories.flatMap((category) => joint.classes.map((taskClass) => ({ category, class: taskClass })));
  hints.sort((a, b) => Number(a.category !== null) + Number(a.class !== null) - Number(b.category !== null) - Number(b.class !== null));
  for (const hint of hints) {
    const settled = hint.category !== null && hint.class !== null;
    for (const count of settled ? [0, 1] : tools) {
      for (const text of settled ? [''] : texts) {
        for (const piece of classify(old, now, joint, { ...hint, text, tools: count }, points)) {
          const key = `${piece.key} ${count > 0}`;
          const entry = found.get(key) ?? { pieces: [], task: { hasTools: count > 0, old: piece.old, now: piece.now } };
          found.set(key, entry);
          entry.pieces.push(...uncovered(entry.pieces, { low: piece.low, high: piece.high, ...hint, text, tools: count }));
        }
      }
    }
  }
  return [...found.values()].map(({ pieces, task }) => ({ ...task, pieces: pieces.sort((a, b) => a.low - b.low) }));
}

interface Classified {
  readonly key: string;
  readonly old: readonly [number, number];
  readonly now: readonly [number, number];
  readonly low: number;
  readonly high: number;
}

/** Stretches of tokens over which both sides see the same task; the ends of stretches are searched for between the points. */
function classify(old: Side, now: Side, joint: Joint, asked: Omit<Piece, 'low' | 'high'>, fixed: readonly number[]): Classified[] {
  const at = (tokens: number): Omit<Classified, 'low' | 'high'> & { scores: readonly number[] } => {
    const before = analyze(
      old,
      joint.names[0],
      joint.callers[0].old,
      { ...asked, low: tokens, high: tokens },
      tokens,
      'chat',
      0,
      false,
      null,
    );
    const after = analyze(
      now,
      joint.names[0],
      joint.callers[0].now,
      { ...asked, low: tokens, high: tokens },
      tokens,
      'chat',
      0,
      false,
      null,
    );
    const rows = [before.category, before.class, after.category, after.class];
    return { key: rows.join(), old: [rows[0], rows[1]], now: [rows[2], rows[3]], scores: [before.score, after.score] };
  };
  if (asked.category !== null && asked.class !== null) return [{ ...at(1), low: 1, high: MOST_TOKENS }];
  const first = at(1);
  const points = [...new Set([...fixed, ...scorePoints(old.set, first.scores[0]), ...scorePoints(now.set, first.scores[1]), MOST_TOKENS])]
    .filter((tokens) => tokens > 1 && tokens <= MOST_TOKENS)
    .sort((a, b) => a - b);
  const stretches: Classified[] = [];
  const add = (low: number, high: number, what: Omit<Classified, 'low' | 'high'>): void => {
    const last = stretches.at(-1);
    if (last?.key === what.key) stretches[stretches.length - 1] = { ...last, high };
    else stretches.push({ key: what.key, old: what.old, now: what.now, low, high });
  };
  const walk = (low: number, high: number, atLow: ReturnType<typeof at>, atHigh: ReturnType<typeof at>): void => {
    if (atLow.key === atHigh.key) add(low, high, atLow);
    else if (high - low === 1) {
      add(low, low, atLow);
      add(high, high, atHigh);
    } else {
      const middle = low + Math.floor((high - low) / 2);
      const atMiddle = at(middle);
      walk(low, middle, atLow, atMiddle);
      walk(middle, high, atMiddle, atHigh);
    }
  };
  let [before, atBefore] = [1, first];
  for (const point of points) {
    const atPoint = at(point);
    walk(before, point, atBefore, atPoint);
    [before, atBefore] = [point, atPoint];
  }
  return stretches;
}

/** Both sides of every bound on tokens; of what can't be read, a grid. */
function pointsOf(sets: readonly (PolicySet | null)[], search: boolean): number[] {
  const bounds = sets.flatMap((set) => [...(set?.categories ?? []), ...(set?.classes ?? [])]).flatMap(({ when }) => when.inputTokens ?? []);
  const points = bounds.flatMap(({ value }) => [value - 1, value, value + 1]);
  if (search) for (let tokens = 2; tokens < MOST_TOKENS; tokens = Math.ceil(tokens * 1.3)) points.push(tokens);
  return points;
}

/** Tokens at which the score of a text passes a bound: its share grows by a micro every `per` ÷ 10⁶ tokens. */
function scorePoints(set: PolicySet | null, scoreAtOne: number): number[] {
  if (set === null || scoreAtOne < 0) return [];
  const { per, upTo } = set.classifier.tokens;
  const fixed = scoreAtOne - Math.min(Math.floor(1e6 / per), upTo);
  return set.categories.flatMap(({ when }) => {
    if (when.score === null) return [];
    return [0, 1].flatMap((near) => {
      const tokens = Math.ceil(((when.score!.value + near - fixed) * per) / 1e6);
      return [tokens - 1, tokens, tokens + 1];
    });
  });
}

/** Texts that reach what either side looks for: nothing, each class's word, more and more keywords, a code block. */
function textsOf(sets: readonly (PolicySet | null)[]): string[] {
  const texts = new Set(['']);
  for (const set of sets) {
    if (set === null) continue;
    const { keywords, manyLines } = set.classifier;
    const words = keywords.map(({ word }) => word);
    if (set.categories.some(({ when }) => when.score !== null)) {
      for (let take = 1; take < words.length; take++) texts.add(words.slice(0, take).join(' '));
      for (const word of words) texts.add(word);
      texts.add(words.join(' '));
      texts.add('\n'.repeat(manyLines.over + 1));
    }
    texts.add('```');
    for (const { when } of set.classes) for (const word of when.words ?? []) texts.add(word).add(`${word} \`\`\``);
  }
  return [...texts];
}

function toolsOf(sets: readonly (PolicySet | null)[]): number[] {
  const counts = new Set([0, 1]);
  for (const { when } of sets.flatMap((set) => set?.classes ?? []))
    if (when.tools) for (const near of [-1, 0, 1]) counts.add(Math.max(0, when.tools.value + near));
  return [...counts].sort((a, b) => a - b);
}

/** The parts of a stretch that none of the others covers. */
function uncovered(others: readonly Piece[], piece: Piece): Piece[] {
  let parts = [piece];
  for (const { low, high } of others) {
    parts = parts.flatMap((part) => {
      if (high < part.low || low > part.high) return [part];
      return [...(part.low < low ? [{ ...part, high: low - 1 }] : []), ...(part.high > high ? [{ ...part, low: high + 1 }] : [])];
    });
  }
  return parts;
}

const bit = (name: (typeof CAPABILITIES)[number]): number => 1 << CAPABILITIES.indexOf(name);

/** A request of a piece, as one side sees it. */
export function analyze(
  { router }: Side,
  model: string,
  caller: number,
  { category, class: taskClass, text, tools }: Piece,
  tokens: number,
  endpoint: Endpoint,
  required: number,
  flexible: boolean,
  maxOutputTokens: number | null,
  answers = 1,
): ReturnType<Side['router']['analyze']> {
  const embeddings = endpoint === 'embeddings';
  const body: RequestBody = {
    endpoint,
    model,
    maxOutputTokens,
    answers,
    tools: embeddings ? 0 : tools,
    required: embeddings ? bit('embeddings') : bit('chat') | required | (tools > 0 ? bit('tools') : 0),
    text: () => text,
  };
  const hints: RequestHints = { strict: false, flexible, category, class: taskClass };
  return router.analyze(body, hints, caller, exactly(tokens));
}

const exactly = (tokens: number): TokenCount => ({ low: tokens, high: tokens, atLeast: () => tokens, exact: () => tokens });
