import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import Anthropic from '@anthropic-ai/sdk';
import { generateObject, generateText, isStepCount, jsonSchema, type LanguageModel, streamText, tool } from 'ai';
import { Ollama } from 'ollama';
import OpenAI from 'openai';
import { zodResponseFormat, zodTextFormat } from 'openai/helpers/zod';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type CallerName, CALLERS } from '../callers/callers.ts';
import { type Call, ScriptedUpstream, say } from '../upstreams/scripted-upstream.ts';
import type { Meaning } from '../upstreams/voices/voice.ts';
import { Policyd } from './policyd.ts';

/**
 * Official clients, and the SDK that many agents are built on, against a backend of every dialect; what each of them uses. Every answer that
 * the gateway made is held against the published shapes beside what the client makes of it.
 */
const TYPES = ['generic', 'openai', 'anthropic', 'google', 'ollama'] as const;
type Type = (typeof TYPES)[number];
const TEXT = 'Grüße aus dem Süden 🌞 und «tschüss»';
const THOUGHT = 'The sun is in the south.';
const WEATHER = { city: 'Köln', days: [1, 2] };
const TIME = { zone: 'Europe/Berlin' };
const COLOUR = { colour: 'blue', number: 7 };
const SCHEMA = {
  type: 'object' as const,
  properties: { colour: { type: 'string' as const }, number: { type: 'integer' as const } },
  required: ['colour', 'number'],
  additionalProperties: false,
};
const CITY = { type: 'object', properties: { city: { type: 'string' }, days: { type: 'array', items: { type: 'integer' } } } } as const;
const ZONE = { type: 'object', properties: { zone: { type: 'string' } } } as const;

/** What a model would say to the newest words of a conversation. */
function answer(call: Call): Meaning {
  const body = call.body.toString();
  const isAfterCall = /"role":"tool"|"tool_result"|"functionResponse"|"function_call_output"/.test(body);
  if (isAfterCall) return { text: TEXT };
  if (body.includes('ask:weather'))
    return {
      ...(body.includes('ask:weather-thinking') ? { thought: THOUGHT } : {}),
      calls: [
        { name: 'weather', arguments: JSON.stringify(WEATHER) },
        { name: 'time', arguments: JSON.stringify(TIME) },
      ],
    };
  if (body.includes('ask:colour')) return { text: JSON.stringify(COLOUR) };
  if (body.includes('ask:think')) return { thought: THOUGHT, text: TEXT };
  return { text: TEXT };
}

let upstream: ScriptedUpstream;
let policyd: Policyd;
/** Faults of the forms of what the gateway said. */
const misshapen: string[] = [];

beforeAll(async () => {
  upstream = await ScriptedUpstream.start((call) => say(call.speech, call.stream, answer(call)));
  const backends = TYPES.map((type) => {
    const url = `${upstream.url}${type === 'generic' || type === 'openai' ? '/v1' : `/${type}`}`;
    const key = type === 'generic' || type === 'ollama' ? '' : 'api_key_env: KEY, ';
    const name = type === 'anthropic' ? 'claude-sonnet-4-6' : type === 'google' ? 'gemini-3-flash' : 'some-model';
    return `  ${type}: { type: ${type}, zone: open, ${key}url: "${url}", models: { m-${type}: { price: { input: 1, output: 2 }, upstream: ${name} } } }`;
  });
  policyd = await Policyd.start(`backends:\n${backends.join('\n')}\n`, { env: { KEY: 'sk-test' }, args: ['--log-level', 'error'] });
});
afterAll(async () => {
  await policyd.stop();
  await upstream.stop();
});

const NATIVE: Partial<Record<Type, CallerName>> = { openai: 'responses', anthropic: 'messages', ollama: 'ollama' };

/** As `fetch`, with every answer that is no backend's own held against the shapes of the caller's API. */
function shaped(type: Type): typeof fetch {
  return async (input, init) => {
    const given = await fetch(input, init);
    const { pathname } = new URL(typeof input === 'string' || input instanceof URL ? input : input.url);
    const name = (Object.keys(CALLERS) as CallerName[]).find((caller) => CALLERS[caller].path === pathname);
    const isOwn = name === undefined || NATIVE[type] === name || (name === 'chat' && (type === 'generic' || type === 'openai'));
    if (isOwn || !given.ok) return given;
    const [mine, theirs] = given.body!.tee();
    // A client may leave the rest of a stream unread: what it reads is looked at by the time it asks again.
    void new Response(mine).text().then((text) => {
      const isStream = /event-stream|ndjson/.test(given.headers.get('content-type') ?? '');
      try {
        const heard = isStream ? CALLERS[name].hearStream(text, true) : CALLERS[name].hearWhole(text, true);
        if (heard.terminals !== 1) misshapen.push(`${heard.terminals} ends in ${text.slice(-200)}`);
      } catch (error) {
        misshapen.push(`${pathname} of ${type}: ${(error as Error).message.slice(0, 500)}`);
      }
    });
    return new Response(theirs, given);
  };
}

