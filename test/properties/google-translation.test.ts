import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { googleTranslator } from '../../runtime/backends/google/translator.ts';
import type { Content, GenerateRequest, Part } from '../../runtime/backends/google/wire.ts';
import { type ChatBody, TranslationError } from '../../runtime/backends/translate/translator.ts';
import { BadRequest } from '../../runtime/intent/bad-request.ts';
import { ASKED, buildTarget, type Completion, frame, gather, readAnswer, readStream } from '../unit/dialects/google-wire.ts';

const RUNS = Number(process.env.TRANSLATION_CASES ?? 400);

/** JSON that comes out of a parse as it went in. */
const value = fc.jsonValue({ maxDepth: 3 }).map((item) => JSON.parse(JSON.stringify(item)) as unknown);
const args = fc
  .dictionary(fc.string({ unit: 'grapheme' }), value, { maxKeys: 4 })
  .map((item) => JSON.parse(JSON.stringify(item)) as object);
const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 });
const name = fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_-]{0,20}$/);
const signature = fc.uint8Array({ minLength: 1, maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString('base64'));

interface Call {
  readonly name: string;
  readonly args: object;
  readonly result: string;
}

/** A turn of a conversation, as it is meant. */
type Turn =
  | { readonly kind: 'system'; readonly text: string }
  | { readonly kind: 'user'; readonly texts: readonly string[]; readonly image: string | null }
  | { readonly kind: 'assistant'; readonly text: string }
  | { readonly kind: 'calls'; readonly text: string; readonly calls: readonly Call[]; readonly backwards: boolean };

const turn: fc.Arbitrary<Turn> = fc.oneof(
  fc.record({ kind: fc.constant('system' as const), text }),
  fc.record({
    kind: fc.constant('user' as const),
    texts: fc.array(text, { minLength: 1, maxLength: 3 }),
    image: fc.option(fc.constantFrom('data:image/png;base64,AAAA', 'https://x.test/a.png'), { nil: null }),
  }),
  fc.record({ kind: fc.constant('assistant' as const), text }),
  fc.record({
    kind: fc.constant('calls' as const),
    text: fc.oneof(fc.constant(''), text),
    calls: fc.array(
      fc.record({
        name,
        args,
        result: fc.oneof(
          text,
          args.map((item) => JSON.stringify(item)),
        ),
      }),
      { minLength: 1, maxLength: 4 },
    ),
    backwards: fc.boolean(),
  }),
);
const conversation = fc.array(turn, { minLength: 1, maxLength: 8 });

function writeOpenAi(turns: readonly Turn[]): object[] {
  let ids = 0;
  return turns.flatMap((turn): object[] => {
    if (turn.kind === 'system') return [{ role: ids % 2 === 0 ? 'system' : 'developer', content: turn.text }];
    if (turn.kind === 'assistant') return [{ role: 'assistant', content: turn.text }];
    if (turn.kind === 'user') {
      const parts: object[] = turn.texts.map((item) => ({ type: 'text', text: item }));
      if (turn.image !== null) parts.push({ type: 'image_url', image_url: { url: turn.image } });
      return [{ role: 'user', content: parts }];
    }
    const calls = turn.calls.map((call) => ({ ...call, id: `call_${ids++}` }));
    const results = calls.map(({ id, result }) => ({ role: 'tool', tool_call_id: id, content: result }));
    return [
      {
        role: 'assistant',
        content: turn.text === '' ? null : turn.text,
        tool_calls: calls.map((call) => ({
          id: call.id,
          type: 'function',
          function: { name: call.name, arguments: JSON.stringify(call.args) },
        })),
      },
      ...(turn.backwards ? results.reverse() : results),
    ];
  });
}

/** What was meant, in the order it was meant in, whoever says it. */
function meaningOf(turns: readonly Turn[]): unknown {
  const said: unknown[] = [];
  for (const turn of turns) {
    if (turn.kind === 'user') {
      said.push(...turn.texts.map((item) => ['user', item]));
      if (turn.image !== null) said.push(['image', turn.image.replace(/^data:image\/png;base64,/, '')]);
    } else if (turn.kind === 'assistant') said.push(['model', turn.text]);
    else if (turn.kind === 'calls') {
      if (turn.text !== '') said.push(['model', turn.text]);
      said.push(...turn.calls.map((call) => ['call', call.name, call.args]));
      said.push(...turn.calls.map((call) => ['result', call.name, responseOf(call.result)]));
    }
  }
  return { instruction: turns.flatMap((turn) => (turn.kind === 'system' ? turn.text : [])), said };
}

function responseOf(result: string): unknown {
  if (/\d{16}/.test(result) || !/^\s*\{/.test(result)) return { output: result };
  try {
    return JSON.parse(result);
  } catch {
    return { output: result };
  }
}

/** What Gemini is told, read the way Gemini reads it. */
function readBack(request: GenerateRequest): unknown {
  const said = request.contents.flatMap(({ role, parts }) =>
    parts.flatMap((part): unknown[] => {
      if (part.functionCall) return [['call', part.functionCall.name, part.functionCall.args]];
      if (part.functionResponse) return [['result', part.functionResponse.name, part.functionResponse.response]];
      if (part.inlineData) return [['image', part.inlineData.data]];
      if (part.fileData) return [['image', part.fileData.fileUri]];
      return [[role, part.text]];
    }),
  );
  return { instruction: request.systemInstruction?.parts.map((part) => part.text) ?? [], said };
}

function writeRequest(messages: readonly object[], model = 'gemini-2.5-flash'): GenerateRequest {
  const body = { model: 'auto', messages } as ChatBody;
  return JSON.parse(googleTranslator.write(body, buildTarget(model), null).body.toString());
}

/** Rules of the API that it answers 400 to. */
function checkOrder(contents: readonly Content[]): void {
  expect(contents[0].role).toBe('user');
  for (let at = 0; at < contents.length; at++) {
    const { role, parts } = contents[at];
    expect(parts.length).toBeGreaterThan(0);
    const calls = parts.filter((part) => part.functionCall);
    const responses = parts.filter((part) => part.functionResponse);
    if (calls.length > 0) {
      expect(role).toBe('model');
      expect(contents[at + 1].parts.map((part) => part.functionResponse?.name)).toEqual(calls.map((part) => part.functionCall?.name));
    }
    if (responses.length > 0) expect([role, responses.length]).toEqual(['user', parts.length]);
    const isResult = (content: Content | undefined): boolean => content?.parts.some((part) => part.functionResponse) ?? false;
    if (at > 0 && contents[at - 1].role === role) expect(isResult(contents[at - 1])).toBe(true);
  }
}

describe('a conversation keeps its meaning', () => {
  test('on its way to Gemini, in the order that Gemini takes', () => {
    fc.assert(
      fc.property(conversation, (turns) => {
        const request = writeRequest(writeOpenAi(turns));
        checkOrder(request.contents);
        const back = readBack(request) as { instruction: unknown; said: unknown[] };
        const meant = meaningOf(turns) as { instruction: unknown; said: unknown[] };
        // The filler that begins a conversation which the model begins.
        if (meant.said.length === 0 || (meant.said[0] as unknown[])[0] === 'model' || (meant.said[0] as unknown[])[0] === 'call')
          back.said.shift();
        expect(back).toEqual(meant);
      }),
      { numRuns: RUNS },
    );
  });

  test('and on its way back, whole and streamed', () => {
    fc.assert(
      fc.property(conversation, fc.integer({ min: 1, max: 5 }), (turns, step) => {
        const messages = writeOpenAi(turns);
        for (const content of writeRequest(messages).contents) {
          if (content.role !== 'model') continue;
          const whole = tell(readAnswer({ candidates: [{ content, finishReason: 'STOP' }] }));
          expect(whole).toEqual(meantBy(content.parts));
          const events = [];
          for (let at = 0; at < content.parts.length; at += step)
            events.push({ candidates: [{ content: { role: 'model', parts: content.parts.slice(at, at + step) } }] });
          events.push({ candidates: [{ finishReason: 'STOP' }] });
          const gathered = gather(readStream(frame(events)));
          expect({
            text: gathered.content,
            calls: gathered.calls.map((call) => [call.id, call.name, JSON.parse(call.arguments)]),
            finish: gathered.finish,
          }).toEqual(whole);
        }
      }),
      { numRuns: RUNS / 2 },
    );
  });

  test('a signature comes back to the call it came with, through a client that keeps ids alone', () => {
    const part = fc.record({
      name,
      args,
      id: fc.option(fc.stringMatching(/^[a-z0-9]{1,12}$/), { nil: undefined }),
      signature: fc.option(signature, { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.uniqueArray(part, { minLength: 1, maxLength: 4, selector: ({ id }) => id ?? Symbol() }), (parts) => {
        const sent: Part[] = parts.map(({ signature: thoughtSignature, ...call }) => ({
          functionCall: call,
          ...(thoughtSignature === undefined ? {} : { thoughtSignature }),
        }));
        const { message } = readAnswer({ candidates: [{ content: { parts: sent }, finishReason: 'STOP' }] }).choices[0];
        const kept = message.tool_calls!.map(({ id, function: called }) => ({ id, type: 'function', function: called }));
        const history = [
          { role: 'user', content: 'q' },
          { role: 'assistant', content: message.content, tool_calls: kept },
          ...kept.map(({ id }) => ({ role: 'tool', tool_call_id: id, content: 'ok' })),
        ];
        const [, call, results] = writeRequest(history, 'gemini-2.5-pro').contents;
        expect(call.parts.map((item) => item.thoughtSignature)).toEqual(parts.map((item) => item.signature));
        expect(call.parts.map((item) => item.functionCall?.args)).toEqual(parts.map((item) => item.args));
        for (let at = 0; at < parts.length; at++) {
          if (parts[at].id !== undefined) expect(call.parts[at].functionCall?.id).toBe(parts[at].id);
          expect(results.parts[at].functionResponse?.id).toBe(call.parts[at].functionCall?.id);
        }
      }),
      { numRuns: RUNS },
    );
  });
});

function tell({ choices: [{ message, finish_reason: finish }] }: Completion): unknown {
  return {
    text: message.content ?? '',
    calls: (message.tool_calls ?? []).map((call) => [call.id, call.function.name, JSON.parse(call.function.arguments)]),
    finish,
  };
}

function meantBy(parts: readonly Part[]): unknown {
  const calls = parts.flatMap((part) =>
    part.functionCall ? [[part.functionCall.id, part.functionCall.name, part.functionCall.args]] : [],
  );
  return { text: parts.map((part) => part.text ?? '').join(''), calls, finish: calls.length > 0 ? 'tool_calls' : 'stop' };
}

test('whatever the body says, it is written or refused', () => {
  const keys = [
    'messages',
    'tools',
    'tool_choice',
    'response_format',
    'stop',
    'reasoning_effort',
    'extra_body',
    'n',
    'temperature',
    'max_tokens',
    'user',
  ];
  const message = fc.oneof(
    fc.record(
      { role: fc.constantFrom('system', 'user', 'assistant', 'tool', 'x'), content: value, tool_calls: value, tool_call_id: value },
      { requiredKeys: [] },
    ),
    value,
  );
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...keys), value), fc.array(message), (body, messages) => {
      try {
        const { body: bytes } = googleTranslator.write({ ...body, model: 'auto', messages } as ChatBody, buildTarget(), null);
        JSON.parse(bytes.toString());
      } catch (error) {
        expect(error).toBeInstanceOf(BadRequest);
      }
    }),
    { numRuns: RUNS * 3 },
  );
});

