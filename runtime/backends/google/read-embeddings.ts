import type { AskedEmbeddings } from '../translate/embeddings-translator.ts';
import { isVector } from '../translate/is-vector.ts';
import { isJsonObject } from '../translate/json-object.ts';
import { type ChatAnswer, TranslationError } from '../translate/translator.ts';
import { writeEmbeddingsAnswer } from '../translate/write-embeddings-answer.ts';
import { describeFailure } from './describe-failure.ts';
import { readLateError } from './read-error.ts';

/**
 * A `BatchEmbedContentsResponse` as a list of embeddings.
 * Source: https://ai.google.dev/api/embeddings
 *
 * @throws TranslationError where it does not hold one vector for each text.
 */
export function readEmbeddings(body: Buffer, asked: AskedEmbeddings): ChatAnswer {
  const answer = parse(body);
  const list = isJsonObject(answer) ? answer.embeddings : undefined;
  if (isJsonObject(answer) && answer.error !== undefined)
    throw new TranslationError(describeFailure(answer.error), readLateError(answer.error));
  if (!Array.isArray(list) || list.length !== asked.texts)
    throw new TranslationError(`google did not answer with ${asked.texts} embeddings`);
  const told = isJsonObject(answer) && isJsonObject(answer.usageMetadata) ? answer.usageMetadata.promptTokenCount : undefined;
  return writeEmbeddingsAnswer(list.map(readVector), told, asked);
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    throw new TranslationError('google answered with something else than JSON');
  }
}

function readVector(embedding: unknown): readonly number[] {
  const values = isJsonObject(embedding) ? embedding.values : undefined;
  if (!isVector(values)) throw new TranslationError('google answered with an embedding that is no list of numbers');
  return values;
}
