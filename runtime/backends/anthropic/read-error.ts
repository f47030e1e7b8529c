import { isJsonObject, type JsonObject } from '../translate/json-object.ts';
import { readHeader } from '../read-header.ts';
import { readRetrySeconds } from '../translate/read-retry-seconds.ts';
import type { ChatAnswer } from '../translate/translator.ts';

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** Kinds of error. Source: https://platform.claude.com/docs/en/api/errors */
export const ERROR_KINDS = [
  'invalid_request_error',
  'authentication_error',
  'billing_error',
  'permission_error',
  'not_found_error',
  'conflict_error',
  'request_too_large',
  'rate_limit_error',
  'api_error',
  'timeout_error',
  'overloaded_error',
] as const;
export type ErrorKind = (typeof ERROR_KINDS)[number];

interface Meaning {
  /** The status where the error came without one, inside a stream. */
  readonly status: number;
  readonly type: string;
  readonly code: string | null;
}

const MEANINGS: Readonly<Record<ErrorKind, Meaning>> = {
  invalid_request_error: { status: 400, type: 'invalid_request_error', code: null },
  authentication_error: { status: 401, type: 'authentication_error', code: 'invalid_api_key' },
  billing_error: { status: 402, type: 'insufficient_quota', code: 'insufficient_quota' },
  permission_error: { status: 403, type: 'permission_error', code: null },
  not_found_error: { status: 404, type: 'invalid_request_error', code: 'not_found' },
  conflict_error: { status: 409, type: 'invalid_request_error', code: 'conflict' },
  request_too_large: { status: 413, type: 'invalid_request_error', code: 'request_too_large' },
  rate_limit_error: { status: 429, type: 'rate_limit_error', code: 'rate_limit_exceeded' },
  api_error: { status: 500, type: 'server_error', code: null },
  timeout_error: { status: 504, type: 'server_error', code: 'timeout' },
  overloaded_error: { status: 503, type: 'server_error', code: 'overloaded' },
};

/** Kinds by status, for an answer that tells none: a proxy's page, an empty body. */
const KINDS_BY_STATUS: Readonly<Record<number, ErrorKind>> = {
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  409: 'conflict_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  504: 'timeout_error',
  529: 'overloaded_error',
};

/** Parameters that the provider's messages begin with, by the names that the caller knows. */
const PARAMS: Readonly<Record<string, string>> = {
  messages: 'messages',
  system: 'messages',
  max_tokens: 'max_tokens',
  model: 'model',
  tools: 'tools',
  tool_choice: 'tool_choice',
  thinking: 'reasoning_effort',
  output_config: 'response_format',
  stop_sequences: 'stop',
  temperature: 'temperature',
  top_p: 'top_p',
  top_k: 'top_k',
  metadata: 'user',
};

/**
 * An error of the API in OpenAI's envelope: its status (529 is 503), its message with the provider's request id, its kind, and when to
 * come again.
 */
export function readError(status: number, headers: Headers, body: Buffer): ChatAnswer {
  let value: unknown;
  try {
    value = JSON.parse(body.toString());
  } catch {
    value = null;
  }
  return tellError(isJsonObject(value) ? value : {}, status, headers);
}

/** The same for an error inside a stream, where there is no status. */
export function readErrorEvent(event: JsonObject): ChatAnswer {
  return tellError(event, null, {});
}

function tellError(value: JsonObject, given: number | null, headers: Headers): ChatAnswer {
  const error = isJsonObject(value.error) ? value.error : {};
  const told = typeof error.type === 'string' && Object.hasOwn(MEANINGS, error.type) ? (error.type as ErrorKind) : null;
  const kind = told ?? (given === null ? 'api_error' : (KINDS_BY_STATUS[given] ?? (given < 500 ? 'invalid_request_error' : 'api_error')));
  const said = typeof error.message === 'string' && error.message !== '' ? error.message : null;
  const meaning = refine(kind, said ?? '', error);
  const status = meaning.status ?? (given === null || given === 529 ? MEANINGS[kind].status : given);
  const id = readHeader(headers, 'request-id') ?? value.request_id;
  const message =
    said ?? (given === null ? 'the provider reports an error without a message' : `the provider answers ${given} without a message`);
  const envelope = {
    message: typeof id === 'string' && /^[\w-]{1,80}$/.test(id) ? `${message} (request ${id})` : message,
    type: meaning.type ?? MEANINGS[kind].type,
    param: status < 500 ? readParam(said ?? '') : null,
    code: meaning.code ?? MEANINGS[kind].code,
  };
  // A limit that is used up says nothing of other errors, nor of money that is spent.
  const isLimited = kind === 'rate_limit_error' && meaning.code !== 'insufficient_quota';
  const retryAfter = readRetrySeconds(headers, isLimited);
  return { status, body: Buffer.from(JSON.stringify({ error: envelope })), usage: null, retryAfter };
}

/** Meanings that the kind alone does not tell. OpenAI has words of their own for them. */
function refine(kind: ErrorKind, message: string, error: JsonObject): Partial<Meaning> {
  const details = isJsonObject(error.details) ? error.details : {};
  const isSpent =
    details.error_code === 'enforced_spend_limit_reached' || /credit balance is too low|usage limits?\b.*regain access/i.test(message);
  // What OpenAI says when the money is gone; another target may have some.
  if (isSpent) return { status: 429, type: 'insufficient_quota', code: 'insufficient_quota' };
  if (kind === 'invalid_request_error' && /prompt is too long|exceed(s|ed)? (the )?context (limit|window)/i.test(message)) {
    return { code: 'context_length_exceeded' };
  }
  if (kind === 'not_found_error' && /^model\b/.test(message)) return { code: 'model_not_found' };
  return {};
}

/** `messages.0.content: …`, `max_tokens: …` */
function readParam(message: string): string | null {
  const name = /^([a-z_]+)(?:\.[\w.[\]]*)?: /.exec(message)?.[1];
  return name !== undefined && Object.hasOwn(PARAMS, name) ? PARAMS[name] : null;
}
