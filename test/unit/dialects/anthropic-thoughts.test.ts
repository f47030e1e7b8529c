import { describe, expect, test } from 'vitest';
import { splitThoughts } from '../../../runtime/backends/anthropic/thought-id.ts';
import { anthropicTranslator } from '../../../runtime/backends/anthropic/translator.ts';
import { bytesOf, endOf, messageOf, startOf, textOf, thoughtOf, toolOf } from './anthropic-events.ts';
import { ASKED, writeTo } from './anthropic-target.ts';
import { accumulate, readChunks } from './read-chunks.ts';

const BUDGET = 'claude-sonnet-4-5';
const THOUGHT = { type: 'thinking', thinking: 'é 😀 "hm"', signature: 'EqQB+/=' };

/** What a client that keeps roles, texts, names, arguments and ids alone sends back, with results. */
function goOn(message: { content: string | null; tool_calls: { id: string; function: object }[] }) {
  return [
    { role: 'user', content: 'a' },
    {
      role: 'assistant',
      content: message.content,
      tool_calls: message.tool_calls.map(({ id, function: called }) => ({ id, type: 'function', function: called })),
    },
    ...message.tool_calls.map(({ id }) => ({ role: 'tool', tool_call_id: id, content: 'x' })),
  ];
}

function answerOf(content: readonly object[]) {
  const answer = anthropicTranslator.readAnswer(messageOf(content, 'tool_use', {}), ASKED);
  return JSON.parse(answer.body.toString()).choices[0].message;
}

describe('thoughts survive a plain client', () => {
  test.each<[string, readonly object[]]>([
    ['a thought before a call', [THOUGHT, { type: 'tool_use', id: 'toolu_1', name: 'f', input: { a: 1 } }]],
    [
      'thoughts between texts and parallel calls',
      [
        THOUGHT,
        { type: 'text', text: 'one' },
        { type: 'redacted_thinking', data: 'opaque' },
        { type: 'text', text: 'two' },
        { type: 'tool_use', id: 'toolu_1', name: 'f', input: {} },
        { ...THOUGHT, thinking: '' },
        { type: 'tool_use', id: 'toolu_2', name: 'g', input: {} },
      ],
    ],
    [
      'only the first of parallel calls',
      [
        THOUGHT,
        { type: 'text', text: 't' },
        { type: 'tool_use', id: 'a', name: 'f', input: {} },
        { type: 'tool_use', id: 'b', name: 'g', input: {} },
      ],
    ],
  ])('%s', (_, content) => {
    const message = answerOf(content);
    const { body, warnings } = writeTo(BUDGET, { messages: goOn(message), reasoning_effort: 'low' });
    expect(body.messages[1].content).toEqual(content);
    expect(body.messages[2].content.map((block) => block.type)).toEqual(message.tool_calls.map(() => 'tool_result'));
    expect(body.thinking).toEqual({ type: 'enabled', budget_tokens: 1024 });
    expect(warnings).toEqual([]);
  });

  test('through a stream too, by the official client’s reader', async () => {
    const stream = anthropicTranslator.openStream(ASKED);
    const events = [
      startOf(),
      ...thoughtOf(0, 'sig', 'let me ', 'see'),
      ...textOf(1, 'I ', 'look'),
      ...toolOf(2, 'toolu_1', 'f', '{"a":', '1}'),
      ...endOf('tool_use'),
    ];
    const said = accumulate(await readChunks(Buffer.concat([stream.push(bytesOf(events)), stream.end()])));
    const tool_calls = said.calls.map(({ id, ...called }) => ({ id, function: called }));
    const { body } = writeTo(BUDGET, { messages: goOn({ content: said.content, tool_calls }), reasoning_effort: 'low' });
    expect(body.messages[1].content).toEqual([
      { type: 'thinking', thinking: 'let me see', signature: 'sig' },
      { type: 'text', text: 'I look' },
      { type: 'tool_use', id: 'toolu_1', name: 'f', input: { a: 1 } },
    ]);
  });

  test('ids stay in the alphabet that every server takes', () => {
    expect(answerOf([THOUGHT, { type: 'tool_use', id: 'toolu_1', name: 'f', input: {} }]).tool_calls[0].id).toMatch(
      /^toolu_1__claude__[\w-]+$/,
    );
  });
});

