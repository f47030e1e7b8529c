import { createHash } from 'node:crypto';
import { Ollama } from 'ollama';
import OpenAI from 'openai';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CALLER_NAMES, CALLERS } from '../callers/callers.ts';
import { type Call, type Script, ScriptedUpstream, say, voiceOf } from '../upstreams/scripted-upstream.ts';
import { type Spoil, spoil } from '../upstreams/spoil.ts';
import { Policyd, until } from './policyd.ts';

/** What becomes of a request whose way to a backend is a translation: other backends, errors, callers that are slow or leave. */
const TEXT = 'Grüße aus dem Süden 🌞';
const KEY = 'pk-of-the-app';

let upstream: ScriptedUpstream;
let policyd: Policyd;
let locked: Policyd;

beforeAll(async () => {
  upstream = await ScriptedUpstream.start(play);
  const { url } = upstream;
  const fast = 'zone: open, timeouts: { connect: 1s, first_token: 5s, idle: 5s, total: 20s }';
  policyd = await Policyd.start(
    `
backends:
  claude: { type: anthropic, ${fast}, api_key_env: KEY, url: "${url}/claude", models: { there: { quality: 0.9, price: free }, back: { quality: 0.5, price: free }, only-claude: { price: free }, mute: { price: free, capabilities: [tools] } } }
  house: { type: vllm, ${fast}, url: "${url}/house/v1", models: { there: { quality: 0.5 }, back: { quality: 0.9 }, plain: { capabilities: [tools] }, vectors-house: { capabilities: [embeddings] } } }
  gemini: { type: google, ${fast}, api_key_env: KEY, url: "${url}/gemini", models: { only-gemini: { price: free }, vectors-gemini: { price: free, capabilities: [embeddings] } } }
  den: { type: ollama, ${fast}, url: "${url}/den", models: { only-den: {}, vectors-den: { capabilities: [embeddings] } } }
categories:
  SHORT: { when: { score: "<0" }, objective: quality, max_output_tokens: 1200 } # by its header alone
  ANY: { objective: quality }
`,
    { env: { KEY: 'sk-test' }, args: ['--probe-interval', '60000'] },
  );
  locked = await Policyd.start(
    `
backends:
  claude: { type: anthropic, api_key_env: KEY, url: "${url}/claude", models: { cloudy: { price: free } } }
keys:
  app: { sha256: "${createHash('sha256').update(KEY).digest('hex')}" }
traffic:
  - { name: inside, match: { model: "*" }, privacy: restricted }
`,
    { env: { KEY: 'sk-test' }, args: ['--body-limit', '4096', '--log-level', 'error'] },
  );
});
afterAll(async () => {
  expect(await policyd.stop()).toBe(0);
  expect(await locked.stop()).toBe(0);
  await upstream.stop();
});

/** `claude:late-error` in the prompt: that backend does that. */
function play(call: Call): Script {
  const vectors = [
    [0.25, -1],
    [0.5, 2],
  ];
  if (/embed/i.test(call.path)) {
    const voice = call.path.includes('/gemini/') ? voiceOf('google') : voiceOf(call.path.includes('/den/') ? 'ollama' : 'chat');
    return { status: 200, headers: { 'content-type': 'application/json' }, pieces: [voice.sayEmbeddings(vectors)!], end: 'end' };
  }
  const body = call.body.toString();
  const backend = /^\/(\w+)/.exec(call.path)![1];
  const what = new RegExp(`${backend}:([\\w-]+)`).exec(body)?.[1];
  if (what === 'endless') return { ...say(call.speech, true, { text: '' }), pieces: flood(call) };
  if (what === 'large') return say(call.speech, call.stream, { text: `so ${'x'.repeat(2 << 20)}` });
  if (what === 'silence') return { ...say(call.speech, call.stream, { text: TEXT }), pieces: [], end: 'hang' };
  return what === undefined ? say(call.speech, call.stream, { text: TEXT }) : spoil(call, { text: TEXT }, what as Spoil);
}

