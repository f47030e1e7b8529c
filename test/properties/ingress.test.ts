import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anthropicTranslator } from '../../runtime/backends/anthropic/translator.ts';
import type { Block, MessagesRequest } from '../../runtime/backends/anthropic/wire.ts';
import { type ChatBody, TranslationError } from '../../runtime/backends/translate/translator.ts';
import type { Ingress, IngressRequest } from '../../runtime/ingress/ingress.ts';
import { INGRESSES } from '../../runtime/ingress/ingresses.ts';
import { PARAMETERS as messageParameters } from '../../runtime/ingress/messages/parameters.ts';
import { CHAT_PARAMETERS, GENERATE_PARAMETERS } from '../../runtime/ingress/ollama/parameters.ts';
import { PARAMETERS as responseParameters } from '../../runtime/ingress/responses/parameters.ts';
import { BadRequest } from '../../runtime/intent/bad-request.ts';
import { readRequestBody } from '../../runtime/intent/request-body.ts';
import { expectShape } from '../shapes/expect-shape.ts';
import { bytesOf, type Event, endOf, messageOf, startOf, textOf, thoughtOf, toolOf } from '../unit/dialects/anthropic-events.ts';
import { ASKED, targetOf } from '../unit/dialects/anthropic-target.ts';
import { callOf, completionOf, deltaOf, streamOf } from '../unit/ingress/chat-answers.ts';
import { readEvents } from '../unit/ingress/read-events.ts';
import { checkRequest, meaningOfRequest, meaningOfSteps, type Step } from './anthropic-provider.ts';

const { messages, responses, 'ollama-chat': ollama } = INGRESSES;
const MODELS = ['claude-sonnet-4-5', 'claude-opus-4-6', 'claude-opus-5'];

const text = fc.string({ unit: 'binary', maxLength: 20 });
const spoken = text.filter((value) => value.trim() !== '');
const name = fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9_-]{0,12}$/).filter((value) => value !== 'json_tool_call');
const input = fc
  .dictionary(
    fc.string({ maxLength: 6 }).filter((key) => key !== '__proto__'),
    fc.jsonValue({ maxDepth: 2 }),
    { maxKeys: 4 },
  )
  .map((value) => JSON.parse(JSON.stringify(value)) as object);
const id = fc.oneof(
  fc.stringMatching(/^toolu_[a-zA-Z0-9]{8}$/),
  fc.constantFrom('call_0', 'functions.look:0', 'ü'),
  fc.string({ minLength: 1, maxLength: 80 }),
);

const part = fc.oneof(
  fc.tuple(fc.constant('text' as const), text),
  fc.constant(['image', 'data:image/png;base64,QUJD'] as const),
  fc.constant(['image', 'https://x.test/a.png'] as const),
);
const call = fc.record({ id, name, input, result: text });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('system' as const), text }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('user' as const), parts: fc.array(part, { maxLength: 3 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('assistant' as const),
      text,
      calls: fc.uniqueArray(call, { maxLength: 3, selector: (one) => one.id }),
    }),
  },
);
const conversation = fc
  .tuple(fc.array(step, { maxLength: 8 }), spoken, spoken)
  .map(([steps, first, last]): Step[] => [{ kind: 'user', parts: [['text', first]] }, ...steps, { kind: 'user', parts: [['text', last]] }]);

/** The steps in Anthropic's words. */
function messagesOf(steps: readonly Step[]): object {
  return {
    model: 'smart',
    max_tokens: 4096,
    messages: steps.flatMap((one): object[] => {
      if (one.kind === 'system') return [{ role: 'system', content: one.text }];
      if (one.kind === 'user') {
        const content = one.parts.map(([type, value]) =>
          type === 'text'
            ? { type, text: value }
            : value.startsWith('data:')
              ? { type, source: { type: 'base64', media_type: 'image/png', data: value.slice(value.indexOf(',') + 1) } }
              : { type, source: { type: 'url', url: value } },
        );
        return [{ role: 'user', content }];
      }
      const calls = one.calls.map((called) => ({ type: 'tool_use', id: called.id, name: called.name, input: called.input }));
      const results = one.calls.map((called) => ({ type: 'tool_result', tool_use_id: called.id, content: called.result })).reverse();
      return [
        { role: 'assistant', content: [...(one.text === '' ? [] : [{ type: 'text', text: one.text }]), ...calls] },
        ...(results.length === 0 ? [] : [{ role: 'user', content: results }]),
      ];
    }),
  };
}

