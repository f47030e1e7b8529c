import type { ChatAnswer } from '../translate/translator.ts';
import { describeFailure } from './describe-failure.ts';
import { isJsonObject, type JsonObject } from '../translate/json-object.ts';
import { readWait } from './read-wait.ts';

/** Canonical codes and their HTTP statuses, https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto */
export const STATUSES = {
  // 499 would blame the caller, who did not leave.
  CANCELLED: 503,
  UNKNOWN: 500,
  INVALID_ARGUMENT: 400,
  DEADLINE_EXCEEDED: 504,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  PERMISSION_DENIED: 403,
  RESOURCE_EXHAUSTED: 429,
  FAILED_PRECONDITION: 400,
  ABORTED: 409,
  OUT_OF_RANGE: 400,
  UNIMPLEMENTED: 501,
  INTERNAL: 500,
  UNAVAILABLE: 503,
  DATA_LOSS: 500,
  UNAUTHENTICATED: 401,
} as const;
export type GoogleStatus = keyof typeof STATUSES;

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/**
 * An error in OpenAI's envelope. Google's canonical code decides, then the HTTP status; a key that is not valid is a 400 there and a 401 here.
 * Source: https://ai.google.dev/gemini-api/docs/troubleshooting
 */
export function readError(status: number, headers: Headers, body: Buffer): ChatAnswer {
  return tellError(parse(body), status, headers);
}

/** The same for an error that came inside an answer or a stream that began as 200. */
export function readLateError(error: unknown): ChatAnswer {
  const known = isJsonObject(error) ? error : {};
  const { code } = known;
  return tellError(known, typeof code === 'number' && code >= 400 && code < 600 ? code : 502, {});
}

function tellError(error: JsonObject | null, given: number, headers: Headers): ChatAnswer {
  const status = decideStatus(given, error);
  const envelope = {
    error: {
      message: error ? describeFailure(error) : `google answered with status ${given} and no words of its own`,
      type: typeOf(status),
      param: null,
      code: codeOf(status, error),
    },
  };
  return { status, body: Buffer.from(JSON.stringify(envelope)), usage: null, retryAfter: readWait(headers, error) };
}

/** The error object of a body, which may stand in a list; null where there is none. */
function parse(body: Buffer): JsonObject | null {
  let value: unknown;
  try {
    value = JSON.parse(body.toString());
  } catch {
    return null;
  }
  const envelope = Array.isArray(value) ? value[0] : value;
  const error = isJsonObject(envelope) ? envelope.error : undefined;
  return isJsonObject(error) ? error : null;
}

function decideStatus(status: number, error: JsonObject | null): number {
  if (error && isKeyInvalid(error)) return 401;
  const name = error?.status;
  return typeof name === 'string' && Object.hasOwn(STATUSES, name) ? STATUSES[name as GoogleStatus] : status;
}

function isKeyInvalid({ details, message }: JsonObject): boolean {
  const reasons = Array.isArray(details) ? details.map((detail) => (isJsonObject(detail) ? detail.reason : undefined)) : [];
  return reasons.includes('API_KEY_INVALID') || (typeof message === 'string' && message.startsWith('API key not valid'));
}

function typeOf(status: number): string {
  if (status === 401) return 'authentication_error';
  if (status === 403) return 'permission_error';
  if (status === 429) return 'rate_limit_error';
  return status >= 500 ? 'server_error' : 'invalid_request_error';
}

function codeOf(status: number, error: JsonObject | null): string | null {
  if (status === 401) return 'invalid_api_key';
  if (status === 404) return 'model_not_found';
  if (status === 429) return 'rate_limit_exceeded';
  // "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."
  const isTooLong = status === 400 && /token count .*exceeds the maximum/i.test(String(error?.message));
  return isTooLong ? 'context_length_exceeded' : null;
}
