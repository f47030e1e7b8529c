import { type ChatAnswer, TranslationError } from '../translate/translator.ts';
import { describeFailure } from './describe-failure.ts';
import { isJsonObject } from '../translate/json-object.ts';

/** What of the request the answer's translation needs. */
export interface AskedEmbeddings {
  /** The model's name as the caller knows it. */
  readonly model: string;
  /** base64: float32, little endian, which is what OpenAI's own clients ask for. */
  readonly encoding: 'float' | 'base64';
  /** How many texts were sent: as many vectors must come back. */
  readonly texts: number;
  /** Tokens of the input as we count them, for answers that tell no usage. */
  readonly inputTokens: number;
}

/**
 * A `BatchEmbedContentsResponse` as a list of embeddings.
 * Source: https://ai.google.dev/api/embeddings, https://platform.openai.com/docs/api-reference/embeddings/object
 *
 * @throws TranslationError where it does not hold one vector for each text.
 */
export function readEmbeddings(body: Buffer, asked: AskedEmbeddings): ChatAnswer {
  const answer = parse(body);
  const list = isJsonObject(answer) ? answer.embeddings : undefined;
  if (isJsonObject(answer) && answer.error !== undefined) throw new TranslationError(describeFailure(answer.error));
  if (!Array.isArray(list) || list.length !== asked.texts)
    throw new TranslationError(`google did not answer with ${asked.texts} embeddings`);
  const data = list.map((embedding, index) => ({
    object: 'embedding',
    index,
    embedding: writeVector(readVector(embedding), asked.encoding),
  }));
  const told = isJsonObject(answer) && isJsonObject(answer.usageMetadata) ? answer.usageMetadata.promptTokenCount : undefined;
  const tokens = typeof told === 'number' && Number.isSafeInteger(told) && told >= 0 ? told : asked.inputTokens;
  const said = { object: 'list', data, model: asked.model, usage: { prompt_tokens: tokens, total_tokens: tokens } };
  return {
    status: 200,
    body: Buffer.from(JSON.stringify(said)),
    usage: { input: tokens, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0, output: 0, reasoning: 0 },
    retryAfter: null,
  };
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
  if (!Array.isArray(values) || values.length === 0 || !values.every((value) => typeof value === 'number')) {
    throw new TranslationError('google answered with an embedding that is no list of numbers');
  }
  return values;
}

function writeVector(values: readonly number[], encoding: AskedEmbeddings['encoding']): readonly number[] | string {
  if (encoding === 'float') return values;
  const bytes = Buffer.alloc(values.length * 4);
  for (let at = 0; at < values.length; at++) bytes.writeFloatLE(values[at], at * 4);
  return bytes.toString('base64');
}
