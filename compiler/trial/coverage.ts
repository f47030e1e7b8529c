import { CODE } from '../../schema/decision.ts';
import type { Place, PolicySet } from '../../schema/policy-set.ts';
import { hasWord } from '../interpret/score-task.ts';
import { holds } from '../interpret/holds.ts';
import { analyzeRequest } from '../interpret/interpret.ts';
import { budgetsInScope } from '../interpret/reconcile-budget.ts';
import { matches } from '../resolve/glob.ts';
import type { Locate } from './locate.ts';
import type { Outcome } from './outcome.ts';
import type { Situation } from './prepared-test.ts';
import { nameTarget } from './rows-named.ts';

/** Something of a policy that a test can meet: a row, or one side of a condition. */
export interface Row {
  readonly id: string;
  readonly kind: 'policy' | 'condition' | 'category' | 'class' | 'alias' | 'fallback' | 'budget' | 'target';
  /** In words. */
  readonly what: string;
  readonly place: Place;
}

/** What one part of a condition is written as, and whether it holds for a request. */
interface Condition {
  readonly key: string;
  readonly path: readonly string[];
  readonly isTrue: boolean;
}

/** Everything that tests can cover, in the order of the policy. */
export function rowsOf(set: PolicySet, locate: Locate): Row[] {
  const rows: Row[] = [];
  const sides = (
    id: string,
    noun: string,
    name: string,
    section: 'traffic' | 'categories' | 'classes',
    conditions: readonly Condition[],
  ) => {
    for (const { key, path } of conditions) {
      for (const side of ['true', 'false']) {
        rows.push({
          id: `${id} ${key} ${side}`,
          kind: 'condition',
          what: `\`${key}\` of ${noun} \`${name}\` ${side}`,
          place: locate(section, name, ...path),
        });
      }
    }
  };
  set.policies.forEach((policy, row) => {
    if (policy.implicit) return;
    const { name } = policy;
    rows.push({ id: `policy ${row}`, kind: 'policy', what: `traffic policy \`${name}\``, place: locate('traffic', name) });
    sides(`policy ${row}`, 'policy', name, 'traffic', policyConditions(set, row, NOBODY));
  });
  set.categories.forEach(({ name, implicit }, row) => {
    if (implicit) return;
    rows.push({ id: `category ${row}`, kind: 'category', what: `category \`${name}\``, place: locate('categories', name) });
    sides(`category ${row}`, 'category', name, 'categories', categoryConditions(set, row, 0, 0));
  });
  set.classes.forEach(({ name, implicit }, row) => {
    if (implicit) return;
    rows.push({ id: `class ${row}`, kind: 'class', what: `class \`${name}\``, place: locate('classes', name) });
    sides(`class ${row}`, 'class', name, 'classes', classConditions(set, row, '', 0, 0));
  });
  set.names.forEach(({ name, hops }, row) => {
    if (hops.length < 2) return;
    rows.push({ id: `alias ${row}`, kind: 'alias', what: `alias \`${name}\``, place: locate('aliases', name) });
  });
  for (const { name, chain } of set.models) {
    chain.slice(1).forEach((model, link) => {
      const what = `fallback of \`${name}\` to \`${set.models[model].name}\``;
      rows.push({ id: `fallback ${name} ${link + 1}`, kind: 'fallback', what, place: locate('fallbacks', name, link) });
    });
  }
  set.budgets.forEach(({ name }, row) => {
    for (const [index, status] of [
      [1, 'SoftLimit'],
      [2, 'HardLimit'],
    ] as const) {
      const what = `budget \`${name}\` at ${status}`;
      rows.push({ id: `budget ${row} ${index}`, kind: 'budget', what, place: locate('budgets', name) });
    }
  });
  set.targets.forEach((target, row) => {
    rows.push({ id: `target ${row}`, kind: 'target', what: `target \`${nameTarget(set, row)}\``, place: target.place });
  });
  return rows;
}

