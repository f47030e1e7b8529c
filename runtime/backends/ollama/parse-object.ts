import { isJsonObject, type JsonObject } from '../translate/json-object.ts';
import { parseExact } from '../translate/parse-exact.ts';
import { TranslationError } from '../translate/translator.ts';
import { describeError, readLateError } from './read-error.ts';

/**
 * One object of an answer. Numbers in calls keep their digits, since they are only written again.
 *
 * @throws TranslationError where it is no object, or where it is an error.
 */
export function parseObject(text: string): JsonObject {
  let value: unknown;
  try {
    // Looking for long numbers in all texts would take longer than parsing them.
    value = text.includes('"tool_calls"') ? parseExact(text) : JSON.parse(text);
  } catch {
    throw new TranslationError('ollama answered with something else than JSON');
  }
  if (!isJsonObject(value)) throw new TranslationError('ollama answered with something else than an object');
  if (value.error !== undefined) {
    throw new TranslationError(describeError(value.error) ?? 'ollama failed without saying why', readLateError(value.error));
  }
  return value;
}
