import { isJsonObject, type JsonObject } from '../translate/json-object.ts';

/** The prompt itself was refused: there are no candidates, and `promptFeedback` says why. */
export function isBlocked(answer: JsonObject): boolean {
  return isJsonObject(answer.promptFeedback) && typeof answer.promptFeedback.blockReason === 'string';
}
