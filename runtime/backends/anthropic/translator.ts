import type { Translator } from '../translate/translator.ts';
import { readAnswer } from './read-answer.ts';
import { readError } from './read-error.ts';
import { AnthropicStream } from './read-stream.ts';
import { writeRequest } from './write-request.ts';

/** OpenAI chat completions over Anthropic's Messages API, version 2023-06-01. */
export const anthropicTranslator: Translator = {
  write: writeRequest,
  readAnswer,
  readError,
  openStream: (asked) => new AnthropicStream(asked),
};
