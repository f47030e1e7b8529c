import { TranslationError } from '../translate/translator.ts';
import { isJsonObject, type JsonObject } from '../translate/json-object.ts';

/** One part of an answer. unknown: a kind that was not asked for and means nothing to a chat. */
export type AnswerPart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'thought'; readonly text: string }
  | { readonly kind: 'call'; readonly call: JsonObject; readonly signature: string | null }
  | { readonly kind: 'unknown' };

/**
 * The signature of a text is let go: Gemini asks for those of calls only.
 *
 * @throws TranslationError for what has no place in a chat completion.
 */
export function readPart(part: unknown): AnswerPart {
  if (!isJsonObject(part)) throw new TranslationError('a part of the answer is no object');
  if (isJsonObject(part.functionCall)) {
    return { kind: 'call', call: part.functionCall, signature: typeof part.thoughtSignature === 'string' ? part.thoughtSignature : null };
  }
  if (typeof part.text === 'string') return { kind: part.thought === true ? 'thought' : 'text', text: part.text };
  const media = isJsonObject(part.inlineData) ? part.inlineData.mimeType : undefined;
  if (media !== undefined)
    throw new TranslationError(`the answer holds ${JSON.stringify(media).slice(0, 80)}, which a chat completion can't carry`);
  return { kind: 'unknown' };
}
