import { isJsonObject, type JsonObject } from '../../backends/translate/json-object.ts';
import { RequestNotes } from '../../backends/translate/request-notes.ts';
import { KeyTable } from '../../intent/key-table.ts';
import { finishRequest } from '../finish-request.ts';
import type { IngressRequest } from '../ingress.ts';
import { ParameterReader } from '../parameter-reader.ts';
import { judgeParameters } from '../parameters.ts';
import { readBody } from '../read-body.ts';
import { PARAMETERS } from './parameters.ts';
import { readInput } from './read-input.ts';
import { readReasoning } from './read-reasoning.ts';
import { readText } from './read-text.ts';
import { readTools } from './read-tools.ts';
import { writeEcho } from './write-echo.ts';

const KEYS = new KeyTable(Object.keys(PARAMETERS));
/** What may be included and asks for nothing, since only built-in tools have it. */
const IDLE_INCLUDES = [
  'file_search_call.results',
  'web_search_call.results',
  'web_search_call.action.sources',
  'message.input_image.image_url',
  'computer_call_output.output.image_url',
  'code_interpreter_call.outputs',
  'reasoning.encrypted_content',
];

/**
 * A request of the Responses API as chat completions.
 * Source: https://platform.openai.com/docs/api-reference/responses/create
 *
 * @throws BadRequest
 */
export function readRequest(buffer: Buffer): IngressRequest {
  const body = readBody(buffer, KEYS);
  const notes = new RequestNotes();
  judgeParameters(body, PARAMETERS, notes);
  const reader = new ParameterReader(body, notes);
  const model = reader.model();
  const stream = reader.flag('stream') === true;
  const maxTokens = reader.integer('max_output_tokens', 1);
  const instructions = reader.string('instructions');
  const input = readInput(body, notes);
  const include = reader.strings('include') ?? [];
  for (const name of include)
    if (!IDLE_INCLUDES.includes(name)) notes.refuse('include', `\`include\` asks for \`${name.slice(0, 60)}\`, which can't be had here`);
  const system = instructions === undefined || instructions === '' ? [] : [{ role: 'system', content: instructions }];
  const chat = {
    model,
    messages: [...system, ...input.messages],
    ...(stream ? { stream, stream_options: { include_usage: true } } : {}),
    max_completion_tokens: maxTokens,
    ...readTools(body, notes),
    ...readText(body, notes),
    ...readReasoning(body, notes),
    temperature: reader.number('temperature', 0, 2),
    top_p: reader.number('top_p', 0, 1),
    user: reader.string('user'),
    safety_identifier: reader.string('safety_identifier'),
    prompt_cache_key: reader.string('prompt_cache_key'),
    prompt_cache_retention: reader.string('prompt_cache_retention'),
    service_tier: reader.string('service_tier'),
  };
  reader.flag('store');
  readMetadata(body, notes);
  const echo = { response: writeEcho(body), encrypts: include.includes('reasoning.encrypted_content') };
  return finishRequest({ chat, model, stream, mayGoNative: input.mayGoNative, notes, echo });
}

function readMetadata(body: JsonObject, notes: RequestNotes): void {
  const { metadata } = body;
  if (metadata === undefined || metadata === null) return;
  if (!isJsonObject(metadata) || !Object.values(metadata).every((value) => typeof value === 'string'))
    notes.refuse('metadata', '`metadata` is no object of strings');
}
