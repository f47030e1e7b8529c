import type { TargetConfig } from '../../../schema/manifest.ts';
import type { JsonObject } from './json-object.ts';
import type { ChatAnswer, DialectCall, Translator } from './translator.ts';

/** What of an embeddings request its answer's translation needs. */
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

/** How OpenAI embeddings are said in a dialect and its answers in OpenAI's words. Pure and synchronous, as `Translator`. */
export interface EmbeddingsTranslator {
  /** @throws BadRequest for what the dialect can't express, such as input in token numbers. */
  write(body: JsonObject, target: TargetConfig): DialectCall;
  /** A whole 2xx answer. @throws TranslationError where it does not hold one vector for each text. */
  readAnswer(body: Buffer, asked: AskedEmbeddings): ChatAnswer;
  readonly readError: Translator['readError'];
}
