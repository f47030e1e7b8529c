import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anthropicTranslator } from '../../runtime/backends/anthropic/translator.ts';
import type { Block, MessagesRequest } from '../../runtime/backends/anthropic/wire.ts';
import { type Asked, type ChatBody, TranslationError } from '../../runtime/backends/translate/translator.ts';
import { BadRequest } from '../../runtime/intent/bad-request.ts';
import { expectShape } from '../shapes/expect-shape.ts';
import { bytesOf, type Event, endOf, messageOf, PING, startOf, textOf, thoughtOf, toolOf } from '../unit/dialects/anthropic-events.ts';
import { ASKED, targetOf } from '../unit/dialects/anthropic-target.ts';
import { accumulate, readChunks } from '../unit/dialects/read-chunks.ts';
import { checkRequest, meaningOfRequest, meaningOfSteps, messagesOf, type Step } from './anthropic-provider.ts';

const MODELS = ['claude-3-5-haiku-20241022', 'claude-sonnet-4-5', 'claude-opus-4-6', 'claude-opus-5', 'somebody-elses'];

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
  fc.constantFrom('call_0', 'call_1', 'functions.look:0', 'ü'),
  fc.string({ minLength: 1, maxLength: 80 }),
);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('system' as const), text }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('user' as const),
      parts: fc.array(
        fc.oneof(
          fc.tuple(fc.constant('text' as const), text),
          fc.constant(['image', 'data:image/png;base64,QUJD'] as const),
          fc.constant(['image', 'https://x.test/a.png'] as const),
        ),
        { maxLength: 3 },
      ),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('assistant' as const),
      text,
      calls: fc.uniqueArray(fc.record({ id, name, input, result: text }), { maxLength: 3, selector: (call) => call.id }),
    }),
  },
);

/** A conversation that the API can be asked to go on with: it begins and ends with the user. */
const conversation = fc
  .tuple(fc.array(step, { maxLength: 8 }), spoken, spoken)
  .map(([steps, first, last]): Step[] => [{ kind: 'user', parts: [['text', first]] }, ...steps, { kind: 'user', parts: [['text', last]] }]);

function write(body: Record<string, unknown>, model: string): MessagesRequest {
  return JSON.parse(anthropicTranslator.write({ model: 'smart', ...body } as ChatBody, targetOf(model), null).body.toString());
}

const thought = fc.oneof(
  fc.record({ type: fc.constant('thinking' as const), thinking: text, signature: fc.base64String({ minLength: 4 }) }),
  fc.record({ type: fc.constant('redacted_thinking' as const), data: fc.base64String({ minLength: 4 }) }),
);
const toolUse = fc.record({ type: fc.constant('tool_use' as const), id: fc.stringMatching(/^toolu_[a-zA-Z0-9]{12}$/), name, input });
const said = fc.record({ type: fc.constant('text' as const), text: spoken });

/** An answer's blocks; no two texts beside each other, no id twice. */
const content: fc.Arbitrary<Block[]> = fc.array(fc.oneof(thought, toolUse, said), { maxLength: 7 }).map((blocks) => {
  const ids = new Set<string>();
  return blocks.filter((block, at) => {
    if (block.type === 'text') return blocks[at - 1]?.type !== 'text';
    if (block.type !== 'tool_use') return true;
    const isNew = !ids.has(block.id);
    ids.add(block.id);
    return isNew;
  });
});
const usage = fc.record({
  input_tokens: fc.nat(1e6),
  output_tokens: fc.nat(1e6),
  cache_read_input_tokens: fc.nat(1e6),
  cache_creation_input_tokens: fc.nat(1e6),
});

/** Cuts a text into pieces at the places given. */
function cut(whole: string, places: readonly number[]): string[] {
  const at = [...new Set(places.map((place) => place % (whole.length + 1)))].sort((a, b) => a - b);
  return [...at, whole.length].map((end, i) => whole.slice(at[i - 1] ?? 0, end));
}

/** The events that a provider streams a message as. */
function eventsOf(blocks: readonly Block[], places: readonly number[], stop: string, figures: object): Event[] {
  const events = blocks.flatMap((block, index) => {
    if (block.type === 'text') return textOf(index, ...cut(block.text, places));
    if (block.type === 'thinking') return thoughtOf(index, block.signature, ...cut(block.thinking, places));
    if (block.type === 'tool_use')
      return toolOf(
        index,
        block.id,
        block.name,
        ...(Object.keys(block.input as object).length === 0 ? [''] : cut(JSON.stringify(block.input), places)),
      );
    return [
      { type: 'content_block_start', index, content_block: block },
      { type: 'content_block_stop', index },
    ];
  });
  return [startOf(), PING, ...events, ...endOf(stop, figures)];
}

const stop = fc.constantFrom('end_turn', 'max_tokens', 'tool_use', 'refusal', 'nap');
const streamed = fc.tuple(content, fc.array(fc.nat(40), { maxLength: 4 }), stop, usage);

