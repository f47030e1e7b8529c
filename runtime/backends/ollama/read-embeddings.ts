import type { AskedEmbeddings } from '../translate/embeddings-translator.ts';
import { isVector } from '../translate/is-vector.ts';
import { type ChatAnswer, TranslationError } from '../translate/translator.ts';
import { writeEmbeddingsAnswer } from '../translate/write-embeddings-answer.ts';
import { parseObject } from './parse-object.ts';

/**
 * An answer of `/api/embed` as a list of embeddings.
 *
 * @throws TranslationError where it does not hold one vector for each text.
 */
export function readEmbeddings(body: Buffer, asked: AskedEmbeddings): ChatAnswer {
  const answer = parseObject(body.toString());
  const list = answer.embeddings;
  if (!Array.isArray(list) || list.length !== asked.texts) {
    throw new TranslationError(`ollama did not answer with ${asked.texts} embeddings`);
  }
  if (!list.every(isVector)) throw new TranslationError('ollama answered with an embedding that is no list of numbers');
  return writeEmbeddingsAnswer(list, answer.prompt_eval_count, asked);
}
