import { describe, expect, test } from 'vitest';
import { ChunkWriter } from '../../../runtime/backends/translate/chunk-writer.ts';
import { expectShape } from '../../shapes/expect-shape.ts';

const USAGE = { input: 5, cacheRead: 3, cacheWrite5m: 2, cacheWrite1h: 1, output: 7, reasoning: 4 };

function write(includeUsage: boolean, say: (writer: ChunkWriter) => void): ReturnType<typeof JSON.parse>[] {
  const writer = new ChunkWriter({ model: 'a "model"', id: 'chatcmpl-1', created: 1_700_000_000, includeUsage });
  say(writer);
  const events = writer.take().toString().split('\n\n');
  expect(events.pop()).toBe('');
  expect(events.pop()).toBe('data: [DONE]');
  return events.map((event) => {
    const chunk = JSON.parse(event.slice('data: '.length));
    expectShape('chunk', chunk);
    return chunk;
  });
}

describe('chunks', () => {
  test('role first, then content, finish, usage only where it was asked for', () => {
    const say = (writer: ChunkWriter): void => {
      writer.writeReasoning('hm');
      writer.writeText('hé\n');
      writer.writeText('');
      writer.finish('stop');
      writer.finish('length');
      writer.done(USAGE);
    };
    const plain = write(false, say);
    expect(plain.map((chunk) => [chunk.choices[0].delta, chunk.choices[0].finish_reason])).toEqual([
      [{ role: 'assistant', content: '', refusal: null }, null],
      [{ reasoning_content: 'hm' }, null],
      [{ content: 'hé\n' }, null],
      [{}, 'stop'],
    ]);
    expect(plain.every((chunk) => !('usage' in chunk))).toBe(true);
    const asked = write(true, say);
    expect(asked.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true);
    expect(asked.at(-1)).toMatchObject({
      choices: [],
      usage: {
        prompt_tokens: 11,
        completion_tokens: 7,
        total_tokens: 18,
        prompt_tokens_details: { cached_tokens: 3 },
        completion_tokens_details: { reasoning_tokens: 4 },
      },
    });
  });

  test('tool calls have an own running index, arguments are JSON even where there are none, `stop` becomes `tool_calls`', () => {
    const chunks = write(false, (writer) => {
      const first = writer.openTool('a', 'f');
      const second = writer.openTool('b', 'g');
      writer.writeArguments(second, '{"x":');
      writer.writeArguments(second, '1}');
      writer.closeTool(first);
      writer.closeTool(second);
      writer.finish('stop');
      writer.done(null);
    });
    const text = ['', ''];
    for (const chunk of chunks) for (const call of chunk.choices[0].delta.tool_calls ?? []) text[call.index] += call.function.arguments;
    expect(text).toEqual(['{}', '{"x":1}']);
    expect(chunks.at(-1)!.choices[0].finish_reason).toBe('tool_calls');
  });

  test('what was taken is not said again', () => {
    const writer = new ChunkWriter({ model: 'm', id: 'i', created: 1, includeUsage: false });
    writer.writeText('x');
    expect(writer.take().length).toBeGreaterThan(0);
    expect(writer.take()).toHaveLength(0);
  });

  test('the shape refuses what OpenAI does not publish', () => {
    expect(() => expectShape('chunk', { id: 'x', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [], extra: 1 })).toThrow(
      'additional',
    );
    expect(() => expectShape('chunk', { id: 'x', object: 'chat.completion.chunk', created: 1, model: 'm' })).toThrow('choices');
    expect(() => expectShape('error', { error: { message: 'x' } })).toThrow('type');
  });
});
