import { expect } from 'vitest';
import { googleTranslator } from '../../../runtime/backends/google/translator.ts';
import type { GenerateRequest } from '../../../runtime/backends/google/wire.ts';
import type { Asked, ChatBody } from '../../../runtime/backends/translate/translator.ts';
import { BadRequest } from '../../../runtime/intent/bad-request.ts';
import type { TargetConfig } from '../../../schema/manifest.ts';
import { expectShape } from '../../shapes/expect-shape.ts';

export const ASKED: Asked = { model: 'auto', id: 'chatcmpl-7', created: 1_790_000_000, includeUsage: false };

export function buildTarget(upstream = 'gemini-2.5-flash'): TargetConfig {
  return {
    backend: 0,
    model: upstream,
    upstream,
    tier: 4,
    quality: 0.8,
    context: 1_048_576,
    capabilities: ['chat', 'tools', 'json', 'vision', 'reasoning'],
    price: { input: 0, output: 0, cachedInput: null, source: 'free' },
    encoding: 'o200k_base',
  };
}

export interface Written {
  readonly path: string;
  readonly warnings: readonly string[];
  readonly request: GenerateRequest & {
    readonly generationConfig?: Record<string, unknown>;
    readonly toolConfig?: Record<string, unknown>;
  };
}

/** The call for a body that is whole but for what a test is about. */
export function write(body: object, model?: string, cap: number | null = null): Written {
  const whole = { model: 'auto', messages: [{ role: 'user', content: 'hi' }], ...body } as ChatBody;
  const call = googleTranslator.write(whole, buildTarget(model), cap);
  return { path: call.path, warnings: call.warnings, request: JSON.parse(call.body.toString()) };
}

export function refusalOf(body: object, model?: string): BadRequest {
  try {
    write(body, model);
  } catch (error) {
    if (error instanceof BadRequest) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

/** A `GenerateContentResponse` with one candidate. */
export function buildAnswer(parts: readonly object[] | undefined, finishReason: string | undefined = 'STOP', more: object = {}): object {
  return {
    candidates: [{ ...(parts ? { content: { parts, role: 'model' } } : {}), finishReason, index: 0 }],
    usageMetadata: { promptTokenCount: 8, candidatesTokenCount: 5, totalTokenCount: 13 },
    modelVersion: 'gemini-2.5-flash',
    responseId: 'mT0YaKDqB5HX1MkP',
    ...more,
  };
}

export interface Completion {
  readonly choices: readonly {
    readonly finish_reason: string;
    readonly message: {
      readonly content: string | null;
      readonly reasoning_content?: string;
      readonly tool_calls?: readonly { readonly id: string; readonly function: { readonly name: string; readonly arguments: string } }[];
    };
  }[];
  readonly usage?: Record<string, unknown>;
}

/** The chat completion for an answer, its shape proven. */
export function readAnswer(answer: unknown): Completion {
  const read = googleTranslator.readAnswer(Buffer.from(JSON.stringify(answer)), ASKED);
  const completion = JSON.parse(read.body.toString());
  expectShape('completion', completion);
  expect(read.status).toBe(200);
  return completion;
}

/** Events as Google frames them: CRLF, and no end mark. */
export function frame(events: readonly unknown[], end = '\r\n'): Buffer {
  return Buffer.from(events.map((event) => `data: ${JSON.stringify(event)}${end}${end}`).join(''));
}

export interface Chunk {
  readonly choices: readonly {
    readonly delta: {
      readonly role?: string;
      readonly content?: string;
      readonly reasoning_content?: string;
      readonly tool_calls?: readonly {
        readonly index: number;
        readonly id?: string;
        readonly function: { readonly name?: string; readonly arguments?: string };
      }[];
    };
    readonly finish_reason: string | null;
  }[];
  readonly usage?: Record<string, unknown> | null;
}

/** The chunks of a whole stream, each of proven shape; `[DONE]` must end it. */
export function readStream(bytes: Buffer, asked: Asked = ASKED): readonly Chunk[] {
  const stream = googleTranslator.openStream(asked);
  return readChunks(Buffer.concat([stream.push(bytes), stream.end()]));
}

export function readChunks(bytes: Buffer): readonly Chunk[] {
  const events = bytes.toString().split('\n\n');
  expect(events.pop()).toBe('');
  expect(events.pop()).toBe('data: [DONE]');
  return events.map((event) => {
    expect(event.startsWith('data: ')).toBe(true);
    const chunk = JSON.parse(event.slice(6));
    expectShape('chunk', chunk);
    return chunk;
  });
}

/** What a client makes of the chunks. */
export function gather(chunks: readonly Chunk[]): {
  content: string;
  reasoning: string;
  calls: { id: string; name: string; arguments: string }[];
  finish: string | null;
} {
  const gathered = {
    content: '',
    reasoning: '',
    calls: [] as { id: string; name: string; arguments: string }[],
    finish: null as string | null,
  };
  for (const { choices } of chunks) {
    for (const { delta, finish_reason } of choices) {
      gathered.content += delta.content ?? '';
      gathered.reasoning += delta.reasoning_content ?? '';
      gathered.finish ??= finish_reason;
      for (const call of delta.tool_calls ?? []) {
        gathered.calls[call.index] ??= { id: call.id!, name: call.function.name!, arguments: '' };
        gathered.calls[call.index].arguments += call.function.arguments ?? '';
      }
    }
  }
  return gathered;
}
