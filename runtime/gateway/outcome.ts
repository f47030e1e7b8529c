import type { UpstreamFailure } from './upstream-failure.ts';

/** How a call to a backend ended. Times are `performance.now()`. */
export type Outcome =
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure }
  | { readonly kind: 'aborted' }
  /** Bytes reached the caller; `cut` says why they are not all, null where they are. */
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly firstByteAt: number;
      readonly endedAt: number;
      /** Events of a stream, 0 where the answer is none. */
      readonly events: number;
      readonly cut: string | null;
    };
