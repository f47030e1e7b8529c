import type { Ingress } from '../ingress.ts';
import { spliceNative } from '../splice-native.ts';
import { readRequest } from './read-request.ts';
import { writeAnswer } from './write-answer.ts';
import { writeError } from './write-error.ts';
import { ResponsesStream } from './write-stream.ts';

/** OpenAI's Responses API: `POST /v1/responses`. Nothing is kept: every response is answered as `store: false`. */
export const responsesIngress: Ingress = {
  name: 'responses',
  endpoint: 'chat',
  streamType: 'text/event-stream; charset=utf-8',
  read: readRequest,
  writeAnswer,
  openStream: (request) => new ResponsesStream(request),
  writeError,
  native: (body, model, cap) => spliceNative(body, model, cap, 'max_output_tokens'),
};
