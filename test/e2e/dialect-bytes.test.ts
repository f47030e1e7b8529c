import { createHash } from 'node:crypto';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CALLERS, type CallerName } from '../callers/callers.ts';
import { ScriptedUpstream, type Script, say } from '../upstreams/scripted-upstream.ts';
import { openAiVoice } from '../upstreams/voices/openai-voice.ts';
import { Policyd } from './policyd.ts';

/** Caller and backend speak the same API: what arrives and what comes back is the same to the byte, whoever pays for it. */
const TEXT = 'Grüße aus dem Süden 🌞 und «tschüss» "gesagt"';
const SAME = { chat: 'vllm', responses: 'openai', messages: 'anthropic', ollama: 'ollama' } as const;

let upstream: ScriptedUpstream;
let policyd: Policyd;
let script: Script | null = null;

beforeAll(async () => {
  upstream = await ScriptedUpstream.start((call) => script ?? say(call.speech, call.stream, { text: TEXT }));
  const backends = Object.values(SAME).map((type) => {
    const url = `${upstream.url}${type === 'vllm' || type === 'openai' ? '/v1' : `/${type}`}`;
    const key = type === 'vllm' || type === 'ollama' ? '' : 'api_key_env: KEY, ';
    const models = `${type}-free: { price: free }, ${type}-priced: { price: { input: 1, output: 2 } }, ${type}-named: { price: free, upstream: other }`;
    return `  ${type}: { type: ${type}, zone: open, ${key}url: "${url}", models: { ${models} } }`;
  });
  policyd = await Policyd.start(`backends:\n${backends.join('\n')}\n`, { env: { KEY: 'sk-test' }, args: ['--log-level', 'error'] });
});
afterAll(async () => {
  await policyd.stop();
  await upstream.stop();
});

const hash = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

async function post(path: string, body: string, headers: Record<string, string> = {}) {
  const answer = await request(policyd.url + path, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } });
  return { status: answer.statusCode, headers: answer.headers, bytes: Buffer.from(await answer.body.arrayBuffer()) };
}

/** With what nobody but the caller would write that way. */
function write(name: CallerName, model: string, stream: boolean): string {
  const asked = CALLERS[name].ask(model, 'Wie geht’s?\n"quoted" \\ back\u0000slash 🌍', stream);
  return JSON.stringify({ ...asked, x_new: [1.5, { deep: '\u0007' }] }, null, 1).replace('"x_new"', '\t"x_n\\u0065w"');
}

describe.each(Object.keys(SAME) as CallerName[])('%s', (name) => {
  const type = SAME[name];
  test.each([
    ['free', true],
    ['free', false],
    ['priced', true],
    ['priced', false],
  ] as const)('%s, streamed: %s', async (price, stream) => {
    const body = write(name, `${type}-${price}`, stream);
    const { status, bytes } = await post(CALLERS[name].path, body);
    expect(status, bytes.toString()).toBe(200);
    const call = upstream.received.at(-1)!;
    const sent = Buffer.concat(say(call.speech, stream, { text: TEXT }).pieces);
    // A stream of chat completions that is paid for tells its usage to the gateway alone.
    const dropsUsage = name === 'chat' && stream && price === 'priced';
    const wanted = dropsUsage ? sent.toString().replace(/data: \{(?:(?!\n).)*"choices":\[\](?:(?!\n).)*\n\n/u, '') : sent.toString();
    expect(wanted.length < sent.toString().length).toBe(dropsUsage);
    expect(bytes.toString()).toBe(wanted);
    expect(hash(bytes)).toBe(hash(Buffer.from(wanted)));
    // What no cap was asked for gets one where it costs; all else of the request is as it was written.
    const added =
      price === 'free'
        ? ''
        : {
            chat: /"max_\w+":\d+,?|"stream_options":\{[^}]*\},?/g,
            responses: /"max_output_tokens":\d+,/g,
            messages: '',
            ollama: /"options":\{[^}]*\},/g,
          }[name];
    expect(call.body.toString().replaceAll(added === '' ? '\u0001' : added, '')).toBe(body);
  });

  test('under another name at the backend, only the name differs', async () => {
    const body = write(name, `${type}-named`, true);
    await post(CALLERS[name].path, body);
    expect(upstream.received.at(-1)!.body.toString()).toBe(body.replace(`"${type}-named"`, '"other"'));
  });
});

test('usage that nobody asked for is dropped wherever the bytes are cut, and however long they were announced to be', async () => {
  const pieces = openAiVoice.sayStream({ text: TEXT });
  const all = Buffer.concat(pieces);
  const usage = pieces.at(-2)!.toString();
  const wanted = all.toString().replace(usage, '');
  const body = JSON.stringify({ ...CALLERS.chat.ask('vllm-priced', 'hello', true) });
  const type = { 'content-type': 'text/event-stream' };
  const at = all.indexOf(usage);
  for (let cut = at - 3; cut < all.length; cut += 3) {
    script = { status: 200, headers: type, pieces: [all.subarray(0, cut), all.subarray(cut)], end: 'end' };
    expect((await post('/v1/chat/completions', body)).bytes.toString(), `cut at ${cut}`).toBe(wanted);
  }
  script = { status: 200, headers: { ...type, 'content-length': String(all.length) }, pieces: [all], end: 'end' };
  const announced = await post('/v1/chat/completions', body);
  expect(announced.bytes.toString()).toBe(wanted);
  expect(announced.headers['content-length']).toBeUndefined();
  // The connection breaks behind the last event, whose last byte is held back until its end is known.
  script = { status: 200, headers: type, pieces: [all.subarray(0, all.length - 1)], end: 'reset' };
  expect((await post('/v1/chat/completions', body)).bytes.toString()).toBe(wanted.slice(0, -1));
  script = null;
});

test('a long answer in its own API is whole: its last event repeats all of it', async () => {
  const long = Array.from({ length: 3_000 }, (_, at) => `word${at}`).join(' ');
  script = say('responses', true, { text: long });
  const responses = await post('/v1/responses', write('responses', 'openai-free', true));
  expect(responses.bytes.equals(Buffer.concat([...script.pieces]))).toBe(true);
  const line = (value: object): Buffer => Buffer.from(`${JSON.stringify({ model: 'm', created_at: '2026-11-20T08:00:00Z', ...value })}\n`);
  script = {
    status: 200,
    headers: { 'content-type': 'application/x-ndjson' },
    pieces: [
      line({ response: 'hi', done: false }),
      line({ response: '', done: true, done_reason: 'stop', context: Array(9_000).fill(4711) }),
    ],
    end: 'end',
  };
  const generate = await post('/api/generate', '{"model":"ollama-free","prompt":"hello"}');
  expect(generate.bytes.equals(Buffer.concat([...script.pieces]))).toBe(true);
  script = null;
});

test("names of Anthropic's features go on, and no other header of the caller's", async () => {
  const headers = { 'anthropic-beta': 'context-management-2025-06-27,fine-grained-tool-streaming-2025-05-14', 'x-secret': 'mine' };
  await post('/v1/messages', write('messages', 'anthropic-free', false), { ...headers, 'x-api-key': 'caller' });
  const seen = upstream.received.at(-1)!.headers;
  expect(seen).toMatchObject({ 'anthropic-beta': headers['anthropic-beta'], 'x-api-key': 'sk-test', 'anthropic-version': '2023-06-01' });
  expect(seen['x-secret']).toBeUndefined();
  // Its features are nobody else's.
  await post('/v1/messages', write('messages', 'openai-free', false), headers);
  expect(upstream.received.at(-1)!.headers['anthropic-beta']).toBeUndefined();
});