function translate(chunks: readonly Buffer[], asked: Asked = ASKED): Buffer {
  const stream = anthropicTranslator.openStream(asked);
  return Buffer.concat([...chunks.map((chunk) => stream.push(chunk)), stream.end()]);
}

describe('conversations', () => {
  test('keep their meaning, and are what the API takes', () => {
    fc.assert(
      fc.property(conversation, fc.constantFrom(...MODELS), (steps, model) => {
        const request = write({ messages: messagesOf(steps) }, model);
        checkRequest(request);
        expect(meaningOfRequest(request)).toEqual(meaningOfSteps(steps));
      }),
      { numRuns: 1000 },
    );
  });

  test('the check sees what the API refuses', () => {
    const request = write({ messages: [{ role: 'user', content: 'a' }] }, MODELS[1]);
    const faults: readonly unknown[] = [
      [],
      [{ role: 'assistant', content: [{ type: 'text', text: 'x' }] }],
      [...request.messages, ...request.messages],
      [{ role: 'user', content: [{ type: 'text', text: ' ' }] }],
      [{ role: 'user', content: [{ type: 'tool_result', tool_use_id: 'x' }] }],
      [...request.messages, { role: 'assistant', content: [{ type: 'tool_use', id: 'x', name: 'f', input: {} }] }],
    ];
    for (const messages of faults) expect(() => checkRequest({ ...request, messages } as MessagesRequest)).toThrow();
  });

  test('an answer that comes back with its results is what the provider said, to the last signature', () => {
    fc.assert(
      fc.property(thought, content, toolUse, fc.constantFrom('claude-sonnet-4-5', 'claude-opus-4-8'), (first, blocks, last, model) => {
        const ends = blocks.some((block) => block.type === 'tool_use' && block.id === last.id) ? blocks : [...blocks, last];
        const all = [first, ...ends.slice(0, ends.findLastIndex((block) => block.type === 'tool_use') + 1)];
        const answer = anthropicTranslator.readAnswer(messageOf(all, 'tool_use', {}), ASKED);
        const { message } = JSON.parse(answer.body.toString()).choices[0];
        const { role, content: words, tool_calls } = message;
        const results = tool_calls.map((call: { id: string }) => ({ role: 'tool', tool_call_id: call.id, content: 'x' }));
        const request = write(
          { messages: [{ role: 'user', content: 'a' }, { role, content: words, tool_calls }, ...results], reasoning_effort: 'low' },
          model,
        );
        checkRequest(request);
        expect(request.messages[1].content).toEqual(all);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('answers', () => {
  test('a stream says what the whole answer says, in OpenAI’s shapes', async () => {
    await fc.assert(
      fc.asyncProperty(streamed, async ([blocks, places, reason, figures]) => {
        const answer = anthropicTranslator.readAnswer(messageOf(blocks, reason, figures), ASKED);
        const completion = JSON.parse(answer.body.toString());
        expectShape('completion', completion);
        const [{ message, finish_reason }] = completion.choices;
        const bytes = translate([bytesOf(eventsOf(blocks, places, reason, figures))], { ...ASKED, includeUsage: true });
        const all = accumulate(await readChunks(bytes));
        expect(all.content).toBe(message.content ?? '');
        expect(all.reasoning).toBe(message.reasoning_content ?? '');
        expect(all.finishReasons).toEqual([finish_reason]);
        expect(all.usage).toEqual(completion.usage);
        const calls = (message.tool_calls ?? []).map((call: { id: string; function: object }) => ({ id: call.id, ...call.function }));
        expect(all.calls).toEqual(calls);
        for (const call of all.calls) expect(() => JSON.parse(call.arguments)).not.toThrow();
      }),
      { numRuns: 400 },
    );
  });

  test('usage adds up', () => {
    fc.assert(
      fc.property(usage, (figures) => {
        const { usage: found, body } = anthropicTranslator.readAnswer(messageOf([], 'end_turn', figures), ASKED);
        const told = JSON.parse(body.toString()).usage;
        const { input: fresh, cacheRead, cacheWrite5m, cacheWrite1h, output } = found!;
        expect(fresh + cacheRead + cacheWrite5m + cacheWrite1h + output).toBe(told.total_tokens);
        expect(told.prompt_tokens + told.completion_tokens).toBe(told.total_tokens);
      }),
    );
  });
});

describe('streams', () => {
  test('the same bytes however they are cut: at every boundary, in single bytes, anywhere', () => {
    fc.assert(
      fc.property(
        streamed,
        fc.constantFrom('\n', '\r\n', '\r'),
        fc.array(fc.nat(5000), { maxLength: 9 }),
        ([blocks, places, reason, figures], end, cuts) => {
          const bytes = bytesOf(eventsOf(blocks, places, reason, figures), end);
          const whole = translate([bytes]);
          for (let at = 1; at < bytes.length; at++) {
            if (!translate([bytes.subarray(0, at), bytes.subarray(at)]).equals(whole)) throw new Error(`cut at ${at}`);
          }
          expect(translate(Array.from(bytes, (_, at) => bytes.subarray(at, at + 1))).equals(whole)).toBe(true);
          const at = [...new Set(cuts.map((place) => place % bytes.length))].sort((a, b) => a - b);
          expect(translate([...at, bytes.length].map((stop, i) => bytes.subarray(at[i - 1] ?? 0, stop))).equals(whole)).toBe(true);
        },
      ),
      { numRuns: 12 },
    );
  });

  test('whatever comes, chunks of OpenAI’s shape or a failure that is told; never more out than is due', async () => {
    const events = fc.array(
      fc.oneof(
        fc.constantFrom<Event>(
          ...eventsOf(
            [
              { type: 'text', text: 'a' },
              { type: 'tool_use', id: 't', name: 'f', input: {} },
            ],
            [1],
            'tool_use',
            {},
          ),
        ),
        fc.record(
          {
            type: fc.constantFrom(
              'message_start',
              'content_block_start',
              'content_block_delta',
              'content_block_stop',
              'message_delta',
              'error',
              'x',
            ),
          },
          { requiredKeys: ['type'] },
        ),
        fc
          .dictionary(fc.constantFrom('type', 'index', 'delta', 'content_block', 'usage', 'message'), fc.jsonValue())
          .map((value) => value as unknown as Event),
      ),
      { maxLength: 12 },
    );
    const garbage = fc.oneof(
      fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)),
      events.map((list) => bytesOf(list)),
      fc.string({ maxLength: 200 }).map((value) => Buffer.from(`data: ${value}\n\n`)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(garbage, { maxLength: 6 }), async (chunks) => {
        const stream = anthropicTranslator.openStream(ASKED);
        const out: Buffer[] = [];
        try {
          for (const chunk of chunks) out.push(stream.push(chunk));
          out.push(stream.end());
        } catch (error) {
          expect(error).toBeInstanceOf(TranslationError);
          if ((error as TranslationError).answer) expectShape('error', JSON.parse((error as TranslationError).answer!.body.toString()));
        }
        const bytes = Buffer.concat(out);
        expect(bytes.length).toBeLessThan(2000 + 20 * chunks.reduce((sum, chunk) => sum + chunk.length, 0));
        await readChunks(bytes);
      }),
      { numRuns: 800 },
    );
  });
});

describe('nothing but the errors that are meant', () => {
  const keys = [
    'messages',
    'tools',
    'tool_choice',
    'response_format',
    'stop',
    'temperature',
    'top_p',
    'top_k',
    'reasoning_effort',
    'thinking',
    'user',
    'service_tier',
    'n',
    'x',
  ];
  const part = fc.dictionary(
    fc.constantFrom(
      'type',
      'role',
      'content',
      'tool_calls',
      'tool_call_id',
      'id',
      'function',
      'name',
      'arguments',
      'text',
      'image_url',
      'url',
      'file',
      'file_data',
      'parameters',
      'json_schema',
      'schema',
      'properties',
      'anyOf',
      'allowed_tools',
      'tools',
    ),
    fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.jsonValue({ maxDepth: 1 }),
        fc.constantFrom(
          'user',
          'assistant',
          'tool',
          'system',
          'function',
          'image_url',
          'text',
          'file',
          'json_schema',
          'object',
          'data:image/png;base64,x',
          '{}',
        ),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom('type', 'function', 'name', 'id', 'schema', 'url', 'content', 'properties'), tie('value'), {
          maxKeys: 3,
        }),
      ),
    })).value,
  );

  test('requests', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom(...keys.slice(1)), fc.oneof(part, fc.array(part, { maxLength: 3 }), fc.jsonValue())),
        fc.array(fc.oneof(part, fc.jsonValue()), { maxLength: 4 }),
        fc.constantFrom(...MODELS),
        (body, messages, model) => {
          try {
            write({ ...body, messages }, model);
          } catch (error) {
            expect(error).toBeInstanceOf(BadRequest);
          }
        },
      ),
      { numRuns: 1500 },
    );
  });

  test('answers and errors', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 60 }).map((list) => Buffer.from(list)),
      fc.jsonValue().map((value) => Buffer.from(JSON.stringify(value))),
      fc.array(part, { maxLength: 3 }).map((list) => messageOf(list, 'end_turn', {})),
    );
    fc.assert(
      fc.property(
        bytes,
        fc.integer({ min: 400, max: 599 }),
        fc.dictionary(fc.constantFrom('retry-after', 'retry-after-ms', 'date', 'request-id'), fc.string()),
        (body, status, headers) => {
          const { body: told } = anthropicTranslator.readError(status, headers, body);
          expectShape('error', JSON.parse(told.toString()));
          try {
            expectShape('completion', JSON.parse(anthropicTranslator.readAnswer(body, ASKED).body.toString()));
          } catch (error) {
            expect(error).toBeInstanceOf(TranslationError);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});
