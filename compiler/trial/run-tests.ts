import { askInterpreter } from './ask-interpreter.ts';
import { judgeOutcome, type Miss } from './judge-outcome.ts';
import type { Outcome } from './outcome.ts';
import type { PreparedTest } from './prepared-test.ts';
import { type Candidate, tryRouter } from './try-router.ts';

export interface TestResult {
  readonly test: PreparedTest;
  readonly outcome: Outcome;
  readonly misses: readonly Miss[];
  /** What the interpreter says otherwise: a fault of the compiler. */
  readonly disagreement: string | null;
  readonly passed: boolean;
}

/** Runs tests against a router, and asks the interpreter the same. */
export function runTests(candidate: Candidate, tests: readonly PreparedTest[]): TestResult[] {
  return tests.map((test) => {
    const outcome = tryRouter(candidate, test);
    const misses = judgeOutcome(test.test.expect, outcome);
    const disagreement = askInterpreter(candidate.set, test, outcome);
    return { test, outcome, misses, disagreement, passed: misses.length === 0 && disagreement === null };
  });
}
