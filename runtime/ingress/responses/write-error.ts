import type { JsonObject } from '../../backends/translate/json-object.ts';
import type { IngressError } from '../ingress.ts';

/** OpenAI's envelope, which is the same for all its APIs. Source: https://platform.openai.com/docs/guides/error-codes */
export function writeError({ message, type, param, code }: IngressError, extra: JsonObject): Buffer {
  return Buffer.from(JSON.stringify({ error: { message, type, param, code }, ...extra }));
}

/** What a response that failed says of it. Source: https://platform.openai.com/docs/api-reference/responses/object#responses-object-error */
export function writeFailure({ status, message }: IngressError): JsonObject {
  return { code: status === 429 ? 'rate_limit_exceeded' : status < 500 ? 'invalid_prompt' : 'server_error', message };
}
