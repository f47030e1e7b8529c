import type { Row } from './coverage.ts';
import type { MutantResult } from './mutate/run-mutants.ts';
import type { TestResult } from './run-tests.ts';

/** What a run of tests says of a policy. */
export interface TrialReport {
  readonly results: readonly TestResult[];
  readonly coverage: Coverage;
  /** Null where none was asked for. */
  readonly mutation: Mutation | null;
}

export interface Coverage {
  readonly rows: readonly Row[];
  readonly uncovered: readonly Row[];
  /** Of the rows, in percent. */
  readonly percent: number;
}

export interface Mutation {
  readonly results: readonly MutantResult[];
  /** Mutants there are; more than results where a sample was taken. */
  readonly all: number;
  /** Killed among those that can be, in percent. */
  readonly score: number;
}
