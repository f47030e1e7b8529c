import type { Translator } from '../translate/translator.ts';
import { readAnswer } from './read-answer.ts';
import { readError } from './read-error.ts';
import { OllamaStream } from './read-stream.ts';
import { writeRequest } from './write-request.ts';

/** OpenAI chat completions over Ollama's own API. https://docs.ollama.com/api/chat */
export const ollamaTranslator: Translator = {
  write: writeRequest,
  readAnswer,
  readError,
  openStream: (asked) => new OllamaStream(asked),
};