/** The steps in the words of OpenAI's Responses API. */
function itemsOf(steps: readonly Step[]): object {
  return {
    model: 'smart',
    input: steps.flatMap((one): object[] => {
      if (one.kind === 'system') return [{ role: 'developer', content: one.text }];
      if (one.kind === 'user') {
        const content = one.parts.map(([type, value]) =>
          type === 'text' ? { type: 'input_text', text: value } : { type: 'input_image', image_url: value, detail: 'auto' },
        );
        return [{ role: 'user', content }];
      }
      return [
        ...(one.text === '' ? [] : [{ type: 'message', role: 'assistant', content: [{ type: 'output_text', text: one.text }] }]),
        ...one.calls.map((called) => ({
          type: 'function_call',
          call_id: called.id,
          name: called.name,
          arguments: JSON.stringify(called.input),
        })),
        ...one.calls.map((called) => ({ type: 'function_call_output', call_id: called.id, output: called.result })).reverse(),
      ];
    }),
  };
}

function read(ingress: Ingress, body: object): IngressRequest {
  return ingress.read(Buffer.from(JSON.stringify(body)));
}

/** What an Anthropic backend is sent. */
function write(request: IngressRequest, model: string): MessagesRequest {
  readRequestBody('chat', request.chat);
  return JSON.parse(anthropicTranslator.write(JSON.parse(request.pivot.toString()) as ChatBody, targetOf(model), null).body.toString());
}

function run(ingress: Ingress, request: IngressRequest, chunks: readonly Buffer[]): Buffer {
  const stream = ingress.openStream(request);
  return Buffer.concat([...chunks.map((chunk) => stream.push(chunk)), stream.end()]);
}

const ASKS: Readonly<Record<string, IngressRequest>> = {
  messages: read(messages, { model: 'smart', max_tokens: 9, stream: true, messages: [{ role: 'user', content: 'hi' }] }),
  responses: read(responses, { model: 'smart', input: 'hi', stream: true }),
  'ollama-chat': read(ollama, { model: 'smart', messages: [{ role: 'user', content: 'hi' }] }),
};

const thought = fc.oneof(
  fc.record({ type: fc.constant('thinking' as const), thinking: spoken, signature: fc.base64String({ minLength: 4 }) }),
  fc.record({ type: fc.constant('redacted_thinking' as const), data: fc.base64String({ minLength: 4 }) }),
);
const toolUse = fc.record({ type: fc.constant('tool_use' as const), id: fc.stringMatching(/^toolu_[a-zA-Z0-9]{12}$/), name, input });
const said = fc.record({ type: fc.constant('text' as const), text: spoken });
/** An answer's blocks; no two texts beside each other, no id twice, a call at the end. */
const content: fc.Arbitrary<Block[]> = fc
  .tuple(fc.array(fc.oneof(thought, toolUse, said), { maxLength: 6 }), toolUse)
  .map(([blocks, last]) => {
    const ids = new Set<string>();
    return [...blocks, last].filter((block, at, all) => {
      if (block.type === 'text') return all[at - 1]?.type !== 'text';
      if (block.type !== 'tool_use') return true;
      const isNew = !ids.has(block.id);
      ids.add(block.id);
      return isNew;
    });
  });

function eventsOf(blocks: readonly Block[]): Event[] {
  const events = blocks.flatMap((block, index) => {
    if (block.type === 'text') return textOf(index, block.text);
    if (block.type === 'thinking') return thoughtOf(index, block.signature, block.thinking);
    if (block.type === 'tool_use') return toolOf(index, block.id, block.name, JSON.stringify(block.input));
    return [
      { type: 'content_block_start', index, content_block: block },
      { type: 'content_block_stop', index },
    ];
  });
  return [startOf(), ...events, ...endOf('tool_use')];
}

/** The message that a client makes of a stream. */
function accumulate(events: readonly Event[]): Record<string, unknown>[] {
  const blocks: (Record<string, unknown> & { json?: string })[] = [];
  for (const { type, index, content_block, delta } of events) {
    if (type === 'content_block_start') {
      if (index !== blocks.length) throw new Error('the index of blocks does not run');
      blocks.push({ ...(content_block as object) });
    }
    if (type !== 'content_block_delta') continue;
    const block = blocks[index as number];
    const piece = delta as Record<string, string>;
    if (piece.type === 'text_delta') block.text += piece.text;
    if (piece.type === 'thinking_delta') block.thinking += piece.thinking;
    if (piece.type === 'signature_delta') block.signature = piece.signature;
    if (piece.type === 'input_json_delta') block.json = (block.json ?? '') + piece.partial_json;
  }
  return blocks.map(({ json, ...block }) => (json === undefined ? block : { ...block, input: JSON.parse(json) }));
}

/** Blocks as Anthropic's backend takes them, without what is only in answers. */
function bare(blocks: readonly Record<string, unknown>[]): object[] {
  return blocks.map(({ citations: _, caller: __, ...block }) => block);
}

