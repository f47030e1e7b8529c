import type { Question } from '../../compiler/interpret/question.ts';
import type { RequestBody, RequestHints } from '../../schema/request.ts';
import { capabilityBits } from './build-policy-set.ts';

export interface QuestionSketch extends Partial<Omit<RequestBody, 'text'>>, Partial<RequestHints> {
  readonly model: string;
  readonly text?: string;
  readonly caller?: number;
  readonly tokens?: number;
}

/** A request: a chat of 10 tokens by the first caller that asks for nothing special, but for what is given. */
export function buildQuestion(given: QuestionSketch): Question {
  const {
    model,
    text = '',
    caller = 0,
    tokens = 10,
    strict = false,
    flexible = false,
    category = null,
    class: taskClass = null,
    ...body
  } = given;
  const endpoint = body.endpoint ?? 'chat';
  return {
    body: { endpoint, model, maxOutputTokens: null, answers: 1, tools: 0, required: capabilityBits([endpoint]), ...body, text: () => text },
    hints: { strict, flexible, category, class: taskClass },
    caller,
    tokens,
  };
}