/** Everything a stream says, and how it ends, for one way of cutting its bytes. */
function readCut(bytes: Buffer, cuts: readonly number[]): { said: string; failure: string | null; usage: unknown } {
  const stream = googleTranslator.openStream({ ...ASKED, includeUsage: true });
  const said: Buffer[] = [];
  let failure: string | null = null;
  try {
    let from = 0;
    for (const to of [...cuts, bytes.length]) {
      said.push(stream.push(bytes.subarray(from, to)));
      from = to;
    }
    said.push(stream.end());
  } catch (error) {
    if (!(error instanceof TranslationError)) throw error;
    failure = error.message;
  }
  return { said: Buffer.concat(said).toString(), failure, usage: stream.usage };
}

const answerPart: fc.Arbitrary<object> = fc.oneof(
  text.map((item) => ({ text: item })),
  text.map((item) => ({ text: item, thought: true })),
  fc.record({ functionCall: fc.record({ name, args }) }),
  fc.record({ functionCall: fc.record({ name, willContinue: fc.constant(true) }) }),
  text.map((item) => ({ functionCall: { partialArgs: [{ jsonPath: '$.a', stringValue: item }], willContinue: true } })),
);
const event = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .array(answerPart, { maxLength: 3 })
      .map((parts) => ({ candidates: [{ content: { parts, role: 'model' } }], usageMetadata: { promptTokenCount: 3 } })),
  },
  { weight: 1, arbitrary: fc.constant({ error: { code: 503, message: 'overloaded', status: 'UNAVAILABLE' } }) },
  { weight: 1, arbitrary: value },
);
const streamed = fc
  .record({ events: fc.array(event, { maxLength: 5 }), end: fc.constantFrom('\r\n', '\n'), finish: fc.boolean(), comment: fc.boolean() })
  .map(({ events, end, finish, comment }) =>
    Buffer.concat([
      Buffer.from(comment ? `: keep-alive${end}${end}` : ''),
      frame(
        finish
          ? [...events, { candidates: [{ finishReason: 'STOP' }], usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 9 } }]
          : events,
        end,
      ),
    ]),
  );

