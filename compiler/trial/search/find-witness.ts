import { CODE } from '../../../schema/decision.ts';
import type { Intent } from '../../../schema/intent.ts';
import type { PolicySet } from '../../../schema/policy-set.ts';
import type { Live } from '../../../schema/router.ts';
import { givenState } from '../given-state.ts';
import type { Given } from '../policy-test.ts';
import type { Candidate } from '../try-router.ts';
import { type Ask, questionOf } from './ask.ts';
import { type AskSpace, askSpaces } from './ask-space.ts';
import { statesFor } from './states-for.ts';
import { answerPoints, tokenPoints } from './token-points.ts';

/** A request and a state that two policies decide otherwise. */
export interface Witness {
  readonly ask: Ask;
  readonly tokens: number;
  readonly given: Given;
}

export interface Search {
  /** Null where none was found. */
  readonly witness: Witness | null;
  /** Nothing was left out: without a witness the two policies are equivalent, as far as tests can tell. */
  readonly isWhole: boolean;
  /** Requests looked at. */
  readonly looked: number;
}

/** Once there is a witness, so many more kinds of requests are looked at for one that is easier to read. */
const MORE = 300;

/** Kinds of requests of the original that are kept: about 50 MB at most. */
const MOST_KNOWN = 10_000;

/** A policy that mutants are compared with, and what is the same for all of them. */
export interface Searcher {
  /**
   * Looks for a request and a state where the mutant differs in what a test can see: policy, category, class, output cap, decision,
   * target, floors relaxed, zone, cost. `most` bounds the requests; above it an even sample of the space is looked at.
   */
  findWitness(mutant: Candidate, most: number): Search;
}

