import { ollamaTranslator } from '../../../runtime/backends/ollama/translator.ts';
import type { OllamaChatRequest } from '../../../runtime/backends/ollama/wire.ts';
import type { Asked, ChatBody } from '../../../runtime/backends/translate/translator.ts';
import { BadRequest } from '../../../runtime/intent/bad-request.ts';
import type { TargetConfig } from '../../../schema/manifest.ts';
import { buildTarget as buildAny } from './google-wire.ts';

export const ASKED: Asked = { model: 'house', id: 'chatcmpl-7', created: 1_790_000_000, includeUsage: false };

export function buildTarget(upstream = 'llama3.2', context: number | null = 8192): TargetConfig {
  return { ...buildAny(upstream), context };
}

export interface Written {
  readonly path: string;
  /** The body as it goes over the wire. */
  readonly text: string;
  readonly warnings: readonly string[];
  readonly request: OllamaChatRequest & { readonly options?: Record<string, unknown> };
}

/** The call for a body that is whole but for what a test is about. */
export function write(body: object, target = buildTarget(), cap: number | null = null): Written {
  const whole = { model: 'house', messages: [{ role: 'user', content: 'hi' }], ...body } as ChatBody;
  const call = ollamaTranslator.write(whole, target, cap);
  const text = call.body.toString();
  return { path: call.path, text, warnings: call.warnings, request: JSON.parse(text) };
}

export function refusalOf(body: object): BadRequest {
  try {
    write(body);
  } catch (error) {
    if (error instanceof BadRequest) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

/** Figures of the last line, as https://docs.ollama.com/api/chat shows them. */
export const FIGURES = {
  total_duration: 4_883_583_458,
  load_duration: 1_334_875,
  prompt_eval_count: 26,
  prompt_eval_duration: 342_546_000,
  eval_count: 282,
  eval_duration: 4_535_599_000,
};

const HEAD = { model: 'llama3.2', created_at: '2023-08-04T08:52:19.385406455-07:00' };

/** A line of a stream with a piece of the message. */
export function pieceOf(message: object): object {
  return { ...HEAD, message: { role: 'assistant', content: '', ...message }, done: false };
}

/** The last line. */
export function endOf(done_reason: string | undefined = 'stop', more: object = FIGURES): object {
  return { ...HEAD, message: { role: 'assistant', content: '' }, done_reason, done: true, ...more };
}

export function callOf(name: string, args: unknown, id?: string): object {
  return { ...(id === undefined ? {} : { id }), function: { name, arguments: args } };
}

/** A whole answer. */
export function answerOf(message: object, done_reason: string | undefined = 'stop', more: object = FIGURES): Buffer {
  return Buffer.from(
    JSON.stringify({ ...HEAD, message: { role: 'assistant', content: '', ...message }, done_reason, done: true, ...more }),
  );
}

export function linesOf(pieces: readonly object[], end = '\n'): Buffer {
  return Buffer.from(pieces.map((piece) => JSON.stringify(piece) + end).join(''));
}