describe.each(TYPES)('%s', (type) => {
  const model = `m-${type}`;
  const user = (content: string) => [{ role: 'user' as const, content }];
  const openai = () => new OpenAI({ apiKey: 'none', maxRetries: 0, baseURL: `${policyd.url}/v1`, fetch: shaped(type) });
  const anthropic = () => new Anthropic({ apiKey: 'none', maxRetries: 0, baseURL: policyd.url, fetch: shaped(type) });
  const ollama = () => new Ollama({ host: policyd.url, fetch: shaped(type) });
  const chatTools = [
    { type: 'function' as const, function: { name: 'weather', parameters: CITY as Record<string, unknown> } },
    { type: 'function' as const, function: { name: 'time', parameters: ZONE as Record<string, unknown> } },
  ];

  afterAll(() => expect(misshapen).toEqual([]));

  describe('openai', () => {
    test('chat, whole and streamed', async () => {
      const whole = await openai().chat.completions.create({ model, messages: user('hello') });
      expect(whole.choices[0].message.content).toBe(TEXT);
      expect(whole.usage!.total_tokens).toBe(whole.usage!.prompt_tokens + whole.usage!.completion_tokens);
      const stream = openai().chat.completions.stream({ model, messages: user('hello'), stream_options: { include_usage: true } });
      const last = await stream.finalChatCompletion();
      expect(last.choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: TEXT } });
      expect(last.usage!.completion_tokens).toBe(9);
    });

    test('calls in parallel, whole and streamed, and their results', async () => {
      const ask = { model, messages: user('ask:weather'), tools: chatTools };
      const whole = await openai().chat.completions.create(ask);
      const streamed = await openai().chat.completions.stream(ask).finalChatCompletion();
      for (const { choices } of [whole, streamed]) {
        const [choice] = choices;
        expect(choice.finish_reason).toBe('tool_calls');
        const calls = choice.message.tool_calls!.map((call) => (call.type === 'function' ? call.function : null)!);
        expect(calls.map((called) => [called.name, JSON.parse(called.arguments)])).toEqual([
          ['weather', WEATHER],
          ['time', TIME],
        ]);
        const results = choice.message.tool_calls!.map((call) => ({ role: 'tool' as const, tool_call_id: call.id, content: 'sunny' }));
        const next = await openai().chat.completions.create({ ...ask, messages: [...ask.messages, choice.message, ...results] });
        expect(next.choices[0].message.content).toBe(TEXT);
      }
    });

    test('parse, by a schema', async () => {
      const format = zodResponseFormat(z.object({ colour: z.string(), number: z.int() }), 'colour');
      const parsed = await openai().chat.completions.parse({ model, messages: user('ask:colour'), response_format: format });
      expect(parsed.choices[0].message.parsed).toEqual(COLOUR);
    });

    test('responses: whole, streamed, parsed, with calls', async () => {
      expect((await openai().responses.create({ model, input: 'hello' })).output_text).toBe(TEXT);
      expect((await openai().responses.stream({ model, input: 'hello' }).finalResponse()).output_text).toBe(TEXT);
      const format = zodTextFormat(z.object({ colour: z.string(), number: z.int() }), 'colour');
      expect((await openai().responses.parse({ model, input: 'ask:colour', text: { format } })).output_parsed).toEqual(COLOUR);
      const tools = [
        { type: 'function' as const, name: 'weather', parameters: CITY as Record<string, unknown>, strict: false },
        { type: 'function' as const, name: 'time', parameters: ZONE as Record<string, unknown>, strict: false },
      ];
      const called = await openai().responses.stream({ model, input: 'ask:weather', tools }).finalResponse();
      const calls = called.output.filter((item) => item.type === 'function_call');
      expect(calls.map((call) => [call.name, JSON.parse(call.arguments)])).toEqual([
        ['weather', WEATHER],
        ['time', TIME],
      ]);
      const results = calls.map((call) => ({ type: 'function_call_output' as const, call_id: call.call_id, output: 'sunny' }));
      const input = [{ role: 'user' as const, content: 'ask:weather' }, ...called.output, ...results] as OpenAI.Responses.ResponseInput;
      expect((await openai().responses.create({ model, input, tools })).output_text).toBe(TEXT);
    });
  });

  describe('anthropic', () => {
    const tools = [
      { name: 'weather', input_schema: CITY as unknown as Anthropic.Tool.InputSchema },
      { name: 'time', input_schema: ZONE as unknown as Anthropic.Tool.InputSchema },
    ];

    test('messages, whole and streamed, and how many tokens they are', async () => {
      const ask = { model, max_tokens: 100, messages: user('hello') };
      expect((await anthropic().messages.create(ask)).content).toMatchObject([{ type: 'text', text: TEXT }]);
      const streamed = await anthropic().messages.stream(ask).finalMessage();
      expect(streamed).toMatchObject({ stop_reason: 'end_turn', content: [{ type: 'text', text: TEXT }], usage: { output_tokens: 9 } });
      expect((await anthropic().messages.countTokens({ model, messages: user('hello') })).input_tokens).toBeGreaterThan(0);
    });

    test('calls in parallel with a thought before them, and their results', async () => {
      const thinking = { type: 'enabled' as const, budget_tokens: 2_000 };
      const ask = { model, max_tokens: 4_000, thinking, tools, messages: user('ask:weather-thinking') };
      const whole = await anthropic().messages.create(ask);
      const streamed = await anthropic().messages.stream(ask).finalMessage();
      for (const { content, stop_reason } of [whole, streamed]) {
        expect(stop_reason).toBe('tool_use');
        expect(content[0]).toMatchObject({ type: 'thinking', thinking: THOUGHT });
        const calls = content.filter((block) => block.type === 'tool_use');
        expect(calls.map((call) => [call.name, call.input])).toEqual([
          ['weather', WEATHER],
          ['time', TIME],
        ]);
        const results = calls.map(({ id }) => ({ type: 'tool_result' as const, tool_use_id: id, content: 'sunny' }));
        const messages = [...ask.messages, { role: 'assistant' as const, content }, { role: 'user' as const, content: results }];
        const next = await anthropic().messages.create({ ...ask, messages: messages as Anthropic.MessageParam[] });
        expect(next.content.at(-1)).toMatchObject({ type: 'text', text: TEXT });
      }
      if (type === 'anthropic') {
        // Thoughts come back to their provider with the signature that it gave.
        expect(upstream.received.at(-1)!.body.toString()).toContain('"signature":"c2ln"');
      }
    });
  });

  test('ollama: chat, whole and streamed, thoughts and calls', async () => {
    const ask = { model, messages: user('hello') };
    expect((await ollama().chat(ask)).message.content).toBe(TEXT);
    let text = '';
    for await (const part of await ollama().chat({ ...ask, stream: true })) text += part.message.content;
    expect(text).toBe(TEXT);
    let thought = '';
    for await (const part of await ollama().chat({ model, messages: user('ask:think'), think: true, stream: true }))
      thought += part.message.thinking ?? '';
    expect(thought).toBe(THOUGHT);
    const { message } = await ollama().chat({ model, messages: user('ask:weather'), tools: chatTools });
    expect(message.tool_calls!.map((call) => [call.function.name, call.function.arguments])).toEqual([
      ['weather', WEATHER],
      ['time', TIME],
    ]);
    const results = ['weather', 'time'].map((name) => ({ role: 'tool', content: 'sunny', tool_name: name }));
    const next = await ollama().chat({ model, messages: [...user('ask:weather'), message, ...results], tools: chatTools });
    expect(next.message.content).toBe(TEXT);
  });

  const sdks: Record<string, () => LanguageModel> = {
    '@ai-sdk/openai-compatible': () =>
      createOpenAICompatible({
        name: 'policyd',
        baseURL: `${policyd.url}/v1`,
        supportsStructuredOutputs: true,
        includeUsage: true,
        fetch: shaped(type),
      })(model),
    '@ai-sdk/anthropic': () => createAnthropic({ baseURL: `${policyd.url}/v1`, apiKey: 'none', fetch: shaped(type) })(model),
  };
  test.each(Object.keys(sdks))('%s: text, stream, calls, object', async (name) => {
    const asked = { model: sdks[name](), maxRetries: 0 };
    const whole = await generateText({ ...asked, prompt: 'hello' });
    expect(whole.text).toBe(TEXT);
    expect(whole.usage.outputTokens).toBe(9);
    const streamed = streamText({ ...asked, prompt: 'hello' });
    let text = '';
    for await (const piece of streamed.textStream) text += piece;
    expect(text).toBe(TEXT);
    expect((await streamed.usage).outputTokens).toBe(9);
    const seen: unknown[] = [];
    const execute = async (input: unknown): Promise<string> => {
      seen.push(input);
      return 'sunny';
    };
    const loop = await generateText({
      ...asked,
      prompt: 'ask:weather',
      tools: { weather: tool({ inputSchema: jsonSchema(CITY), execute }), time: tool({ inputSchema: jsonSchema(ZONE), execute }) },
      stopWhen: isStepCount(3),
    });
    expect(loop.text).toBe(TEXT);
    expect(loop.steps).toHaveLength(2);
    expect(seen).toEqual([WEATHER, TIME]);
    const { object } = await generateObject({ ...asked, prompt: 'ask:colour', schema: jsonSchema(SCHEMA) });
    expect(object).toEqual(COLOUR);
  });
});