describe('conversations keep their meaning on the way to Anthropic', () => {
  test.each([
    ['messages', messages, messagesOf],
    ['responses', responses, itemsOf],
  ] as const)('from %s', (_, ingress, say) => {
    fc.assert(
      fc.property(conversation, fc.constantFrom(...MODELS), (steps, model) => {
        const request = write(read(ingress, say(steps)), model);
        checkRequest(request);
        expect(meaningOfRequest(request)).toEqual(meaningOfSteps(steps));
      }),
      { numRuns: 600 },
    );
  });

  test('what a Claude thought comes back to it unchanged, to the last signature, whole or streamed', () => {
    fc.assert(
      fc.property(thought, content, fc.boolean(), (first, rest, streams) => {
        const all = [first, ...rest];
        const ask = ASKS.messages;
        let blocks: Record<string, unknown>[];
        if (streams) {
          const stream = anthropicTranslator.openStream(ASKED);
          const chat = [stream.push(bytesOf(eventsOf(all))), stream.end()];
          const events = readEvents(run(messages, ask, chat));
          for (const event of events) expectShape('messageEvent', event);
          blocks = accumulate(events);
        } else {
          const { body } = anthropicTranslator.readAnswer(messageOf(all, 'tool_use', {}), ASKED);
          const message = JSON.parse(messages.writeAnswer(body, ask).toString());
          expectShape('message', message);
          blocks = message.content;
          // A whole answer is the very one that the provider gave.
          expect(bare(blocks)).toEqual(all);
        }
        const results = blocks.flatMap((block) =>
          block.type === 'tool_use' ? [{ type: 'tool_result', tool_use_id: block.id, content: 'x' }] : [],
        );
        const turns = [
          { role: 'user', content: 'a' },
          { role: 'assistant', content: blocks },
          { role: 'user', content: results },
        ];
        const body = { model: 'smart', max_tokens: 9000, thinking: { type: 'enabled', budget_tokens: 1024 }, messages: turns };
        const request = write(read(messages, body), 'claude-sonnet-4-5');
        checkRequest(request);
        expect(request.messages[1].content).toEqual(all);
      }),
      { numRuns: 800 },
    );
  });
});

describe('answers', () => {
  const pieces = fc.array(fc.nat(60), { maxLength: 4 });
  const cut = (whole: string, places: readonly number[]): string[] => {
    const at = [...new Set(places.map((place) => place % (whole.length + 1)))].sort((a, b) => a - b);
    return [...at, whole.length].map((end, i) => whole.slice(at[i - 1] ?? 0, end));
  };
  const calls = fc.uniqueArray(fc.record({ id: fc.stringMatching(/^[a-zA-Z0-9_-]{1,20}$/), name, input }), {
    maxLength: 3,
    selector: (one) => one.id,
  });

  test('arguments that a client adds up are the same JSON, and usage adds up', () => {
    fc.assert(
      fc.property(text, calls, pieces, (words, called, places) => {
        const finish = called.length > 0 ? 'tool_calls' : 'stop';
        const whole = completionOf(
          {
            content: words,
            tool_calls: called.map((one) => ({
              id: one.id,
              type: 'function',
              function: { name: one.name, arguments: JSON.stringify(one.input) },
            })),
          },
          finish,
        );
        const chunks = [
          ...cut(words, places).map((piece) => deltaOf({ content: piece })),
          ...called.flatMap((one, at) => callOf(at, one.id, one.name, ...cut(JSON.stringify(one.input), places))),
          deltaOf({}, finish),
        ];
        const bytes = [streamOf(chunks)];
        const wanted = called.map((one) => [one.id, one.name, one.input]);

        const message = JSON.parse(messages.writeAnswer(whole, ASKS.messages).toString());
        const blocks = accumulate(readEvents(run(messages, ASKS.messages, bytes)));
        expect(blocks).toEqual(message.content);
        expect(blocks.filter((block) => block.type === 'tool_use').map((block) => [block.id, block.name, block.input])).toEqual(wanted);
        const { usage } = message;
        expect(usage.input_tokens + usage.cache_creation_input_tokens + usage.cache_read_input_tokens + usage.output_tokens).toBe(154);

        const response = JSON.parse(responses.writeAnswer(whole, ASKS.responses).toString());
        const last = readEvents(run(responses, ASKS.responses, bytes)).at(-1)!;
        expect(last.response).toEqual(response);
        const heard = response.output.filter((item: { type: string }) => item.type === 'function_call');
        expect(heard.map((item: Record<string, string>) => [item.call_id, item.name, JSON.parse(item.arguments)])).toEqual(wanted);
        expect(response.usage.input_tokens + response.usage.output_tokens).toBe(response.usage.total_tokens);

        const told = JSON.parse(ollama.writeAnswer(whole, ASKS['ollama-chat']).toString());
        const lines = run(ollama, ASKS['ollama-chat'], bytes)
          .toString()
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line));
        expect(lines.map((line) => line.message.content).join('')).toBe(told.message.content);
        const toolCalls = lines.flatMap((line) => line.message.tool_calls ?? []);
        expect(toolCalls).toEqual(told.message.tool_calls ?? []);
        expect(toolCalls.map((one) => [one.id, one.function.name, one.function.arguments])).toEqual(wanted);
      }),
      { numRuns: 400 },
    );
  });
});

