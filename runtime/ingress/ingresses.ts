import type { NativeApi } from '../backends/dialect.ts';
import type { Ingress } from './ingress.ts';
import { messagesIngress } from './messages/messages.ts';
import { ollamaChatIngress } from './ollama/chat.ts';
import { ollamaEmbedIngress } from './ollama/embed.ts';
import { ollamaGenerateIngress } from './ollama/generate.ts';
import { responsesIngress } from './responses/responses.ts';

/** Every API that callers speak beside OpenAI's chat completions and embeddings. */
export const INGRESSES: Readonly<Record<NativeApi, Ingress>> = {
  messages: messagesIngress,
  responses: responsesIngress,
  'ollama-chat': ollamaChatIngress,
  'ollama-generate': ollamaGenerateIngress,
  'ollama-embed': ollamaEmbedIngress,
};