export function searcherOf(original: Candidate): Searcher {
  const { states, isWhole } = statesFor(original.set);
  const lives = states.map((given) => layFor(original, given));
  const [rest] = lives;
  /** Route codes of the original by what its decisions depend on, one a state. */
  const codes = new Map<string, Int32Array>();
  /** What the original makes of its own space of requests: asked anew for every mutant, and always the same. */
  const known = new Map<number, Map<number, Asked>>();
  const { id: ownSpace } = askSpaces([original.set]);

  const codesOf = ({ intent, situation }: Asked): Int32Array => {
    const decided = codes.get(situation()) ?? Int32Array.from(lives, (live) => original.router.decide(intent, live, original.router.none));
    codes.set(situation(), decided);
    return decided;
  };

  return {
    findWitness(mutant, most) {
      const sets = [original.set, mutant.set];
      const otherLives = states.map((given) => layFor(mutant, given));
      const seen = new Map<string, Set<string>>();
      const { decided, analyzed, id } = askSpaces(sets);
      const own = isDecidedByText(original.set, mutant.set)
        ? NOTHING
        : walk(decided, sets, most, (ask, tokens, index) => compareAt(ask, tokens, id === ownSpace ? index : null));
      const other = isClassifiedAlike(original.set, mutant.set) ? NOTHING : walk(analyzed, sets, most, compareAnalysis);
      const [best] = [own.witness, other.witness].filter((witness) => witness !== null).sort((a, b) => costOf(a) - costOf(b));
      return { witness: best ?? null, isWhole: isWhole && own.isWhole && other.isWhole, looked: own.looked + other.looked };

      function compareAnalysis(ask: Ask, tokens: number): Witness | null {
        const { intent } = askOf(original, rest, ask, tokens);
        const { intent: otherIntent } = askOf(mutant, otherLives[0], ask, tokens);
        return isAnalyzedAlike(original.set, intent, mutant.set, otherIntent) ? null : { ask, tokens, given: {} };
      }

      function compareAt(ask: Ask, tokens: number, index: number | null): Witness | null {
        const asked = index === null ? askOf(original, rest, ask, tokens) : remember(index, ask, tokens);
        const otherAsked = askOf(mutant, otherLives[0], ask, tokens);
        const { intent } = asked;
        const { intent: otherIntent } = otherAsked;
        if (!isAnalyzedAlike(original.set, intent, mutant.set, otherIntent)) return { ask, tokens, given: {} };
        if (intent.problem !== 0) return null;
        // Requests that stand at the same rows of both routers are decided alike in every state.
        // Most mutants leave most rows where they are: then no second key is written, which took half of the time.
        const isAlike = falls(original.set, intent) === falls(mutant.set, otherIntent) && isBoundAlike(intent, otherIntent);
        const otherKey = isAlike ? '=' : otherAsked.key();
        if (!isNew(asked.key(), otherKey) || !isNew(asked.situation(), otherAsked.situation())) return null;
        return compareStates(ask, tokens, asked, otherIntent);
      }

      function isNew(own: string, other: string): boolean {
        const others = seen.get(own) ?? new Set();
        if (others.has(other)) return false;
        seen.set(own, others.add(other));
        return true;
      }

      function compareStates(ask: Ask, tokens: number, asked: Asked, otherIntent: Intent): Witness | null {
        const wanted = codesOf(asked);
        const isCostAlike = asked.intent.output === otherIntent.output;
        for (let state = 0; state < states.length; state++) {
          const code = mutant.router.decide(otherIntent, otherLives[state], mutant.router.none);
          if (!isDecidedAlike(original.set, mutant.set, wanted[state], code)) return { ask, tokens, given: states[state] };
          if (isCostAlike || code < 0) continue;
          const target = code & CODE.TARGET;
          if (!Object.is(original.router.estimate(asked.intent, target), mutant.router.estimate(otherIntent, target)))
            return { ask, tokens, given: states[state] };
        }
        return null;
      }
    },
  };

  function remember(index: number, ask: Ask, tokens: number): Asked {
    const atIndex = known.get(index) ?? new Map<number, Asked>();
    const asked = atIndex.get(tokens) ?? askOf(original, rest, ask, tokens);
    // Bounded: a large policy has more kinds of requests than are worth keeping.
    if (known.size < MOST_KNOWN) known.set(index, atIndex.set(tokens, asked));
    return asked;
  }

  /** Every request of a space at every token count that matters, or an even sample of them. */
  function walk(
    space: AskSpace,
    sets: readonly PolicySet[],
    most: number,
    compare: (ask: Ask, tokens: number, index: number | null) => Witness | null,
  ): Search {
    const step = strideOver(space.size, most / 8);
    let witness: Witness | null = null;
    let looked = 0;
    let until = space.size;
    let turn = 0;
    for (let index = 0; turn < until && looked < most; turn++, index = (index + step) % space.size) {
      const ask = space.at(index);
      const { intent } = askOf(original, rest, ask, 1);
      for (const tokens of tokenPoints(sets, intent, ask.category === null || ask.class === null)) {
        looked++;
        const found = compare(ask, tokens, index);
        if (found === null) continue;
        if (witness === null) until = Math.min(until, turn + MORE);
        if (witness === null || costOf(found) < costOf(witness)) witness = found;
      }
      // A cap that one answer stays under, several may pass.
      for (const answers of witness === null && ask.endpoint === 'chat' ? answerPoints(sets, intent) : []) {
        looked++;
        witness ??= compare({ ...ask, answers }, 1, null);
        if (witness !== null) until = Math.min(until, turn + MORE);
      }
    }
    return { witness, isWhole: turn === space.size, looked };
  }
}

/** A request as a router takes it; keys are made when they are asked for, and once. */
interface Asked {
  readonly intent: Intent;
  key(): string;
  situation(): string;
}

function askOf(candidate: Candidate, rest: Live, ask: Ask, tokens: number): Asked {
  const intent = analyzeWith(candidate, ask, tokens);
  let key: string | undefined;
  let situation: string | undefined;
  return {
    intent,
    key: () => (key ??= keyOf(candidate.set, intent, tokens)),
    situation: () => (situation ??= situationOf(candidate, intent, rest)),
  };
}

const NOTHING: Search = { witness: null, isWhole: true, looked: 0 };

const analyzeWith = ({ router }: Candidate, ask: Ask, tokens: number): Intent => {
  const { body, hints, caller } = questionOf(ask, tokens);
  return router.analyze(body, hints, caller, { low: tokens, high: tokens, atLeast: () => tokens, exact: () => tokens });
};

const layFor = ({ set, router }: Candidate, given: Given): Live => router.lay(router.rank(givenState(set, given)));

/** Mutants share with their original what they did not change. */
const isClassifiedAlike = (own: PolicySet, other: PolicySet): boolean =>
  own.classifier === other.classifier && own.categories === other.categories && own.classes === other.classes;

/** Nothing differs but how texts are scored. */
function isDecidedByText(own: PolicySet, other: PolicySet): boolean {
  const keys = Object.keys(own) as (keyof PolicySet)[];
  const alike = keys.every((key) => key === 'classifier' || own[key] === other[key]);
  return alike && own.classifier.expectedOutputTokens === other.classifier.expectedOutputTokens;
}

