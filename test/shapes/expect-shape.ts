import { readFileSync } from 'node:fs';
import { Ajv, type ValidateFunction } from 'ajv';

const ajv = new Ajv({ strict: true, allErrors: true });

function compile(name: string): ValidateFunction {
  return ajv.compile(JSON.parse(readFileSync(new URL(`./${name}.json`, import.meta.url), 'utf8')));
}

/** Published shapes, strict: a field that is not published fails. */
export const SHAPES = {
  completion: compile('openai-chat-completion'),
  chunk: compile('openai-chat-completion-chunk'),
  error: compile('openai-error'),
  response: compile('openai-response'),
  responseEvent: compile('openai-response-event'),
  message: compile('anthropic-message'),
  messageEvent: compile('anthropic-event'),
  messageError: compile('anthropic-error'),
  ollamaChat: compile('ollama-chat'),
  ollamaGenerate: compile('ollama-generate'),
  ollamaEmbed: compile('ollama-embed'),
  ollamaTags: compile('ollama-tags'),
  ollamaPs: compile('ollama-ps'),
  ollamaShow: compile('ollama-show'),
} as const;

/** @throws Error that names every fault of `value`. */
export function expectShape(shape: keyof typeof SHAPES, value: unknown): void {
  const validate = SHAPES[shape];
  if (!validate(value)) throw new Error(`${ajv.errorsText(validate.errors)} in ${JSON.stringify(value)}`);
}
