import type { Classifier } from '../../schema/policy-set.ts';

/** Score of a task in micros: see `Classifier` for the sum. */
export function scoreTask(classifier: Classifier, text: string, tokens: number): number {
  const { keywords, codeBlock, manyLines, tokens: share } = classifier;
  const words = keywords.reduce((sum, { word, weight }) => sum + (hasWord(text, word) ? weight : 0), 0);
  const block = text.includes('```') ? codeBlock : 0;
  const lines = text.split('\n').length > manyLines.over ? manyLines.add : 0;
  const length = Math.min(Math.floor((tokens * 1_000_000) / share.per), share.upTo);
  return Math.min(words + block + lines + length, 1_000_000);
}

/** Does the word stand in the text, ASCII letters in any case, with no word character directly before or after it? */
export function hasWord(text: string, word: string): boolean {
  const hay = lowerAscii(text);
  const needle = lowerAscii(word);
  for (let at = hay.indexOf(needle); at >= 0; at = hay.indexOf(needle, at + 1)) {
    if (!isWordCharacter(hay, at - 1) && !isWordCharacter(hay, at + needle.length)) return true;
  }
  return false;
}

/** `toLowerCase` would also fold letters outside of ASCII, and change the length of some. */
function lowerAscii(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** Letters, digits and underscore of ASCII, and any code unit above 127. The ends of the text are none. */
function isWordCharacter(text: string, at: number): boolean {
  return at >= 0 && at < text.length && (/\w/.test(text[at]) || text.charCodeAt(at) > 127);
}