describe('thoughts that are lost', () => {
  const call = { id: 'call_1', type: 'function', function: { name: 'f', arguments: '{}' } };
  const foreign = [
    { role: 'user', content: 'a' },
    { role: 'assistant', tool_calls: [call] },
    { role: 'tool', tool_call_id: 'call_1', content: 'x' },
  ];

  test('end the thinking of a model with a budget, and it is told', () => {
    const { body, warnings } = writeTo(BUDGET, { messages: foreign, reasoning_effort: 'low' });
    expect(body).not.toHaveProperty('thinking');
    expect(warnings).toEqual(['thinking-off=lost-thoughts']);
  });

  test('matter in the last turn alone, and to models with a budget alone', () => {
    const over = [...foreign, { role: 'assistant', content: 'done' }, { role: 'user', content: 'b' }];
    expect(writeTo(BUDGET, { messages: over, reasoning_effort: 'low' }).warnings).toEqual([]);
    expect(writeTo('claude-opus-4-8', { messages: foreign, reasoning_effort: 'low' }).warnings).toEqual([]);
  });

  test('are left out where nobody thinks', () => {
    const message = answerOf([THOUGHT, { type: 'tool_use', id: 'toolu_1', name: 'f', input: {} }]);
    const { body } = writeTo(BUDGET, { messages: goOn(message) });
    expect(body.messages[1].content).toEqual([{ type: 'tool_use', id: 'toolu_1', name: 'f', input: {} }]);
  });

  test('a text that a client changed keeps its place as well as it can', () => {
    const message = answerOf([
      { type: 'text', text: 'one' },
      THOUGHT,
      { type: 'text', text: 'two' },
      { type: 'tool_use', id: 't', name: 'f', input: {} },
    ]);
    const textsOf = (content: string) =>
      writeTo('claude-opus-4-8', { messages: goOn({ ...message, content }), reasoning_effort: 'low' }).body.messages[1].content.map(
        (block) => (block.type === 'text' ? block.text : block.type),
      );
    expect(textsOf('onetwo and more')).toEqual(['one', 'thinking', 'two', ' and more', 'tool_use']);
    expect(textsOf('on')).toEqual(['on', 'thinking', 'tool_use']);
    expect(textsOf('')).toEqual(['thinking', 'tool_use']);
  });

  test('ids that were tampered with carry nothing, and are ids all the same', () => {
    const id = (text: string) => `toolu_1__claude__${Buffer.from(text).toString('base64url')}`;
    for (const text of ['', 'x', '{}', '[]', '[0,[1]]', '[-1,[0,"a"]]', '["0",[0,"a","b"]]', '[0,[0,"a",7]]', '[0,7]', '[0,[0.5,"a"]]']) {
      expect(splitThoughts(id(text)), text).toEqual({ id: 'toolu_1', carried: null });
    }
    expect(splitThoughts('toolu_1__claude__%%%')).toEqual({ id: 'toolu_1', carried: null });
  });

  test('too long ones stay behind, in answers and in streams', () => {
    const thinking = 'x'.repeat(70_000);
    expect(
      answerOf([
        { ...THOUGHT, thinking },
        { type: 'tool_use', id: 't', name: 'f', input: {} },
      ]).tool_calls[0].id,
    ).toBe('t');
    const stream = anthropicTranslator.openStream(ASKED);
    const said = stream.push(
      bytesOf([startOf(), ...thoughtOf(0, 'sig', ...Array(70).fill('x'.repeat(1000))), ...toolOf(1, 't', 'f', '{}')]),
    );
    expect(said.toString()).toContain('"id":"t"');
  });

  test('what came after a lost thought is not carried either: all or nothing', () => {
    const tool = (id: string) => ({ type: 'tool_use', id, name: 'f', input: {} });
    const content = [{ ...THOUGHT, thinking: 'x'.repeat(70_000) }, tool('a'), THOUGHT, tool('b')];
    expect(answerOf(content).tool_calls.map((call: { id: string }) => call.id)).toEqual(['a', 'b']);
  });

  test('a thought without a signature is not carried, nor is what stands beside it', () => {
    const tool = { type: 'tool_use', id: 't', name: 'f', input: {} };
    expect(
      answerOf([{ type: 'thinking', thinking: 'x', signature: '' }, { type: 'redacted_thinking', data: 'd' }, tool]).tool_calls[0].id,
    ).toBe('t');
  });
});