function* flood({ speech }: Call): Generator<Buffer> {
  const pieces = say(speech, true, { text: 'x'.repeat(1_000) }).pieces;
  const word = pieces.find((piece) => piece.includes('xxx'))!;
  yield* pieces.slice(0, pieces.indexOf(word));
  for (;;) yield word;
}

describe.each(CALLER_NAMES)('%s', (name) => {
  const caller = CALLERS[name];
  const hear = (text: string, stream: boolean): string => (stream ? caller.hearStream(text, false) : caller.hearWhole(text, false)).text;

  test.each([
    ['there', 'claude', 'house'],
    ['back', 'house', 'claude'],
  ])('%s: %s fails before its first byte, %s takes over', async (model, first, second) => {
    for (const stream of [true, false]) {
      const faults: Spoil[] = ['status-500', 'status-529', 'reset', 'empty'];
      // What can only be told where the answer is read.
      const isRead = first === 'claude' ? name !== 'messages' : name !== 'chat';
      if (isRead) faults.push('html', 'compressed', ...(stream ? (['late-error-first'] as const) : []));
      for (const what of faults) {
        const place = `${what}, ${stream ? 'streamed' : 'whole'}`;
        const answer = await policyd.post(caller.path, caller.ask(model, `${first}:${what}`, stream));
        const text = await answer.text();
        expect(answer.status, `${place}: ${text}`).toBe(200);
        expect(answer.headers.get('x-nexus-backend'), place).toBe(second);
        expect(answer.headers.get('x-nexus-route-reason'), place).toBe('failover');
        expect(hear(text, stream), place).toBe(TEXT);
        // What failed is outweighed, so that the next fault meets no open circuit.
        for (let times = 0; times < 2; times++) {
          const well = await policyd.post(caller.path, caller.ask(model, 'hello', stream));
          expect(well.headers.get('x-nexus-backend'), place).toBe(first);
          expect(hear(await well.text(), stream), place).toBe(TEXT);
        }
      }
    }
  });

  test.each(['only-claude', 'only-gemini', 'only-den', 'plain'])('a caller that leaves ends the call of %s', async (model) => {
    for (const [what, stream] of [
      ['endless', true],
      ['silence', true],
      ['silence', false],
    ] as const) {
      const before = upstream.aborted;
      const words = ['claude', 'gemini', 'den', 'house'].map((backend) => `${backend}:${what}`).join(' ');
      const leaving = new AbortController();
      const answer = policyd.post(caller.path, caller.ask(model, words, stream), {}, leaving.signal);
      setTimeout(() => leaving.abort(), 150);
      await expect(answer.then((given) => given.text())).rejects.toThrow();
      await until(() => upstream.aborted === before + 1, `${model}, ${what}: the backend to be told`);
    }
  });

  test('a caller that does not read holds the backend back', async () => {
    for (const [model, backend] of [
      ['only-claude', 'claude'],
      ['only-gemini', 'gemini'],
      ['only-den', 'den'],
      ['plain', 'house'],
    ]) {
      const before = upstream.written;
      const body = JSON.stringify(caller.ask(model, `${backend}:endless`, true));
      const answer = await request(policyd.url + caller.path, { method: 'POST', body, headers: { 'content-type': 'application/json' } });
      expect(answer.statusCode).toBe(200);
      let last = -1;
      // Both kernels' buffers fill up; then nothing moves.
      await until(async () => {
        const now = upstream.written;
        const stands = now === last;
        last = now;
        await new Promise((resolve) => setTimeout(resolve, 150));
        return stands;
      }, `${model}: the backend to stand still`);
      expect(upstream.written - before, model).toBeLessThan(24 << 20);
      answer.body.destroy();
    }
  });

  test('errors of the gateway are in its words, with the headers that all answers have', async () => {
    const post = (body: string, headers: Record<string, string> = { authorization: `Bearer ${KEY}` }) =>
      locked.post(caller.path, body, headers);
    const ask = (model: string, prompt = 'hello'): string => JSON.stringify(caller.ask(model, prompt, true));
    const cases: readonly (readonly [number, Promise<Response>, RegExp])[] = [
      [401, post(ask('cloudy'), {}), /key/],
      [404, post(ask('nobody')), /does not exist/],
      [413, post(ask('cloudy', 'x'.repeat(5_000))), /larger than/],
      [415, post(ask('cloudy'), { authorization: `Bearer ${KEY}`, 'content-type': 'text/plain' }), /must be json/],
      [400, post('{"model":'), /./],
      [503, post(ask('cloudy')), /./],
    ];
    for (const [status, sent, words] of cases) {
      const answer = await sent;
      const text = await answer.text();
      expect(answer.status, text).toBe(status);
      expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
      expect(caller.hearError(text), text).toMatch(words);
      expect(answer.headers.get('x-nexus-backend'), text).toBe('none');
      expect(answer.headers.get('x-request-id')).toBeTruthy();
      if (status === 503) {
        expect(answer.headers.get('x-nexus-rejection-reasons')).toContain('PrivacyReconciler');
        expect(JSON.parse(text).rejection_reasons[0].suggested_action).toMatch(/./);
      } else expect(answer.headers.get('x-should-retry'), text).toBe('false');
    }
  });
});

