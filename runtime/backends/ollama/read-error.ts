import { Redactor } from '../../telemetry/redact.ts';
import { isJsonObject } from '../translate/json-object.ts';
import { readRetrySeconds } from '../translate/read-retry-seconds.ts';
import type { ChatAnswer } from '../translate/translator.ts';

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** Longest text of a server that is passed on. */
const LONGEST = 2000;
const redactor = new Redactor();

/** What is said in words only. Source of the words: `server/routes.go`, `llm/server.go` of https://github.com/ollama/ollama */
const MEANINGS: readonly { readonly words: RegExp; readonly status?: number; readonly code: string }[] = [
  {
    words: /context (length|size|window)|exceed_context_size|prompt (is )?too long|longer than the context/i,
    status: 400,
    code: 'context_length_exceeded',
  },
  { words: /^model ["'`].*(not found|does not exist)|no such model|model .* not found/i, status: 404, code: 'model_not_found' },
  { words: /server busy|maximum pending requests/i, status: 503, code: 'overloaded' },
  { words: /does not support (tools|thinking|chat|embed|vision|images|completion|generate)/i, status: 400, code: 'unsupported_capability' },
];

/** An error in OpenAI's envelope. Ollama tells it in words: `{"error":"model 'x' not found"}`. */
export function readError(status: number, headers: Headers, body: Buffer): ChatAnswer {
  let value: unknown;
  try {
    value = JSON.parse(body.toString());
  } catch {
    value = null;
  }
  return tellError(isJsonObject(value) ? value.error : null, status, headers);
}

/** The same for an error that came inside an answer or a stream that began as 200. */
export function readLateError(error: unknown): ChatAnswer {
  return tellError(error, 500, {});
}

/** The words of an error: a text, or an object that holds one. */
export function describeError(error: unknown): string | null {
  const said = isJsonObject(error) ? error.message : error;
  if (typeof said !== 'string' || said === '') return null;
  const clean = redactor.redact(said);
  return clean.length > LONGEST ? `${clean.slice(0, LONGEST)}…` : clean;
}

function tellError(error: unknown, given: number, headers: Headers): ChatAnswer {
  const words = describeError(error);
  const meaning = MEANINGS.find((one) => words !== null && one.words.test(words));
  const status = meaning?.status ?? given;
  const envelope = {
    message: words ?? `ollama answered with status ${given} and no words of its own`,
    type: typeOf(status),
    param: null,
    code: meaning?.code ?? (status === 401 ? 'invalid_api_key' : status === 429 ? 'rate_limit_exceeded' : null),
  };
  return {
    status,
    body: Buffer.from(JSON.stringify({ error: envelope })),
    usage: null,
    retryAfter: readRetrySeconds(headers, status === 429),
  };
}

function typeOf(status: number): string {
  if (status === 401) return 'authentication_error';
  if (status === 403) return 'permission_error';
  if (status === 429) return 'rate_limit_error';
  return status >= 500 ? 'server_error' : 'invalid_request_error';
}
