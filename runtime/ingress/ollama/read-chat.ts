import { RequestNotes } from '../../backends/translate/request-notes.ts';
import { KeyTable } from '../../intent/key-table.ts';
import { finishRequest } from '../finish-request.ts';
import type { IngressRequest } from '../ingress.ts';
import { ParameterReader } from '../parameter-reader.ts';
import { judgeParameters } from '../parameters.ts';
import { readBody } from '../read-body.ts';
import { CHAT_PARAMETERS } from './parameters.ts';
import { readCommon } from './read-common.ts';
import { readMessages } from './read-messages.ts';
import { readTools } from './read-tools.ts';
import { sayStream } from './say-stream.ts';

const KEYS = new KeyTable(Object.keys(CHAT_PARAMETERS));

/** A request of Ollama's `/api/chat` as chat completions. Source: https://docs.ollama.com/api/chat @throws BadRequest */
export function readChat(buffer: Buffer): IngressRequest {
  const body = readBody(buffer, KEYS);
  const notes = new RequestNotes();
  judgeParameters(body, CHAT_PARAMETERS, notes);
  const reader = new ParameterReader(body, notes);
  const model = reader.model();
  const { stream, said } = sayStream(reader);
  const chat = { model, messages: readMessages(body, notes), ...said, ...readTools(body, notes), ...readCommon(body, notes) };
  return finishRequest({ chat, model, stream, mayGoNative: true, notes, echo: {} });
}
