import type { Ingress } from '../ingress.ts';
import { spliceNative } from '../splice-native.ts';
import { readRequest } from './read-request.ts';
import { writeAnswer } from './write-answer.ts';
import { writeError } from './write-error.ts';
import { MessagesStream } from './write-stream.ts';

/** Anthropic's Messages API, version 2023-06-01: `POST /v1/messages`. */
export const messagesIngress: Ingress = {
  name: 'messages',
  endpoint: 'chat',
  streamType: 'text/event-stream; charset=utf-8',
  read: (body) => readRequest(body),
  readThoughtless: (body) => readRequest(body, { thinks: false }),
  writeAnswer,
  openStream: (request) => new MessagesStream(request),
  writeError,
  native: (body, model, cap) => spliceNative(body, model, cap, 'max_tokens'),
};