test('what a dialect has no word for goes to a backend whose API has, or is the caller’s mistake', async () => {
  const hear = [{ type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } }];
  const messages = [{ role: 'user', content: hear }];
  const there = await policyd.post('/v1/chat/completions', { model: 'there', messages });
  expect([there.status, there.headers.get('x-nexus-backend')]).toEqual([200, 'house']);
  for (const stream of [true, false]) {
    const refused = await policyd.post('/v1/chat/completions', { model: 'only-claude', stream, messages });
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ error: { type: 'invalid_request_error', param: 'messages' } });
    expect(refused.headers.get('x-should-retry')).toBe('false');
    expect(refused.headers.get('x-nexus-backend')).toBe('none');
  }
});

test('answers that have to be held are bounded, one event of a stream, and all together', async () => {
  const caller = CALLERS.messages;
  const [model, prompt] = ['only-gemini', 'gemini:large'];
  const streamed = await policyd.post(caller.path, caller.ask('only-claude', 'claude:large', true));
  // A backend's own bytes are nobody's to hold.
  expect(caller.hearStream(await streamed.text(), false)).toMatchObject({ error: null, terminals: 1 });
  const cut = await policyd.post(CALLERS.chat.path, CALLERS.chat.ask('only-claude', 'claude:large', true));
  expect(CALLERS.chat.hearStream(await cut.text(), true)).toMatchObject({ terminals: 1, error: expect.stringContaining('larger than') });
  const whole = await policyd.post(caller.path, caller.ask(model, prompt, false));
  expect(caller.hearWhole(await whole.text(), true).text).toHaveLength((2 << 20) + 3);
  const poor = await Policyd.start(
    `backends: { gemini: { type: google, api_key_env: KEY, url: "${upstream.url}/gemini", models: { only-gemini: { price: free } } } }`,
    { env: { KEY: 'sk-test' }, args: ['--body-memory', '1000000', '--log-level', 'error'] },
  );
  const refused = await poor.post(caller.path, caller.ask(model, prompt, false));
  expect(refused.status).toBe(503);
  expect(caller.hearError(await refused.text())).toContain('take too much memory');
  await until(
    async () => (await (await fetch(`${poor.url}/metrics`)).text()).includes('policyd_body_bytes 0\n'),
    'the bytes to be given back',
  );
  expect((await poor.post(caller.path, caller.ask(model, 'hello', false))).status).toBe(200);
  expect(await poor.stop()).toBe(0);
});

