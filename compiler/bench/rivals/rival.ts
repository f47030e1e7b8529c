import type { Question } from './twenty-rules.ts';

/** Another engine, set up with the twenty rules in the way that is fastest for it. */
export interface Rival {
  /** Package name, and what it does of the task where it does not do all of it. */
  readonly name: string;
  /** What `decide` gives: the row of the first rule that matches, or the row of the target itself (-1 for none). */
  readonly gives: 'rule' | 'target';
  decide(question: Question): number | Promise<number>;
}

/** One file per engine exports one of these; an engine may run in several ways. Throws with code `ERR_MODULE_NOT_FOUND` where its package is not installed. */
export type MakeRival = () => Promise<readonly Rival[]>;
