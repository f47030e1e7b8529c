import type { IngressRequest } from '../ingress.ts';
import { readRequest } from './read-request.ts';

/**
 * `POST /v1/messages/count_tokens`: the request as chat completions, to be counted and not sent.
 * Source: https://platform.claude.com/docs/en/build-with-claude/token-counting
 *
 * @throws BadRequest
 */
export function readCount(body: Buffer): IngressRequest {
  return readRequest(body, { counts: true });
}

/** Its answer. @param tokens as `countTokens` found them. */
export function writeCount(tokens: number): Buffer {
  return Buffer.from(JSON.stringify({ input_tokens: tokens }));
}
