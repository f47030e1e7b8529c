import type { Dialect } from '../dialect.ts';
import type { EmbeddingsTranslator } from './embeddings-translator.ts';
import type { JsonObject } from './json-object.ts';
import type { ChatBody, Translator } from './translator.ts';

/** The `write` of a dialect that translates: the body, which the edge found to be an object in order, is parsed whole and said anew. */
export function writeTranslated(chat: Translator, embeddings: EmbeddingsTranslator): Dialect['write'] {
  return (endpoint, request, target, cap) => {
    const body: JsonObject = JSON.parse(request.buffer.toString());
    return endpoint === 'chat' ? chat.write(body as ChatBody, target, cap) : embeddings.write(body, target);
  };
}
