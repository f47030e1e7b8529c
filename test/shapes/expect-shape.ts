import { readFileSync } from 'node:fs';
import { Ajv, type ValidateFunction } from 'ajv';

const ajv = new Ajv({ strict: true, allErrors: true });

function compile(name: string): ValidateFunction {
  return ajv.compile(JSON.parse(readFileSync(new URL(`./${name}.json`, import.meta.url), 'utf8')));
}

/** OpenAI's published shapes, strict: a field that is not published fails. */
export const SHAPES = {
  completion: compile('openai-chat-completion'),
  chunk: compile('openai-chat-completion-chunk'),
  error: compile('openai-error'),
} as const;

/** @throws Error that names every fault of `value`. */
export function expectShape(shape: keyof typeof SHAPES, value: unknown): void {
  const validate = SHAPES[shape];
  if (!validate(value)) throw new Error(`${ajv.errorsText(validate.errors)} in ${JSON.stringify(value)}`);
}
