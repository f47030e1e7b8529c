import type { Expectation, Expectations } from './policy-test.ts';
import type { Outcome } from './outcome.ts';

/** An expectation that does not hold. */
export interface Miss {
  /** Keys from the test down to it. */
  readonly path: readonly (string | number)[];
  /** In words, as it was written. */
  readonly expected: string;
  readonly got: string;
}

/** All expectations that do not hold; the words of `not` must each be false. */
export function judgeOutcome(expect: Expectation, outcome: Outcome): Miss[] {
  const { not, ...wanted } = expect;
  const missed = checksOf(wanted, outcome)
    .filter(({ holds }) => !holds)
    .map(({ path, expected, got }) => ({ path: ['expect', ...path], expected, got }));
  const held = checksOf(not ?? {}, outcome)
    .filter(({ holds }) => holds)
    .map(({ path, expected, got }) => ({ path: ['expect', 'not', ...path], expected: `not ${expected}`, got }));
  return [...missed, ...held];
}

interface Check extends Miss {
  readonly holds: boolean;
}

type Plain = 'decision' | 'problem' | 'backend' | 'model' | 'target' | 'zone' | 'policy' | 'category' | 'class' | 'reason' | 'relaxed';
const PLAIN = ['decision', 'problem', 'backend', 'model', 'target', 'zone', 'policy', 'category', 'class', 'reason', 'relaxed'] as const;

function checksOf(wanted: Expectations, outcome: Outcome): Check[] {
  const checks: Check[] = [];
  const add = (path: Check['path'], holds: boolean, expected: string, got: string): void => {
    checks.push({ path, holds, expected, got });
  };
  for (const key of PLAIN satisfies readonly Plain[]) {
    const value = wanted[key];
    if (value !== undefined) add([key], outcome[key] === value, value, outcome[key] ?? 'none');
  }
  for (const [key, value] of [
    ['cost_usd', outcome.costUsd],
    ['output_cap', outcome.outputCap],
  ] as const) {
    const bound = wanted[key];
    if (bound !== undefined) add([key], isWithin(bound, value), String(bound), value === null ? 'unknown' : String(value));
  }
  wanted.warnings?.forEach((warning, row) => {
    const given = outcome.warnings.some((said) => said === warning || said.startsWith(`${warning}=`));
    add(['warnings', row], given, warning, listOf(outcome.warnings));
  });
  if (wanted.order) {
    const begins = wanted.order.every((name, row) => isNamed(outcome.order[row], name));
    add(['order'], begins, wanted.order.join(', '), listOf(outcome.order));
  }
  if (wanted.queue) {
    const { reason, estimated_wait_ms, fallback } = wanted.queue;
    const { queue } = outcome;
    if (reason !== undefined) add(['queue', 'reason'], queue?.reason === reason, reason, queue?.reason ?? 'no queue');
    if (estimated_wait_ms !== undefined) {
      const wait = queue?.estimatedWaitMs ?? null;
      add(['queue', 'estimated_wait_ms'], isWithin(estimated_wait_ms, wait), String(estimated_wait_ms), String(wait ?? 'no queue'));
    }
    if (fallback !== undefined) {
      const holds = queue !== null && (fallback === null ? queue.fallback === null : isNamed(queue.fallback ?? undefined, fallback));
      add(['queue', 'fallback'], holds, fallback ?? 'none', queue === null ? 'no queue' : (queue.fallback ?? 'none'));
    }
  }
  wanted.reasons?.forEach((reason, row) => {
    const isThis = (given: Outcome['reasons'][number]): boolean =>
      (reason.reconciler === undefined || reason.reconciler === given.reconciler) &&
      (reason.agent_id === undefined || reason.agent_id === given.agent_id) &&
      (reason.model === undefined || reason.model === given.model) &&
      (reason.reason === undefined || given.reason.includes(reason.reason));
    const expected = Object.entries(reason).map(([key, value]) => `${key} ${value}`);
    const got = outcome.reasons.map(({ reconciler, agent_id, model }) => `${agent_id}/${model} by ${reconciler}`);
    add(['reasons', row], outcome.reasons.some(isThis), expected.join(', '), listOf(got));
  });
  return checks;
}

/** `backend/model`, or its backend alone. */
const isNamed = (target: string | undefined, name: string): boolean => target === name || target?.startsWith(`${name}/`) === true;

const listOf = (words: readonly string[]): string => (words.length === 0 ? 'none' : words.join(', '));

/** Costs are whole nano-dollars: what is compared is rounded to nine decimals. */
function isWithin(bound: string | number, value: number | null): boolean {
  if (value === null) return false;
  const [, op, number] = /^(<=|>=|<|>|=)? ?(.+)$/.exec(String(bound)) ?? [];
  const difference = Math.round((value - Number(number)) * 1e9);
  switch (op) {
    case '<':
      return difference < 0;
    case '<=':
      return difference <= 0;
    case '>':
      return difference > 0;
    case '>=':
      return difference >= 0;
    default:
      return difference === 0;
  }
}