describe('a stream means the same however its bytes are cut', () => {
  test('at every byte', () => {
    fc.assert(
      fc.property(streamed, (bytes) => {
        const whole = readCut(bytes, []);
        for (let cut = 0; cut <= bytes.length; cut++) expect(readCut(bytes, [cut])).toEqual(whole);
      }),
      { numRuns: Math.ceil(RUNS / 10) },
    );
  });

  test('into single bytes, and at random', () => {
    fc.assert(
      fc.property(streamed, fc.array(fc.nat()), (bytes, random) => {
        const whole = readCut(bytes, []);
        expect(
          readCut(
            bytes,
            Array.from(bytes, (_, at) => at),
          ),
        ).toEqual(whole);
        expect(
          readCut(
            bytes,
            random.map((at) => at % (bytes.length + 1)).sort((a, b) => a - b),
          ),
        ).toEqual(whole);
      }),
      { numRuns: RUNS },
    );
  });

  test('accumulated arguments are JSON, and figures add up', () => {
    fc.assert(
      fc.property(streamed, (bytes) => {
        const { said, failure, usage } = readCut(bytes, []);
        if (failure !== null) {
          expect(said).not.toContain('[DONE]');
          return;
        }
        for (const call of gather(readStream(bytes)).calls) JSON.parse(call.arguments);
        expect(usage).toMatchObject({ input: 3, output: 9 });
      }),
      { numRuns: RUNS },
    );
  });
});

