import { DECISIONS, type Invariant } from '../../../schema/invariant.ts';
import type { PolicySet } from '../../../schema/policy-set.ts';
import { CAPABILITIES, ENDPOINTS } from '../../../schema/vocabulary.ts';
import { governanceOf } from '../../analyze/governance.ts';
import { type Amounts, fits, leastAmounts, type Limits, limitsOf, MOST_ANSWERS, type Search, searchAmounts } from './amounts.ts';
import { type Outlook, mayChoose, mayReject } from './choose.ts';
import { type Clause, clausesOf, intersect, NEEDS } from './clause.ts';
import { type Kinds, kindsOf, MOST_TOKENS, type Way } from './kinds.ts';
import { linksOf } from './reach.ts';
import { type Situation, situationsOf } from './situations.ts';
import { findWitness, leastNeeds, type Witness } from './witness.ts';

/** What became of an invariant. */
export interface InvariantVerdict {
  readonly invariant: Invariant;
  /** `unclear`: neither shown to hold, nor broken by any request that could be written. */
  readonly outcome: 'proven' | 'refuted' | 'unclear';
  /** Names × callers × categories × endpoints × classes × capabilities that were looked at. */
  readonly cells: number;
  /** No request is as `when` says: it holds for want of one. */
  readonly vacuous: boolean;
  /** Where refuted. */
  readonly witness: Witness | null;
  readonly clause: Clause | null;
  /** Where unclear for want of the model's own count: who may cost how much. */
  readonly uncounted: Doubt | null;
}

/** A target whose tokens cannot be counted, and the nano-dollars that a request may cost there. */
export interface Doubt {
  readonly target: number;
  readonly upTo: number;
}

/**
 * Proves or refutes every invariant, over all requests and states. A decision breaks a clause when a request of one of its situations, come
 * to category and class in one of the ways there are, may go where the clause says it must not, for some amounts and some state. What may
 * be is never taken too narrowly, so what is not found cannot be; what is found is confirmed by the interpreter on a whole request and state.
 */
export function proveInvariants(set: PolicySet): InvariantVerdict[] {
  if (set.invariants.length === 0) return [];
  const kinds = kindsOf(set);
  return set.invariants.map((invariant) => {
    let cells = 0;
    let doubt: { readonly clause: Clause; readonly uncounted: Doubt | null } | null = null;
    for (const clause of clausesOf(set, invariant)) {
      const { violation, unclear, uncounted, looked } = examine(set, kinds, clause);
      cells += looked;
      const found = { invariant, cells, vacuous: false, clause, uncounted: null };
      if (violation !== null) return { ...found, outcome: 'refuted' as const, witness: violation };
      if (unclear) doubt ??= { clause, uncounted };
    }
    const none = { invariant, cells, witness: null };
    if (doubt !== null) return { ...none, ...doubt, outcome: 'unclear' as const, vacuous: false };
    return { ...none, outcome: 'proven' as const, vacuous: isVacuous(set, kinds, invariant), clause: null, uncounted: null };
  });
}

/** A policy that governs nothing has a finding of its own. */
function isVacuous(set: PolicySet, kinds: Kinds, invariant: Invariant): boolean {
  if (invariant.when.length === 0) return false;
  const [clause] = clausesOf(set, { ...invariant, claim: 'never', facts: [] });
  const governing = new Set(governanceOf(set).owners.flatMap((byPoint) => [...new Set(byPoint)]));
  const named = invariant.when.filter(({ fact }) => fact === 'policy').flatMap((fact) => (fact.kind === 'rows' ? fact.rows : []));
  if (named.length > 0 && named.every((row) => !governing.has(row))) return false;
  const classes = classesOf(set, clause);
  return !situationsOf(set, clause).list.some(({ category }) => classes.some((row) => kinds.waysTo(category, row).length > 0));
}

const classesOf = (set: PolicySet, { rows }: Clause): number[] =>
  [...set.classes.keys()].filter((row) => rows.class === null || rows.class[row] === 1);

interface Examined {
  readonly violation: Witness | null;
  readonly unclear: boolean;
  /** The dearest of them. */
  readonly uncounted: Doubt | null;
  readonly looked: number;
}

/** A decision that may have all facts of a clause: something that looks for its witness, or why there is none to look for. */
type Possible = (() => Witness | null) | Doubt;

/** Witnesses that are tried before a clause counts as unclear: each is a whole request that the interpreter judges. */
const MOST_TRIES = 200;

