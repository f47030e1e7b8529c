import type { Ingress } from '../ingress.ts';
import { spliceNative } from '../splice-native.ts';
import { readChat } from './read-chat.ts';
import { writeChat } from './write-answer.ts';
import { writeError } from './write-error.ts';
import { OllamaStream } from './write-stream.ts';

/** Ollama's `POST /api/chat`. */
export const ollamaChatIngress: Ingress = {
  name: 'ollama-chat',
  endpoint: 'chat',
  streamType: 'application/x-ndjson',
  read: readChat,
  writeAnswer: writeChat,
  openStream: (request) => new OllamaStream(request, true),
  writeError,
  native: (body, model, cap) => spliceNative(body, model, cap, 'num_predict'),
};
