import { type ErrorWords, errorsOf, OPENAI_ERRORS } from '../gateway/error-words.ts';
import { INGRESSES } from '../ingress/ingresses.ts';

const MESSAGES = errorsOf(INGRESSES.messages);
const OLLAMA = errorsOf(INGRESSES['ollama-chat']);

/** The words of the API that a path without a route belongs to: clients of Ollama or of Anthropic can't read OpenAI's errors. */
export function errorsOfPath(url: string): ErrorWords {
  if (/^\/v1\/messages(?:[/?]|$)/.test(url)) return MESSAGES;
  return url.startsWith('/api/') && !url.startsWith('/api/coordination') ? OLLAMA : OPENAI_ERRORS;
}
