import type { IngressError } from '../ingress/ingress.ts';

/** What is said at the end of a stream that broke after its first byte. */
export function lostStream(words: string): IngressError {
  return {
    status: 502,
    message: `the stream was cut: ${words}`,
    type: 'upstream_error',
    param: null,
    code: 'upstream_connection_lost',
    requestId: null,
  };
}
