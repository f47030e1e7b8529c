import type { PolicySet } from '../../schema/policy-set.ts';
import type { Rule } from '../diagnostics/catalogue.ts';
import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import { finding } from '../diagnostics/finding.ts';
import { didYouMean } from '../diagnostics/suggest.ts';
import { keyAt, spotAt } from '../parse/spot-at.ts';
import type { Tree } from '../parse/tree.ts';
import type { Expectations, PolicyTest } from './policy-test.ts';
import { nameTarget, targetNames } from './rows-named.ts';

type Path = readonly (string | number)[];

/** The headers that a decision depends on, as the gateway takes them, and their kind. */
const HEADERS = { 'x-nexus-strict': 'switch', 'x-nexus-flexible': 'switch', 'x-nexus-category': 'name', 'x-nexus-class': 'name' } as const;

/** Findings about the names in a test that the policy does not define: a test about something that does not exist tests nothing. */
export function checkNames(set: PolicySet, test: PolicyTest, tree: Tree): Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  const report = (rule: Rule, path: Path, message: string, help: string): void => {
    diagnostics.push(finding(rule, spotAt(tree, ...path), message, help));
  };
  const expectName = (noun: string, name: string | null | undefined, known: readonly string[], path: Path): void => {
    if (name === undefined || name === null || known.includes(name)) return;
    const otherwise = known.length === 0 ? `the policy defines no ${noun}` : `use one of ${listSome(known)}`;
    report('unknown-reference', path, `there is no ${noun} \`${name}\``, didYouMean(name, known, otherwise));
  };
  const names = namesOf(set);
  const expectsProblem = test.expect.problem !== undefined || test.expect.not?.problem !== undefined;
  if (!expectsProblem) expectName('model or alias', test.request.model, names.requested, ['request', 'model']);
  expectName('key', test.key, names.keys, ['key']);
  expectName('team', test.team, names.teams, ['team']);
  if (test.key !== undefined && test.team !== undefined) {
    report('bad-value', ['team'], 'a test names its caller by `key` or by `team`, not by both', 'remove one of the two');
  }

  for (const [header, value] of Object.entries(test.headers ?? {})) {
    const lower = header.toLowerCase();
    if (!lower.startsWith('x-nexus-')) continue;
    const kind = Object.hasOwn(HEADERS, lower) ? HEADERS[lower as keyof typeof HEADERS] : null;
    if (kind === null) {
      const spot = keyAt(tree, 'headers', header);
      const help = didYouMean(lower, Object.keys(HEADERS), `the headers are ${listSome(Object.keys(HEADERS))}`);
      diagnostics.push(finding('unknown-key', spot, `there is no header \`${header}\``, help));
    } else if (kind === 'switch' && !/^\s*(true|false|1|0|)\s*$/i.test(value)) {
      report('bad-value', ['headers', header], `header \`${header}\` is \`${value}\`, expected \`true\` or \`false\``, 'write `"true"`');
    } else if (!expectsProblem && lower === 'x-nexus-category') {
      expectName('category', value, names.categories, ['headers', header]);
    } else if (!expectsProblem && lower === 'x-nexus-class') {
      expectName('class', value, names.classes, ['headers', header]);
    }
  }

  const { given = {} } = test;
  for (const kind of ['down', 'full', 'loading', 'tried'] as const) {
    given[kind]?.forEach((name, row) => {
      expectName('backend or target', name, names.targets, ['given', kind, row]);
    });
  }
  for (const [section, noun, known] of [
    ['budgets', 'budget', names.budgets],
    ['metrics', 'backend or target', names.targets],
  ] as const) {
    for (const name of Object.keys(given[section] ?? {})) {
      if (known.includes(name)) continue;
      const help = didYouMean(name, known, known.length === 0 ? `the policy defines no ${noun}` : `use one of ${listSome(known)}`);
      diagnostics.push(finding('unknown-reference', keyAt(tree, 'given', section, name), `there is no ${noun} \`${name}\``, help));
    }
  }

  const expectAll = (wanted: Expectations, path: Path): void => {
    expectName('backend', wanted.backend, names.backends, [...path, 'backend']);
    expectName('model', wanted.model, names.models, [...path, 'model']);
    expectName('target', wanted.target, names.pairs, [...path, 'target']);
    expectName('traffic policy', wanted.policy, names.policies, [...path, 'policy']);
    expectName('category', wanted.category, [...names.categories, 'none'], [...path, 'category']);
    expectName('class', wanted.class, [...names.classes, 'none'], [...path, 'class']);
    wanted.order?.forEach((name, row) => {
      expectName('backend or target', name, [...names.backends, ...names.pairs], [...path, 'order', row]);
    });
    expectName('backend or target', wanted.queue?.fallback, [...names.backends, ...names.pairs], [...path, 'queue', 'fallback']);
    wanted.reasons?.forEach(({ agent_id, model }, row) => {
      expectName('backend', agent_id, names.backends, [...path, 'reasons', row, 'agent_id']);
      expectName('model', model, names.models, [...path, 'reasons', row, 'model']);
    });
  };
  expectAll(test.expect, ['expect']);
  if (test.expect.not) expectAll(test.expect.not, ['expect', 'not']);
  return diagnostics;
}

function namesOf(set: PolicySet) {
  const declared = (rows: readonly { readonly name: string; readonly implicit: boolean }[]): string[] =>
    rows.filter(({ implicit }) => !implicit).map(({ name }) => name);
  const teams = set.callers.map(({ team }) => team).filter((team) => team !== null);
  return {
    requested: set.names.map(({ name }) => name),
    keys: declared(set.callers),
    teams: [...new Set(teams)],
    backends: set.backends.map(({ name }) => name),
    models: set.models.filter(({ virtual }) => !virtual).map(({ name }) => name),
    pairs: set.targets.map((_, row) => nameTarget(set, row)),
    targets: targetNames(set),
    policies: set.policies.map(({ name }) => name),
    categories: declared(set.categories),
    classes: declared(set.classes),
    budgets: set.budgets.map(({ name }) => name),
  };
}

function listSome(names: readonly string[]): string {
  const shown = names.slice(0, 6).map((name) => `\`${name}\``);
  return names.length > shown.length ? `${shown.join(', ')} and ${names.length - shown.length} more` : shown.join(', ');
}
