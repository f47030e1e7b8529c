import { createHash } from 'node:crypto';
import { isJsonObject, type JsonObject } from '../../backends/translate/json-object.ts';
import { RequestNotes } from '../../backends/translate/request-notes.ts';
import { KeyTable } from '../../intent/key-table.ts';
import { finishRequest } from '../finish-request.ts';
import type { IngressRequest } from '../ingress.ts';
import { ParameterReader } from '../parameter-reader.ts';
import { judgeParameters } from '../parameters.ts';
import { readBody } from '../read-body.ts';
import { PARAMETERS } from './parameters.ts';
import { readFormat } from './read-format.ts';
import { readBudget, readThinking } from './read-thinking.ts';
import { readTools } from './read-tools.ts';
import { readTurns } from './read-turns.ts';

const KEYS = new KeyTable(Object.keys(PARAMETERS));
/** Most characters that OpenAI takes as the name of an end user. */
const MOST_USER = 64;

interface Purpose {
  /** It is to be counted, not answered: `max_tokens` may be absent. */
  readonly counts?: boolean;
  /** False: nobody who could answer it can think. */
  readonly thinks?: boolean;
}

/**
 * A request of the Messages API as chat completions.
 * Source: https://platform.claude.com/docs/en/api/messages/create
 *
 * @throws BadRequest
 */
export function readRequest(buffer: Buffer, { counts = false, thinks = true }: Purpose = {}): IngressRequest {
  const body = readBody(buffer, KEYS);
  const notes = new RequestNotes();
  judgeParameters(body, PARAMETERS, notes);
  const reader = new ParameterReader(body, notes);
  const model = reader.model();
  const maxTokens = reader.integer('max_tokens', 1);
  if (!counts && (body.max_tokens ?? null) === null) notes.refuse('max_tokens', '`max_tokens` is missing; help: the API demands it');
  const stops = reader.strings('stop_sequences') ?? [];
  const stream = reader.flag('stream') === true;
  const turns = readTurns(body, notes);
  if (!thinks) notes.warn('thinking-ignored');
  const chat = {
    model,
    messages: turns.messages,
    ...(stream ? { stream, stream_options: { include_usage: true } } : {}),
    ...(maxTokens === undefined ? {} : { max_tokens: maxTokens }),
    ...readTools(body, notes),
    ...(thinks ? readThinking(body, notes) : {}),
    ...readFormat(body, notes),
    temperature: reader.number('temperature', 0, 1),
    top_p: reader.number('top_p', 0, 1),
    ...(stops.length === 0 ? {} : { stop: stops }),
    ...readUser(body, notes),
    ...readTier(body, notes),
  };
  // The API wants more tokens for an answer than to think with.
  const leastCap = (readBudget(body) ?? -1) + 1;
  return finishRequest({ chat, model, stream, mayGoNative: turns.mayGoNative && thinks, leastCap, notes, echo: { stops } });
}

function readUser(body: JsonObject, notes: RequestNotes): JsonObject {
  const { metadata } = body;
  if (metadata === undefined || metadata === null) return {};
  const id = isJsonObject(metadata) ? (metadata.user_id ?? undefined) : null;
  if (id === undefined) return {};
  if (typeof id !== 'string') {
    notes.refuse('metadata', '`metadata` is no object with a `user_id`');
    return {};
  }
  if (id.length <= MOST_USER) return { user: id };
  notes.warn('metadata-user-id-hashed');
  return { user: createHash('sha256').update(id).digest('hex') };
}

/** Source: https://platform.claude.com/docs/en/api/service-tiers */
function readTier(body: JsonObject, notes: RequestNotes): JsonObject {
  switch (body.service_tier ?? undefined) {
    case undefined:
    // What happens anyhow.
    case 'auto':
      return {};
    case 'standard_only':
      return { service_tier: 'default' };
  }
  notes.refuse('service_tier', '`service_tier` is neither `auto` nor `standard_only`');
  return {};
}