function examine(set: PolicySet, kinds: Kinds, clause: Clause): Examined {
  const { list, points } = situationsOf(set, clause);
  const classes = classesOf(set, clause);
  let unclear = false;
  let uncounted: Doubt | null = null;
  let tries = 0;
  let looked = 0;
  for (const situation of list) {
    for (const taskClass of classes) {
      const ways = kinds.waysTo(situation.category, taskClass);
      if (ways.length > 0) looked++;
      for (const possible of possibleIn(set, clause, situation, taskClass, ways)) {
        if (typeof possible !== 'function') {
          if (uncounted === null || possible.upTo > uncounted.upTo) uncounted = possible;
        } else if (tries++ < MOST_TRIES) {
          const violation = possible();
          if (violation !== null) return { violation, unclear, uncounted, looked: points };
        }
        unclear = true;
      }
    }
  }
  return { violation: null, unclear, uncounted, looked: looked === 0 ? 0 : points * classes.length };
}

/** Every decision of the situation that may have all facts of the clause. */
function* possibleIn(set: PolicySet, clause: Clause, situation: Situation, taskClass: number, ways: readonly Way[]): Generator<Possible> {
  const embeddings = ENDPOINTS[situation.endpoint] === 'embeddings';
  const { minTier, fallbackAllowed } = set.policies[situation.policy];
  const flexibles = minTier > 1 && fallbackAllowed ? [false, true] : [false];
  for (const way of ways) {
    if (way.tools > 0 && (embeddings || (clause.needsOnly & TOOLS) === 0)) continue;
    const some = way.tools > 0 ? [...clause.needsSome, TOOLS] : clause.needsSome;
    const needSets = embeddings ? (some.length === 0 ? [0] : []) : leastNeeds(some, clause.needsOnly);
    for (const needs of needSets) {
      const may = embeddings ? 0 : clause.needsOnly;
      const at = { policy: situation.policy, category: situation.category, embeddings, needs, may };
      const limits = limitsOf(set, at, intersect(clause.input, way.tokens), clause.output);
      if (limits === null) continue;
      for (const flexible of flexibles)
        yield* unlessHidden(way, pickedIn(set, clause, { situation, way, class: taskClass, needs, flexible, limits }));
      if (clause.rows.decision?.[REJECT] !== 0 && clause.rows.target === null && clause.costs.length === 0)
        yield* unlessHidden(way, rejectedIn(set, clause, { situation, way, class: taskClass, needs, flexible: false, limits }));
    }
  }
}

/** For what may be only in ways that no text was found for, there is no witness. */
function* unlessHidden({ hidden }: Way, found: Generator<Possible>): Generator<Possible> {
  for (const look of found) yield hidden ? () => null : look;
}

const TOOLS = 1 << CAPABILITIES.indexOf('tools');
const REJECT = DECISIONS.indexOf('reject');

interface Setting {
  readonly situation: Situation;
  readonly way: Way;
  readonly class: number;
  readonly needs: number;
  readonly flexible: boolean;
  readonly limits: Limits;
}

/** Decisions for a target. */
function* pickedIn(set: PolicySet, clause: Clause, setting: Setting): Generator<Possible> {
  const { situation, way, needs, flexible, limits } = setting;
  const links = linksOf(set, setting);
  const outlook = outlookOf(set, clause, setting, links);
  const wanted = (['route', 'queue'] as const).filter((decision) => clause.rows.decision?.[DECISIONS.indexOf(decision)] !== 0);
  for (const target of new Set(links.flatMap((link) => link.targets))) {
    if (clause.rows.target?.[target] === 0) continue;
    const may = mayChoose(outlook, target);
    const decisions = wanted.filter((decision) => may[decision]);
    if (decisions.length === 0) continue;
    const amounts = known(set, target, limits, clause);
    if (amounts === 'none') continue;
    if (amounts === 'unclear') {
      yield () => null;
      continue;
    }
    if ('upTo' in amounts) {
      yield { target, upTo: amounts.upTo };
      continue;
    }
    const tokens = { low: amounts.input, high: limits.input.high };
    // Fewer requests fit beside others when they are large: both ends are tried.
    const wishes = [amounts, ...(isGiven(clause) && clause.costs.length === 0 ? [largest(set, target, limits)] : [])];
    yield () => {
      for (const wish of wishes) {
        for (const decision of decisions) {
          const found = findWitness(set, clause, { situation, way, needs, flexible, amounts: wish, tokens, plain: true }, target, decision);
          if (found !== null) return found;
        }
      }
      return null;
    };
  }
}

const isGiven = ({ given }: Clause): boolean => given.down !== null && given.full !== null;

