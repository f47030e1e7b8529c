import OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { googleTranslator } from '../../../runtime/backends/google/translator.ts';
import type { Content, GenerateRequest } from '../../../runtime/backends/google/wire.ts';
import type { ChatBody } from '../../../runtime/backends/translate/translator.ts';
import { ASKED, buildAnswer, buildTarget, frame } from './google-wire.ts';

const SIGNATURES = ['c2lnbmF0dXJlIG9mIG9uZQ==', 'dHdv+/8='];

/**
 * Answers the way Gemini 3 does: two calls at once of which the first is signed, then one more that is signed, then what came of them; and
 * a 400 for a history whose calls came back without their own signatures, or without a result for each.
 */
function answerLikeGemini(request: GenerateRequest): { readonly status: number; readonly answer: object } {
  const turns = request.contents.filter(({ parts }) => parts.some((part) => part.functionCall));
  const isSigned = turns.every(({ parts }, step) => parts.find((part) => part.functionCall)?.thoughtSignature === SIGNATURES[step]);
  const message = 'Corrupted thought signature.';
  if (!isSigned || !isAnswered(request.contents))
    return { status: 400, answer: { error: { code: 400, message, status: 'INVALID_ARGUMENT' } } };
  const call = (name: string, args: object, thoughtSignature?: string): object => ({
    functionCall: { name, args },
    ...(thoughtSignature ? { thoughtSignature } : {}),
  });
  if (turns.length === 0)
    return {
      status: 200,
      answer: buildAnswer([{ text: 'Let me see.' }, call('weather', { city: 'Rome' }, SIGNATURES[0]), call('weather', { city: 'Oslo' })]),
    };
  if (turns.length === 1) return { status: 200, answer: buildAnswer([call('clock', {}, SIGNATURES[1])]) };
  const results = request.contents.flatMap(({ parts }) =>
    parts.flatMap((part) => (part.functionResponse ? [part.functionResponse.response] : [])),
  );
  return { status: 200, answer: buildAnswer([{ text: JSON.stringify(results) }]) };
}

function isAnswered(contents: readonly Content[]): boolean {
  return contents.every(({ parts }, at) => {
    const calls = parts.flatMap((part) => part.functionCall?.id ?? []);
    const answered = contents[at + 1]?.parts.flatMap((part) => part.functionResponse?.id ?? []) ?? [];
    return calls.every((id, index) => answered[index] === id);
  });
}

/** OpenAI's client, whose requests are answered by Gemini's words through the translator. */
function openClient(): OpenAI {
  let answers = 0;
  const fetch = async (_url: unknown, init?: { body?: unknown }): Promise<Response> => {
    const body = JSON.parse(String(init?.body)) as ChatBody;
    const call = googleTranslator.write(body, buildTarget('gemini-3-pro-preview'), null);
    const { status, answer } = answerLikeGemini(JSON.parse(call.body.toString()));
    const bytes = Buffer.from(JSON.stringify(answer));
    const asked = { ...ASKED, id: `chatcmpl-${answers++}` };
    if (status !== 200) {
      const read = googleTranslator.readError(status, {}, bytes);
      return new Response(new Uint8Array(read.body), { status: read.status, headers: { 'content-type': 'application/json' } });
    }
    if (body.stream !== true)
      return new Response(new Uint8Array(googleTranslator.readAnswer(bytes, asked).body), {
        headers: { 'content-type': 'application/json' },
      });
    const stream = googleTranslator.openStream(asked);
    const said = Buffer.concat([stream.push(frame([answer])), stream.end()]);
    return new Response(new Uint8Array(said), { headers: { 'content-type': 'text/event-stream' } });
  };
  return new OpenAI({ apiKey: 'none', baseURL: 'http://127.0.0.1:9/v1', maxRetries: 0, fetch });
}

const TOOLS = [
  {
    type: 'function',
    function: {
      name: 'weather',
      parameters: { type: 'object', properties: { city: { type: 'string' } } },
      parse: JSON.parse,
      function: ({ city }: { city: string }) => `${city}: 20`,
    },
  },
  {
    type: 'function',
    function: { name: 'clock', parameters: { type: 'object', properties: {} }, parse: JSON.parse, function: () => '{"hour":12}' },
  },
] as const;
const EXPECTED = [{ output: 'Rome: 20' }, { output: 'Oslo: 20' }, { hour: 12 }];

describe("a tool loop of OpenAI's own client carries the signatures through", () => {
  test('whole answers', async () => {
    const runner = openClient().chat.completions.runTools({
      model: 'auto',
      messages: [{ role: 'user', content: 'q' }],
      tools: TOOLS as never,
    });
    expect(JSON.parse((await runner.finalContent()) ?? '')).toEqual(EXPECTED);
  });

  test('streams', async () => {
    const runner = openClient().chat.completions.runTools({
      model: 'auto',
      stream: true,
      messages: [{ role: 'user', content: 'q' }],
      tools: TOOLS as never,
    });
    expect(JSON.parse((await runner.finalContent()) ?? '')).toEqual(EXPECTED);
  });

  test('a signature that was changed is refused by Gemini, and the client hears why', async () => {
    const client = openClient();
    const messages = [
      { role: 'user', content: 'q' },
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'other__thought__AAAA', type: 'function', function: { name: 'weather', arguments: '{}' } }],
      },
      { role: 'tool', tool_call_id: 'other__thought__AAAA', content: 'x' },
    ];
    const failure = await client.chat.completions.create({ model: 'auto', messages: messages as never }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(OpenAI.BadRequestError);
    expect((failure as Error).message).toContain('Corrupted thought signature');
  });
});
