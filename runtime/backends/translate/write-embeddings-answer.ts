import type { AskedEmbeddings } from './embeddings-translator.ts';
import type { ChatAnswer } from './translator.ts';

/**
 * Vectors as OpenAI's list of embeddings.
 * Source: https://platform.openai.com/docs/api-reference/embeddings/object
 *
 * @param told tokens of the input as the provider tells them; anything else than a count means that it does not.
 */
export function writeEmbeddingsAnswer(vectors: readonly (readonly number[])[], told: unknown, asked: AskedEmbeddings): ChatAnswer {
  const tokens = typeof told === 'number' && Number.isSafeInteger(told) && told >= 0 ? told : asked.inputTokens;
  const data = vectors.map((values, index) => ({ object: 'embedding', index, embedding: writeVector(values, asked.encoding) }));
  const said = { object: 'list', data, model: asked.model, usage: { prompt_tokens: tokens, total_tokens: tokens } };
  return {
    status: 200,
    body: Buffer.from(JSON.stringify(said)),
    usage: { input: tokens, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0, output: 0, reasoning: 0 },
    retryAfter: null,
  };
}

function writeVector(values: readonly number[], encoding: AskedEmbeddings['encoding']): readonly number[] | string {
  if (encoding === 'float') return values;
  const bytes = Buffer.alloc(values.length * 4);
  for (let at = 0; at < values.length; at++) bytes.writeFloatLE(values[at], at * 4);
  return bytes.toString('base64');
}
