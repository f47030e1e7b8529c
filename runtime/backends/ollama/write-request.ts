import type { TargetConfig } from '../../../schema/manifest.ts';
import { BadRequest } from '../../intent/bad-request.ts';
import { judgeParameters } from '../translate/judge-parameters.ts';
import { RequestNotes } from '../translate/request-notes.ts';
import type { ChatBody, DialectCall } from '../translate/translator.ts';
import { PARAMETERS } from './parameters.ts';
import type { OllamaChatRequest } from './wire.ts';
import { writeFormat } from './write-format.ts';
import { writeKeepAlive } from './write-keep-alive.ts';
import { writeMessages } from './write-messages.ts';
import { writeOptions } from './write-options.ts';
import { writeThink } from './write-think.ts';
import { writeTools } from './write-tools.ts';

/**
 * An OpenAI chat request as a call of Ollama's own API.
 * Source: https://docs.ollama.com/api/chat
 *
 * @throws BadRequest which tells everything at once that can't be said.
 */
export function writeRequest(body: ChatBody, target: TargetConfig, cap: number | null): DialectCall {
  const notes = new RequestNotes();
  try {
    const request = write(body, target, cap, notes);
    const warnings = notes.close();
    return { path: '/api/chat', headers: [], body: Buffer.from(JSON.stringify(request)), warnings };
  } catch (error) {
    // The stack ended: JSON may nest deeper than it can be walked.
    if (error instanceof RangeError) throw new BadRequest('the body nests too deeply', null, null);
    throw error;
  }
}

function write(body: ChatBody, target: TargetConfig, cap: number | null, notes: RequestNotes): OllamaChatRequest {
  judgeParameters(body, PARAMETERS, "ollama's", notes);
  const tools = writeTools(body, notes);
  const format = writeFormat(body, notes);
  // A format binds every token, those of a call included: https://github.com/ollama/ollama/issues/11037
  if (tools.length > 0 && format !== undefined) notes.warn('tool-calls-prevented=response-format');
  const think = writeThink(body, target.upstream, notes);
  const options = writeOptions(body, target, cap, notes);
  return {
    model: target.upstream,
    messages: writeMessages(body.messages, notes),
    stream: body.stream === true,
    ...(tools.length === 0 ? {} : { tools }),
    ...(format === undefined ? {} : { format }),
    ...(think === undefined ? {} : { think }),
    ...writeKeepAlive(body, notes),
    ...(options === undefined ? {} : { options }),
    truncate: false,
    shift: false,
  };
}