/** Amounts that just fit the target. */
function largest(set: PolicySet, target: number, limits: Limits): Amounts {
  const { context } = set.targets[target];
  const input = Math.max(limits.input.low, Math.min(limits.input.high, (context ?? 100_000) - limits.output.low));
  return { ...leastAmounts(limits), input };
}

/** Rejections: of the request that asks for the most. */
function* rejectedIn(set: PolicySet, clause: Clause, setting: Setting): Generator<Possible> {
  const { situation, way, limits } = setting;
  const needs = limits.embeddings ? 0 : clause.needsOnly & NEEDS;
  const asking = { ...setting, needs };
  if (!mayReject(outlookOf(set, clause, asking, linksOf(set, asking)))) return;
  const most = mostAmounts(limits);
  yield () => {
    // The plain request first, then more of everything.
    for (const [some, amounts] of [
      [setting.needs, leastAmounts(limits)],
      [needs, leastAmounts({ ...limits, needs })],
      [setting.needs, most],
      [needs, most],
    ] as const) {
      const wish = {
        situation,
        way,
        needs: some,
        flexible: false,
        amounts,
        tokens: { low: amounts.input, high: limits.input.high },
        plain: true,
      };
      const found = findWitness(set, clause, wish, null, 'reject');
      if (found !== null) return found;
    }
    return null;
  };
}

/** The most that a witness need ask for: beyond, it only becomes longer. */
const mostAmounts = (limits: Limits): Amounts => ({
  ...leastAmounts(limits),
  input: Math.min(limits.input.high, Math.max(limits.input.low, 20_000)),
  output: Math.min(limits.output.high, MOST_TOKENS),
});

function outlookOf(set: PolicySet, clause: Clause, setting: Setting, links: Outlook['links']): Outlook {
  const { limits, situation, class: taskClass, needs, flexible } = setting;
  return {
    set,
    asking: { situation, class: taskClass, needs, flexible },
    given: clause.given,
    links,
    isSure: (target) => fitsAlways(set, target, limits, clause),
  };
}

/** Would even the largest request of the kind fit? */
function fitsAlways(set: PolicySet, target: number, limits: Limits, { needsOnly }: Clause): boolean {
  const { capabilities } = set.targets[target];
  if (!limits.embeddings && (needsOnly & NEEDS & ~capabilities) !== 0) return false;
  const { input, output, embeddings } = limits;
  const answers = embeddings ? 1 : MOST_ANSWERS;
  return fits(set.targets[target], limits, { input: input.high, output: output.high, answers, images: 0, tools: false });
}

const memory = new WeakMap<PolicySet, Map<string, Search>>();

/** Many situations ask the same of a target; and what the loosest limits do not allow no other ones do. */
function known(set: PolicySet, target: number, limits: Limits, clause: Clause): Search {
  const { costs } = clause;
  const isCounted = set.backends[set.targets[target].backend].type === 'openai';
  if (costs.length === 0) return searchAmounts(set.targets[target], limits, costs, isCounted);
  if (isOutOfReach(set, target, isCounted, limits.embeddings, clause)) return 'none';
  if (!memory.has(set)) memory.set(set, new Map());
  const memo = memory.get(set)!;
  const { embeddings, input, output, costCap, needs, may } = limits;
  const bounds = costs.map(({ op, value }) => `${op}${value}`).join();
  const key = `${target} ${embeddings} ${input.low} ${input.high} ${output.low} ${output.high} ${costCap} ${needs} ${may} ${bounds}`;
  const found = memo.get(key) ?? searchAmounts(set.targets[target], limits, costs, isCounted);
  memo.set(key, found);
  return found;
}

const outOfReach = new WeakMap<Clause, Map<number, boolean>>();

/** Can no request at all meet the bounds on this target? */
function isOutOfReach(set: PolicySet, target: number, isCounted: boolean, embeddings: boolean, clause: Clause): boolean {
  const memo = outOfReach.get(clause) ?? new Map<number, boolean>();
  outOfReach.set(clause, memo);
  const key = target * 2 + Number(embeddings);
  const seen = memo.get(key);
  if (seen !== undefined) return seen;
  const loosest: Limits = {
    embeddings,
    input: { low: 1, high: MOST_TOKENS },
    output: embeddings ? { low: 0, high: 0 } : { low: 1, high: MOST_TOKENS },
    costCap: Number.POSITIVE_INFINITY,
    expected: 0,
    needs: 0,
    may: embeddings ? 0 : NEEDS,
  };
  const found = searchAmounts(set.targets[target], loosest, clause.costs, isCounted) === 'none';
  memo.set(key, found);
  return found;
}
