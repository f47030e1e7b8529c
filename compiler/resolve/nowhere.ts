import type { Place } from '../../schema/policy-set.ts';

/** Where something stands that nobody wrote. */
export const NOWHERE: Place = { file: '', line: 1, column: 1 };