describe('nothing throws but what is declared', () => {
  /** Small on purpose: large values take long to make and break nothing that small ones don't. */
  const json = fc.jsonValue({ maxDepth: 1, stringUnit: 'grapheme-ascii' });
  const some = <T>(keys: readonly string[], value: fc.Arbitrary<T>) => fc.dictionary(fc.constantFrom(...keys), value, { maxKeys: 5 });
  const block = some(
    ['type', 'text', 'id', 'name', 'source', 'tool_use_id', 'content', 'thinking', 'function', 'image_url'],
    fc.oneof(fc.constantFrom('text', 'tool_use', 'tool_result', 'image', 'thinking', 'input_text', 'input_image'), json),
  );
  const message = some(
    ['role', 'content', 'tool_calls', 'images'],
    fc.oneof(fc.constantFrom('user', 'assistant', 'tool'), fc.array(block, { maxLength: 3 }), json),
  );
  const item = some(
    ['type', 'role', 'content', 'call_id', 'name', 'id', 'output', 'arguments'],
    fc.oneof(
      fc.constantFrom('message', 'user', 'assistant', 'function_call', 'function_call_output', 'reasoning'),
      fc.array(block, { maxLength: 2 }),
      json,
    ),
  );
  const names = Object.keys({ ...messageParameters, ...responseParameters, ...CHAT_PARAMETERS, ...GENERATE_PARAMETERS });
  const bodies = fc
    .tuple(
      some(names, json),
      fc.record({
        model: fc.constant('m'),
        max_tokens: fc.constant(9),
        prompt: fc.constant('x'),
        input: fc.oneof(fc.string(), fc.array(item, { maxLength: 3 })),
        messages: fc.array(message, { maxLength: 3 }),
      }),
      fc.boolean(),
    )
    .map(([strange, plain, isStrange]) => (isStrange ? { ...plain, ...strange } : plain));

  test('requests: a body is read, and then the gateway reads what was made of it, or it is refused', () => {
    let taken = 0;
    fc.assert(
      fc.property(bodies, fc.constantFrom(...Object.values(INGRESSES)), (body, ingress) => {
        try {
          const request = read(ingress, body as object);
          readRequestBody(ingress.endpoint, request.chat);
          readRequestBody(ingress.endpoint, request.pivot);
          taken++;
        } catch (error) {
          expect(error).toBeInstanceOf(BadRequest);
        }
      }),
      { numRuns: 3000 },
    );
    expect(taken).toBeGreaterThan(100);
  });

  test('streams: whatever comes, in whatever order', () => {
    const calls = fc.array(
      fc.record({
        index: fc.option(fc.nat(2), { nil: undefined }),
        id: fc.option(fc.constantFrom('a', 'b', ''), { nil: undefined }),
        function: some(['name', 'arguments'], fc.oneof(text, json)),
      }),
      { maxLength: 2 },
    );
    const delta = some(['content', 'reasoning_content', 'refusal', 'tool_calls', 'role'], fc.oneof(text, calls, json));
    const chunk = fc.oneof(
      fc
        .tuple(delta, fc.constantFrom(null, null, 'stop', 'tool_calls', 'length', 'nap', 3))
        .map(([said, finish]) => deltaOf(said, finish as string | null)),
      json.map((value) => value as never),
      fc.record({ choices: fc.array(json, { maxLength: 2 }), usage: json }),
    );
    fc.assert(
      fc.property(
        fc.array(chunk, { maxLength: 8 }),
        fc.constantFrom(messages, responses, ollama),
        fc.nat(200),
        (chunks, ingress, place) => {
          const bytes = streamOf(chunks as never);
          const results = [[bytes], [bytes.subarray(0, place), bytes.subarray(place)]].map((cuts) => {
            try {
              return run(ingress, ASKS[ingress.name], cuts).toString();
            } catch (error) {
              expect(error).toBeInstanceOf(TranslationError);
              return 'failed';
            }
          });
          expect(results[1]).toBe(results[0]);
          if (results[0] === 'failed') return;
          if (ingress === ollama) for (const line of results[0].trimEnd().split('\n')) expectShape('ollamaChat', JSON.parse(line));
          else
            for (const event of readEvents(Buffer.from(results[0])))
              expectShape(ingress === messages ? 'messageEvent' : 'responseEvent', event);
        },
      ),
      { numRuns: 1000 },
    );
  });
});