test.each([
  ['/api/pull', (body: { error: unknown }) => body.error],
  ['/api', (body: { error: { message: string } }) => body.error.message],
  ['/v1/messages/batches', (body: { type: string; error: { message: string } }) => body.type === 'error' && body.error.message],
  ['/v1/messagesy', (body: { type?: string; error: { message: string } }) => body.type === undefined && body.error.message],
  ['/v1/files', (body: { error: { message: string } }) => body.error.message],
])('%s has no route, and says so in the words of its API', async (path, hear) => {
  const answer = await policyd.post(path, {});
  expect(answer.status).toBe(404);
  expect((hear as (body: unknown) => unknown)(await answer.json())).toMatch(/^there is no `POST/);
});

test('embeddings of every dialect, in the forms that clients ask for', async () => {
  const client = new OpenAI({ apiKey: 'none', maxRetries: 0, baseURL: `${policyd.url}/v1` });
  const ollama = new Ollama({ host: policyd.url });
  for (const model of ['vectors-gemini', 'vectors-den']) {
    // Where nobody says a form, the client asks for base64.
    for (const more of [{}, { encoding_format: 'float' as const }, { encoding_format: 'base64' as const }]) {
      const { data } = await client.embeddings.create({ model, input: ['one', 'two'], ...more });
      const vectors = data.map(({ embedding }) =>
        typeof embedding === 'string' ? [...new Float32Array(new Uint8Array(Buffer.from(embedding, 'base64')).buffer)] : embedding,
      );
      expect(vectors, model).toEqual([
        [0.25, -1],
        [0.5, 2],
      ]);
    }
  }
  for (const model of ['vectors-gemini', 'vectors-den', 'vectors-house']) {
    const { embeddings } = await ollama.embed({ model, input: ['one', 'two'] });
    expect(embeddings, model).toHaveLength(2);
    expect(embeddings[0], model).toHaveLength(2);
  }
});

describe('a wish to think', () => {
  const ask = (model: string, thinking: object, stream = false, headers = {}) =>
    policyd.post('/v1/messages', { model, stream, max_tokens: 4_000, thinking, messages: [{ role: 'user', content: 'hello' }] }, headers);

  test.each(['mute', 'plain'])('is left out and told for %s, whose candidates can not', async (model) => {
    for (const thinking of [{ type: 'enabled', budget_tokens: 3_000 }, { type: 'adaptive' }]) {
      for (const stream of [true, false]) {
        const answer = await ask(model, thinking, stream);
        const text = await answer.text();
        expect(answer.status, text).toBe(200);
        expect(answer.headers.get('x-nexus-warning')).toBe('thinking-ignored');
        expect(CALLERS.messages[stream ? 'hearStream' : 'hearWhole'](text, false).text).toBe(TEXT);
        expect(upstream.received.at(-1)!.body.toString()).not.toMatch(/thinking|reasoning/);
      }
    }
  });

  test('fits under a cap that policy lowered', async () => {
    const answer = await ask('only-claude', { type: 'enabled', budget_tokens: 1_500 }, false, { 'x-nexus-category': 'SHORT' });
    expect(answer.headers.get('x-nexus-warning')).toBe('thinking-budget-as-effort=low, output-cap-lowered=1200');
    const sent = JSON.parse(upstream.received.at(-1)!.body.toString());
    expect(sent).toMatchObject({ max_tokens: 1_200, thinking: { type: 'adaptive' } });
    await ask('only-claude', { type: 'enabled', budget_tokens: 1_100 }, false, { 'x-nexus-category': 'SHORT' });
    expect(JSON.parse(upstream.received.at(-1)!.body.toString())).toMatchObject({ max_tokens: 1_200, thinking: { budget_tokens: 1_100 } });
  });

  test('is kept where a candidate can, and elsewhere it is the caller’s demand', async () => {
    const answer = await ask('only-claude', { type: 'enabled', budget_tokens: 3_000 });
    expect(answer.headers.get('x-nexus-warning')).toBeNull();
    expect(upstream.received.at(-1)!.body.toString()).toContain('"budget_tokens":3000');
    const demanded = await policyd.chat('plain', { reasoning_effort: 'high' });
    expect(demanded.status).toBe(503);
    // Wrong is wrong, whoever would have ignored it.
    expect((await ask('plain', { type: 'enabled', budget_tokens: 'many' })).status).toBe(400);
  });
});
