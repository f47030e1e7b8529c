import type { PolicySet } from '../../schema/policy-set.ts';
import { coveredBy, type Row } from './coverage.ts';
import { givenState } from './given-state.ts';
import type { Outcome } from './outcome.ts';
import type { Expectations, Given, PolicyTest } from './policy-test.ts';
import type { MutantResult } from './mutate/run-mutants.ts';
import { type Ask, questionOf, writeAsk } from './search/ask.ts';
import { type AskSpace, askSpaces } from './search/ask-space.ts';
import type { Witness } from './search/find-witness.ts';
import { statesFor } from './search/states-for.ts';
import { tokenPoints } from './search/token-points.ts';
import { type Candidate, tryRouter } from './try-router.ts';
import type { Situation } from './prepared-test.ts';

/** Situations that are looked at for uncovered rows, at rest and otherwise. */
const MOST = 15_000;

/** Characters of a text that a name repeats. */
const LONGEST_TEXT = 60;

/** Tests that cover these rows, as few as a first look finds. Rows that no request reaches have none. */
export function suggestForRows(candidate: Candidate, uncovered: readonly Row[]): PolicyTest[] {
  const missing = new Map(uncovered.map((row) => [row.id, row]));
  const tests: PolicyTest[] = [];
  for (const [ask, tokens, given] of situations(candidate)) {
    if (missing.size === 0) break;
    const { situation, outcome } = askRouter(candidate, ask, tokens, given);
    const found = [...coveredBy(candidate.set, situation, outcome)].filter((id) => missing.has(id));
    if (found.length === 0) continue;
    const what = found.map((id) => missing.get(id)!.what.replaceAll('`', ''));
    tests.push(writeUp(candidate, { ask, tokens, given }, outcome, `covers ${what.slice(0, 3).join(', ')}`));
    for (const id of found) missing.delete(id);
  }
  return tests;
}

/** Tests that kill surviving mutants; one that kills several is named after the first. */
export function suggestForMutants(candidate: Candidate, survivors: readonly MutantResult[]): PolicyTest[] {
  const seen = new Set<string>();
  const tests = survivors.flatMap(({ mutant, witness }) => {
    if (witness === null) return [];
    const { outcome } = askRouter(candidate, witness.ask, witness.tokens, witness.given);
    return [writeUp(candidate, witness, outcome, `tells ${mutant.what.replaceAll('`', '')}`)];
  });
  return tests.filter(({ name: _, ...rest }) => {
    const key = JSON.stringify(rest);
    return !seen.has(key) && seen.add(key);
  });
}

/** A request and its state, in words. */
export const describeWitness = (set: PolicySet, { ask, tokens, given }: Witness): string =>
  `${describeAsk(set, ask, tokens)}${describeGiven(given)}`.replace(/,$/, '');

/** Every kind of text and of request at rest, at all token counts that matter; then kinds of requests in every other state. */
function* situations({ set, router }: Candidate): Generator<[Ask, number, Given]> {
  const { decided, analyzed } = askSpaces([set]);
  const [rest, ...others] = statesFor(set).states;
  let left = MOST;
  for (const space of [analyzed, decided]) {
    for (const ask of spread(space, 2_000)) {
      const { body, hints, caller } = questionOf(ask, 1);
      const intent = router.analyze(body, hints, caller, { low: 1, high: 1, atLeast: () => 1, exact: () => 1 });
      for (const tokens of tokenPoints([set], intent, ask.category === null)) {
        if (left-- > 0) yield [ask, tokens, rest];
      }
    }
  }
  left = MOST;
  for (const given of others) {
    for (const ask of spread(decided, 300)) if (left-- > 0) yield [ask, 1, given];
  }
}

function* spread({ size, at }: AskSpace, most: number): Generator<Ask> {
  const step = Math.max(1, Math.ceil(size / most));
  for (let index = 0; index < size; index += step) yield at(index);
}

function askRouter(candidate: Candidate, ask: Ask, tokens: number, given: Given): { situation: Situation; outcome: Outcome } {
  const situation = { question: questionOf(ask, tokens), state: givenState(candidate.set, given), tried: [] };
  return { situation, outcome: tryRouter(candidate, situation) };
}

/** The test, expecting what the router says; named by what is asked, what comes of it, and what it is for. */
function writeUp({ set }: Candidate, { ask, tokens, given }: Witness, outcome: Outcome, purpose: string): PolicyTest {
  const expect: Expectations = {
    ...(outcome.problem === 'none' ? {} : { problem: outcome.problem }),
    ...(outcome.decision === null ? {} : { decision: outcome.decision }),
    ...(outcome.target === null ? {} : { target: outcome.target, zone: outcome.zone! }),
    ...(outcome.policy === null ? {} : { policy: outcome.policy, category: outcome.category!, class: outcome.class! }),
    ...(outcome.relaxed === null ? {} : { relaxed: outcome.relaxed }),
    ...(outcome.outputCap === null ? {} : { output_cap: outcome.outputCap }),
    ...(outcome.costUsd === null ? {} : { cost_usd: outcome.costUsd }),
  };
  return {
    name: `${describeAsk(set, ask, tokens)}${describeGiven(given)} ${describeOutcome(outcome)}: ${purpose}`.slice(0, 1_000),
    ...(ask.endpoint === 'embeddings' ? { endpoint: ask.endpoint } : {}),
    ...writeAsk(set, ask, tokens),
    ...(Object.keys(given).length > 0 ? { given } : {}),
    expect,
  };
}

function describeAsk(
  set: PolicySet,
  { model, endpoint, caller, category, class: taskClass, flexible, required, text, answers = 1 }: Ask,
  tokens: number,
): string {
  const { implicit, name: key } = set.callers[caller];
  const parts = [`${tokens} token${tokens === 1 ? '' : 's'}`];
  if (answers > 1) parts.push(`${answers} answers`);
  if (required.length > 0) parts.push(`with ${required.join(' and ')}`);
  if (category !== null) parts.push(`as ${category}`);
  if (taskClass !== null) parts.push(`as ${taskClass}`);
  if (flexible) parts.push('flexible');
  if (!implicit) parts.push(`by ${key}`);
  if (text !== '') parts.push(`saying ${JSON.stringify(text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text)}`);
  return `${endpoint === 'embeddings' ? 'embeddings' : 'a chat'} for ${model} (${parts.join(', ')})`;
}

function describeGiven({ down, full, loading, budgets, metrics }: Given): string {
  const list = (names: readonly string[]): string => names.slice(0, 3).join(', ') + (names.length > 3 ? ' and others' : '');
  const parts: string[] = [];
  if (down) parts.push(`${list(down)} down`);
  if (full) parts.push(`${list(full)} full`);
  if (loading) parts.push(`${list(loading)} loading`);
  for (const [name, status] of Object.entries(budgets ?? {})) parts.push(`budget ${name} at ${status}`);
  if (metrics) parts.push(`${list(Object.keys(metrics))} measured`);
  return parts.length === 0 ? '' : `, ${parts.join(', ')},`;
}

function describeOutcome({ problem, decision, target }: Outcome): string {
  if (problem !== 'none') return `is refused as ${problem}`;
  if (decision === 'reject') return 'is rejected';
  return `${decision === 'queue' ? 'waits for' : 'goes to'} ${target}`;
}