/** The ids of the rows that a situation meets. */
export function coveredBy(set: PolicySet, { question, state }: Situation, { intent, problem, code }: Outcome): Set<string> {
  const ids = new Set<string>();
  if (problem !== 'none') return ids;
  const { body, hints, caller, tokens } = question;
  const see = (id: string, conditions: readonly Condition[]): void => {
    for (const { key, isTrue } of conditions) ids.add(`${id} ${key} ${isTrue}`);
  };
  // A row behind the one that holds is not asked.
  for (let row = 0; row <= intent.policy; row++) {
    see(`policy ${row}`, policyConditions(set, row, { ...intent, caller, endpoint: body.endpoint }));
  }
  ids.add(`policy ${intent.policy}`).add(`category ${intent.category}`).add(`class ${intent.class}`).add(`alias ${intent.name}`);
  if (hints.category === null) {
    for (let row = 0; row <= intent.category; row++) see(`category ${row}`, categoryConditions(set, row, intent.score, tokens));
  }
  if (hints.class === null) {
    for (let row = 0; row <= intent.class; row++) see(`class ${row}`, classConditions(set, row, body.text(), body.tools, tokens));
  }
  const asked = analyzeRequest(set, question);
  for (const budget of budgetsInScope(set, asked, asked.model)) ids.add(`budget ${budget} ${state.budgets[budget]}`);
  if (code < 0) return ids;
  ids.add(`target ${code & CODE.TARGET}`);
  ids.add(`fallback ${set.models[set.names[intent.name].model].name} ${(code >> CODE.LINK_SHIFT) & CODE.LINK}`);
  return ids;
}

interface Asker {
  readonly name: number;
  readonly caller: number;
  readonly category: number;
  readonly endpoint: 'chat' | 'embeddings';
}
const NOBODY: Asker = { name: 0, caller: 0, category: 0, endpoint: 'chat' };

function policyConditions(set: PolicySet, row: number, asker: Asker): Condition[] {
  const { match } = set.policies[row];
  const { name: key, implicit, team, labels } = set.callers[asker.caller];
  const hops = set.names[asker.name]?.hops ?? [];
  const truths: Readonly<Record<keyof typeof match, () => boolean>> = {
    model: () => match.model!.some((glob) => hops.some((hop) => matches(glob, hop))),
    key: () => !implicit && match.key!.includes(key),
    team: () => team !== null && match.team!.includes(team),
    label: () => Object.entries(match.label!).every(([label, value]) => labels[label] === value),
    category: () => match.category!.includes(asker.category),
    endpoint: () => match.endpoint!.includes(asker.endpoint),
  };
  return (Object.keys(truths) as (keyof typeof match)[])
    .filter((condition) => match[condition] !== null)
    .map((condition) => ({ key: condition, path: ['match', condition], isTrue: truths[condition]() }));
}

function categoryConditions(set: PolicySet, row: number, score: number, tokens: number): Condition[] {
  const { when } = set.categories[row];
  const conditions: Condition[] = [];
  if (when.score) conditions.push({ key: 'score', path: ['when', 'score'], isTrue: holds(when.score, score) });
  if (when.inputTokens) conditions.push({ key: 'input_tokens', path: ['when', 'input_tokens'], isTrue: holds(when.inputTokens, tokens) });
  return conditions;
}

function classConditions(set: PolicySet, row: number, text: string, tools: number, tokens: number): Condition[] {
  const { words, tools: count, codeBlock, inputTokens } = set.classes[row].when;
  const conditions: Condition[] = [];
  if (words) conditions.push({ key: 'words', path: ['when', 'words'], isTrue: words.some((word) => hasWord(text, word)) });
  if (count) conditions.push({ key: 'tools', path: ['when', 'tools'], isTrue: holds(count, tools) });
  if (codeBlock !== null) conditions.push({ key: 'code_block', path: ['when', 'code_block'], isTrue: text.includes('```') === codeBlock });
  if (inputTokens) conditions.push({ key: 'input_tokens', path: ['when', 'input_tokens'], isTrue: holds(inputTokens, tokens) });
  return conditions;
}
