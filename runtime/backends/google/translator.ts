import type { Translator } from '../translate/translator.ts';
import { readAnswer } from './read-answer.ts';
import { readError } from './read-error.ts';
import { GoogleStream } from './read-stream.ts';
import { writeRequest } from './write-request.ts';

/** OpenAI chat completions ⇄ the Gemini API's `generateContent`. https://ai.google.dev/api/generate-content */
export const googleTranslator: Translator = {
  write: writeRequest,
  readAnswer,
  readError,
  openStream: (asked) => new GoogleStream(asked),
};
