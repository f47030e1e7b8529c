import type { Intent } from '../../schema/intent.ts';
import type { Live } from '../../schema/router.ts';
import type { LiveRouter } from '../router/live-router.ts';

/** A decision just made: its line must be written before anything is awaited, since live states change in place. */
export interface DecisionFacts {
  readonly requestId: string;
  readonly router: Pick<LiveRouter, 'hash' | 'manifest' | 'module'>;
  readonly intent: Intent;
  readonly live: Live;
  /** Rows of the targets that the request was sent to before. */
  readonly tried: readonly number[];
  readonly code: number;
  /** Time of the decision in µs. */
  readonly micros: number;
}
