import type { CallerConfig } from '../../schema/manifest.ts';

export type RateKind = 'requests' | 'tokens';

/** Keeps callers to the rates of their keys: a token bucket for each caller and kind, that holds a whole period's worth. */
export interface Rates {
  /** Forgets callers that the policy no longer has. */
  configure(callers: readonly CallerConfig[]): void;
  /**
   * What has to be waited for before `take` can tell: other processes hold parts of the rate, too. Null where nothing has; it ends
   * within a fraction of a second, whatever the store does, and does not fail.
   */
  draw(caller: CallerConfig, kind: RateKind, amount: number): Promise<void> | null;
  /**
   * Takes so many, or none. More than the bucket can ever hold passes when it is full, so that no request waits for ever.
   *
   * @returns 0 where they were taken; else after how many ms they may be.
   */
  take(caller: CallerConfig, kind: RateKind, amount: number): number;
  /** Gives back what was taken and not used; less than 0 takes what was used beyond it. */
  giveBack(caller: CallerConfig, kind: RateKind, amount: number): void;
  /** Gives up what this process holds. */
  close(): Promise<void>;
}
