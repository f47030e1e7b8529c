export type TimeoutPhase = 'connect' | 'first_token' | 'idle' | 'total';

/** Why a backend gave no answer that could be passed on; nothing of it has reached the caller. */
export type UpstreamFailure =
  | { readonly kind: 'connect' | 'reset' | 'empty' | 'malformed'; readonly words: string }
  | { readonly kind: 'timeout'; readonly phase: TimeoutPhase; readonly words: string }
  | StatusFailure;

/** An answer outside 2xx, whole. */
export interface StatusFailure {
  readonly kind: 'status';
  readonly status: number;
  readonly headers: readonly string[];
  /** Null where it was too large to hold. */
  readonly body: Buffer | null;
  readonly words: string;
  /** Whose words the body is in: OpenAI's envelope, or the caller's own API. */
  readonly told: 'openai' | 'caller';
}

/**
 * May the next target be tried? The caller's own mistakes fail everywhere; a key that the backend refuses is ours.
 *
 * @param keyed the call carried a key of the backend.
 */
export function isRetryable(failure: UpstreamFailure, keyed: boolean): boolean {
  if (failure.kind !== 'status') return true;
  const { status } = failure;
  return isRedirect(failure) || status >= 500 || status === 429 || status === 408 || isKeyRefused(failure, keyed);
}

/** An answer that is neither a success nor an error: it leads elsewhere, where nobody goes with a request and its key. */
export function isRedirect(failure: UpstreamFailure): boolean {
  return failure.kind === 'status' && failure.status < 400;
}

export function isKeyRefused(failure: UpstreamFailure, keyed: boolean): boolean {
  return keyed && failure.kind === 'status' && (failure.status === 401 || failure.status === 403);
}
