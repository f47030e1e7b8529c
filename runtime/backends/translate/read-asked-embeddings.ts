import type { AskedEmbeddings } from './embeddings-translator.ts';
import type { JsonObject } from './json-object.ts';

/** What an embeddings request asks of its answer. `inputTokens`: our own count, see `AskedEmbeddings`. */
export function readAskedEmbeddings(body: JsonObject, inputTokens: number): AskedEmbeddings {
  return {
    model: String(body.model),
    encoding: body.encoding_format === 'base64' ? 'base64' : 'float',
    texts: Array.isArray(body.input) ? body.input.length : 1,
    inputTokens,
  };
}
