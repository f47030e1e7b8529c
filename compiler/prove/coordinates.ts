import type { PolicySet } from '../../schema/policy-set.ts';
import { CAPABILITIES, ENDPOINTS, type Endpoint } from '../../schema/vocabulary.ts';

/** The values of every coordinate of the decision space: one representative for all values that nothing in the policy tells apart. */
export interface Coordinates {
  readonly names: readonly string[];
  readonly callers: readonly number[];
  readonly endpoints: readonly Endpoint[];
  /** Hinted category; null = classified from the text. */
  readonly categories: readonly (string | null)[];
  readonly classes: readonly (string | null)[];
  /** Capability sets beside the endpoint's own bit. */
  readonly required: readonly number[];
  readonly flexible: readonly boolean[];
  readonly texts: readonly string[];
  /** Tools declared. */
  readonly tools: readonly number[];
}

export function coordinatesOf(set: PolicySet): Coordinates {
  const declared = <Row extends { readonly name: string; readonly implicit: boolean }>(rows: readonly Row[]): (string | null)[] => [
    null,
    ...rows.filter(({ implicit }) => !implicit).map(({ name }) => name),
  ];
  const categories = declared(set.categories);
  const classes = declared(set.classes);
  return {
    names: set.names.map(({ name }) => name),
    callers: callerClasses(set),
    endpoints: ENDPOINTS,
    categories,
    classes,
    required: capabilityClasses(set),
    flexible: set.policies.some(({ minTier, fallbackAllowed }) => minTier > 1 && fallbackAllowed) ? [false, true] : [false],
    texts: textsOf(set, categories.length > 1, classes.length > 1),
    tools: toolCounts(set),
  };
}

/** One caller for every set of policies and budgets that tells callers apart. */
function callerClasses(set: PolicySet): number[] {
  const seen = new Map<string, number>();
  set.callers.forEach((caller, row) => {
    const matched = set.policies.map(({ match }) =>
      match.key === null && match.team === null && match.label === null
        ? '-'
        : Number(
            (match.key === null || (!caller.implicit && match.key.includes(caller.name))) &&
              (match.team === null || (caller.team !== null && match.team.includes(caller.team))) &&
              (match.label === null || Object.entries(match.label).every(([label, value]) => caller.labels[label] === value)),
          ),
    );
    const charged = set.budgets.map(({ scope }) => Number((scope.key ?? row) === row && (scope.team ?? caller.team) === caller.team));
    const key = `${matched.join('')} ${charged.join('')}`;
    if (!seen.has(key)) seen.set(key, row);
  });
  return [...seen.values()];
}

/** One capability set for every group of targets that have it. */
function capabilityClasses(set: PolicySet): number[] {
  const own = (1 << CAPABILITIES.indexOf('chat')) | (1 << CAPABILITIES.indexOf('embeddings'));
  const seen = new Map<string, number>();
  for (let required = 0; required < 1 << CAPABILITIES.length; required++) {
    if (required & own) continue;
    const key = set.targets.map(({ capabilities }) => Number((capabilities & required) === required)).join('');
    if (!seen.has(key)) seen.set(key, required);
  }
  return [...seen.values()];
}

/** Texts that reach what the classifier and the classes look for: nothing, each class's word, all keywords, a code block. */
function textsOf(set: PolicySet, categories: boolean, classes: boolean): string[] {
  const texts = new Set(['']);
  if (categories) {
    const words = set.classifier.keywords.map(({ word }) => word);
    for (let take = 1; take < words.length; take *= 2) texts.add(words.slice(0, take).join(' '));
    texts.add(words.join(' '));
    texts.add(`\`\`\`\n${'\n'.repeat(set.classifier.manyLines.over)}`);
  }
  if (classes) for (const { when } of set.classes) if (when.words?.[0]) texts.add(`${when.words[0]}, ${when.codeBlock ? '```' : 'please'}`);
  return [...texts];
}

function toolCounts(set: PolicySet): number[] {
  const counts = new Set([0]);
  for (const { when } of set.classes) if (when.tools) for (const near of [-1, 0, 1]) counts.add(Math.max(0, when.tools.value + near));
  return [...counts];
}
