import type { PolicySet } from '../../schema/policy-set.ts';
import { coveredBy, rowsOf } from './coverage.ts';
import type { Locate } from './locate.ts';
import type { TestResult } from './run-tests.ts';
import type { Coverage } from './trial-report.ts';

/** Which rows of a policy the tests meet; a test counts whether it passes or not. */
export function measureCoverage(set: PolicySet, locate: Locate, results: readonly TestResult[]): Coverage {
  const rows = rowsOf(set, locate);
  const met = new Set(results.flatMap(({ test, outcome }) => [...coveredBy(set, test, outcome)]));
  const uncovered = rows.filter(({ id }) => !met.has(id));
  return { rows, uncovered, percent: rows.length === 0 ? 100 : (100 * (rows.length - uncovered.length)) / rows.length };
}