describe('garbage', () => {
  test('is told as such and nothing else: no crash, no end mark', () => {
    const noise = fc.oneof(
      fc.uint8Array({ maxLength: 400 }),
      fc.string({ unit: 'binary', maxLength: 200 }).map((item) => Buffer.from(`data: ${item}\n\n`)),
    );
    fc.assert(
      fc.property(streamed, noise, fc.nat(), (bytes, extra, at) => {
        const place = at % (bytes.length + 1);
        const broken = Buffer.concat([bytes.subarray(0, place), extra, bytes.subarray(place)]);
        const { said, failure } = readCut(broken, [place]);
        if (failure !== null) expect(said).not.toContain('[DONE]');
        else readStream(broken);
      }),
      { numRuns: RUNS * 3 },
    );
  });

  test('does not make it grow', () => {
    const stream = googleTranslator.openStream(ASKED);
    const idle = Buffer.from(`: keep-alive\r\n\r\nid: 1\r\ndata: {"unknown":"${'x'.repeat(60_000)}"}\r\n\r\n`);
    const before = measureLive();
    for (let round = 0; round < 1000; round++) expect(stream.push(idle).length).toBe(0);
    expect(measureLive() - before).toBeLessThan(2e6);
    expect(stream.isComplete).toBe(false);
  });
});

/** Bytes that are still held by something. */
function measureLive(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let round = 0; round < 3; round++) collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

test('a stream that ends within an event, before the answer is whole, is a failure', () => {
  const stream = googleTranslator.openStream(ASKED);
  const event = { candidates: [{ content: { role: 'model', parts: [{ functionCall: { name: 'look', willContinue: true } }] } }] };
  stream.push(Buffer.from(`data: ${JSON.stringify(event)}\r\n`));
  expect(() => stream.end()).toThrow(TranslationError);
});
