import type { PolicySet } from '../../schema/policy-set.ts';
import type { Renames } from './renames.ts';
import type { Side } from './side.ts';

/**
 * What the rows of a side say, as numbers: equal numbers on both sides mean the same thing in other rows. An artifact doesn't tell, so
 * its numbers are equal to no other.
 */
export interface Content {
  readonly models: Int32Array;
  readonly policies: Int32Array;
  readonly categories: Int32Array;
  readonly classes: Int32Array;
  /** What every decision may depend on: all targets, budgets, the expected output. */
  readonly world: number;
  /** What classification depends on: classifier, and the conditions of categories and classes. */
  readonly tasks: number;
}

/** Gives one number to equal texts. */
export type Interner = (text: string) => number;

export function createInterner(): Interner {
  const numbers = new Map<string, number>();
  return (text) => {
    const known = numbers.get(text);
    if (known !== undefined) return known;
    numbers.set(text, numbers.size);
    return numbers.size - 1;
  };
}

/** `renames` are those of an old side; null for the new one. */
export function contentOf(side: Side, intern: Interner, renames: Renames | null): Content {
  const { set } = side;
  if (set === null) return unreadable(side, intern);
  const targetName = (row: number): string => renames?.targets.get(side.targets[row].name) ?? side.targets[row].name;
  // A budget may be for the requests of one model, whose name then matters.
  const namesModels = set.budgets.some(({ scope }) => scope.model !== null);
  const model = (row: number): unknown => {
    const { candidates, virtual, name } = set.models[row];
    return { virtual, candidates: candidates.map(targetName), ...(namesModels ? { name } : {}) };
  };
  const number = (value: unknown): number => intern(JSON.stringify(value));
  return {
    models: Int32Array.from(set.models, ({ chain }) => number(['model', chain.map(model)])),
    policies: Int32Array.from(set.policies, ({ name: _, implicit: __, match: ___, comment: ____, place: _____, sla, ...rest }) =>
      number(['policy', rest, slaOf(set, sla)]),
    ),
    categories: Int32Array.from(set.categories, ({ name: _, implicit: __, when: ___, place: ____, sla, ...rest }) =>
      number(['category', rest, slaOf(set, sla)]),
    ),
    classes: Int32Array.from(set.classes, ({ candidates }) => number(['class', candidates?.map(targetName) ?? null])),
    world: number(['world', set.targets.map((_, row) => targetOf(set, row, targetName(row))), budgetsOf(set, renames), expected(set)]),
    tasks: number([
      'tasks',
      set.classifier,
      set.categories.map(({ name, implicit, when }) => [name, implicit, when]),
      set.classes.map(({ name, implicit, when }) => [name, implicit, when]),
    ]),
  };
}

function unreadable(side: Side, intern: Interner): Content {
  const own = (what: string, count: number): Int32Array =>
    Int32Array.from({ length: count }, (_, row) => intern(`${side.hash} ${what} ${row} of an artifact`));
  const one = (what: string): number => own(what, 1)[0];
  return {
    models: own('model', side.names.length),
    policies: own('policy', side.policies.length),
    categories: own('category', side.categories.length + 1),
    classes: own('class', side.classes.length + 1),
    world: one('world'),
    tasks: one('tasks'),
  };
}

const expected = ({ classifier }: PolicySet): number => classifier.expectedOutputTokens;

function slaOf(set: PolicySet, row: number | null): unknown {
  if (row === null) return null;
  const { name: _, place: __, ...rest } = set.slas[row];
  return rest;
}

function targetOf(set: PolicySet, row: number, name: string): unknown {
  const { backend, model: _, place: __, ...rest } = set.targets[row];
  const { zone, cloud, priority } = set.backends[backend];
  return { name, zone, cloud, priority, ...rest };
}

/** Budgets by names; limits are no matter of decisions, which know their status alone. */
function budgetsOf(set: PolicySet, renames: Renames | null): unknown {
  return set.budgets.map(({ name, scope, hardLimitAction }) => {
    const { category, class: taskClass, key, team, backend, model } = scope;
    const nameIn = (rows: readonly { readonly name: string }[], row: number | null): string | null =>
      row === null ? null : rows[row].name;
    const server = nameIn(set.backends, backend);
    return {
      name,
      hardLimitAction,
      team,
      category: nameIn(set.categories, category),
      class: nameIn(set.classes, taskClass),
      key: nameIn(set.callers, key),
      backend: server === null ? null : (renames?.backends.get(server) ?? server),
      model: nameIn(set.models, model),
    };
  });
}
