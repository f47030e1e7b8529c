import type { JsonObject } from '../../backends/translate/json-object.ts';
import type { IngressRequest } from '../ingress.ts';
import type { ChatHead } from '../read-completion.ts';

/** The members that begin every line of an answer. */
export function writeHead(head: ChatHead, request: IngressRequest): JsonObject {
  // The last second that a date can hold; what lies behind it is no time.
  const seconds = Math.min(head.created, 8_640_000_000_000);
  return { model: head.model || request.model, created_at: new Date(Math.max(0, seconds) * 1000).toISOString() };
}
