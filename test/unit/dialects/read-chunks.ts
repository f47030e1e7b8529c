import { Stream } from 'openai/core/streaming.js';
import type { ChatCompletionChunk } from 'openai/resources/chat/completions/completions.js';
import { expectShape } from '../../shapes/expect-shape.ts';

/** What a client of OpenAI makes of a stream. */
export interface Accumulated {
  content: string;
  reasoning: string;
  refusal: string;
  readonly calls: { id: string; name: string; arguments: string }[];
  readonly finishReasons: string[];
  usage: ChatCompletionChunk['usage'];
}

/** Reads a translated stream by the official client's own reader, every chunk held against OpenAI's shape. */
export async function readChunks(bytes: Buffer): Promise<readonly ChatCompletionChunk[]> {
  const chunks: ChatCompletionChunk[] = [];
  const stream = Stream.fromSSEResponse<ChatCompletionChunk>(new Response(new Uint8Array(bytes)), new AbortController());
  for await (const chunk of stream) {
    expectShape('chunk', chunk);
    chunks.push(chunk);
  }
  return chunks;
}

/** Adds up what the chunks say, and checks the order in which they say it. */
export function accumulate(chunks: readonly ChatCompletionChunk[]): Accumulated {
  const all: Accumulated = { content: '', reasoning: '', refusal: '', calls: [], finishReasons: [], usage: undefined };
  for (const [at, { choices, usage }] of chunks.entries()) {
    all.usage = usage ?? all.usage;
    if (choices.length === 0 && at !== chunks.length - 1) throw new Error('a chunk without choices stands before the last');
    for (const { delta, finish_reason } of choices) {
      if ((delta.role === 'assistant') !== (at === 0)) throw new Error(`the role stands in chunk ${at}`);
      if (all.finishReasons.length > 0) throw new Error('something is said after the finish');
      all.content += delta.content ?? '';
      all.refusal += delta.refusal ?? '';
      all.reasoning += (delta as { reasoning_content?: string }).reasoning_content ?? '';
      for (const call of delta.tool_calls ?? []) {
        if (call.id !== undefined && call.index !== all.calls.length) throw new Error('the index of tool calls does not run');
        all.calls[call.index] ??= { id: call.id ?? '', name: call.function?.name ?? '', arguments: '' };
        all.calls[call.index].arguments += call.function?.arguments ?? '';
      }
      if (finish_reason !== null) all.finishReasons.push(finish_reason);
    }
  }
  return all;
}