/** Does an analysis say the same to a test? */
const isAnalyzedAlike = (own: PolicySet, intent: Intent, other: PolicySet, otherIntent: Intent): boolean =>
  intent.problem === otherIntent.problem &&
  (intent.problem !== 0 ||
    (own.policies[intent.policy].name === other.policies[otherIntent.policy].name &&
      own.categories[intent.category].name === other.categories[otherIntent.category].name &&
      own.classes[intent.class].name === other.classes[otherIntent.class].name &&
      intent.outputCap === otherIntent.outputCap));

/** Is there a link behind the first? */
const falls = (set: PolicySet, { policy, name }: Intent): boolean =>
  set.policies[policy].fallbackAllowed && set.models[set.names[name].model].chain.length > 1;

/** Do two intents stand at rows of the same numbers? Two keys would then be equal. */
function isBoundAlike(intent: Intent, other: Intent): boolean {
  if (intent.name !== other.name || intent.policy !== other.policy || intent.category !== other.category) return false;
  if (intent.class !== other.class || intent.flexible !== other.flexible) return false;
  if (intent.costCap !== other.costCap || intent.output !== other.output) return false;
  for (const axis in intent.at) if (intent.at[axis] !== other.at[axis]) return false;
  for (const axis in other.at) if (!(axis in intent.at)) return false;
  return true;
}

/** Everything that a router's decision about an intent depends on, but the state. */
function keyOf(set: PolicySet, intent: Intent, tokens: number): string {
  const { name, policy, category, class: taskClass, caller, required, flexible, at, costCap, output } = intent;
  let key = '';
  // Behind the first link other rows count, which only the coordinates know; the row of the context is the same on every link.
  if (falls(set, intent)) {
    key = `${name} ${policy} ${category} ${taskClass} ${caller} ${required} ${at.context}`;
  } else for (const axis in at) key += `${at[axis]} `;
  for (const { price } of set.targets) key += tokens * price.input + output * price.output > costCap ? 1 : 0;
  return `${key} ${flexible} ${output}`;
}

/**
 * The same, told by what is excluded at rest and by the rows that depend on the state: far fewer than rows of tables. What excludes a
 * target on a later link is what excludes it on the first, but for the model itself and what its category and class make of it.
 */
function situationOf({ set, router, stateful }: Candidate, intent: Intent, rest: Live): string {
  const { name, category, class: taskClass, caller, at, flexible, output } = intent;
  let situation = falls(set, intent) ? `${set.names[name].model} ${category} ${taskClass} ${caller}` : '';
  situation += ` ${flexible} ${output}`;
  for (const field of stateful) situation += ` ${at[field]}`;
  for (let target = 0; target < router.targets; target++) situation += `/${router.verdicts(intent, rest, router.none, target)}`;
  return situation;
}

const WAITS = CODE.LOADING | CODE.FULL;

/** What of a code a test can see: not the number of the link, and of a request that waits not the floors. */
const visible = (code: number): number =>
  code & ~(CODE.LINK << CODE.LINK_SHIFT) & ((code & WAITS) === 0 ? -1 : ~(CODE.RELAXED << CODE.RELAXED_SHIFT));

/** Do two codes say the same to a test? */
function isDecidedAlike(own: PolicySet, other: PolicySet, code: number, otherCode: number): boolean {
  if (code < 0 || otherCode < 0) return code === otherCode;
  if (visible(code) !== visible(otherCode)) return false;
  const { backend } = own.targets[code & CODE.TARGET];
  return own.backends[backend].zone === other.backends[backend].zone;
}

/** How much a reader must take in. */
function costOf({ ask, tokens, given }: Witness): number {
  const { category, class: taskClass, flexible, required, text, tools, answers = 1 } = ask;
  const state = Object.values(given).reduce((sum, part) => sum + 2 + (Array.isArray(part) ? part.length : Object.keys(part).length), 0);
  const hints = Number(category !== null) + Number(taskClass !== null) + Number(flexible);
  return state + 2 * hints + required.length + Number(tools > 0) + Number(answers > 1) + Math.min(4, text.length / 40) + Number(tokens > 1);
}

/** 1 where the whole space fits; else a step that spreads over it and visits nothing twice. */
function strideOver(size: number, most: number): number {
  if (size <= most) return 1;
  const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));
  let step = Math.floor(size * 0.6180339887498949) | 1;
  while (gcd(step, size) !== 1) step += 2;
  return step;
}
