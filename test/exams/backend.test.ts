import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Backend } from '../../runtime/backends/backend.ts';
import { DIALECTS } from '../../runtime/backends/dialects.ts';
import { readRequestBody } from '../../runtime/intent/request-body.ts';
import type { TargetConfig } from '../../schema/manifest.ts';
import { TARGET_STATE } from '../../schema/snapshot.ts';
import { BACKEND_TYPES, type BackendType } from '../../schema/vocabulary.ts';
import { Upstream } from '../upstreams/upstream.ts';

/** The exam that every dialect passes against a server on real sockets. */
const KEY = 'sk-exam';

const target: TargetConfig = {
  backend: 0,
  model: 'named',
  upstream: 'served',
  tier: 1,
  quality: 500_000,
  context: null,
  capabilities: ['chat'],
  price: { input: 0, output: 0, cachedInput: null, source: 'free' },
  encoding: 'o200k_base',
};

function create(type: BackendType, url: string, key: string | null = KEY): Backend {
  const timeouts = { connect: 500, firstToken: 500, idle: 500, total: 1_000 };
  return new Backend(
    { name: type, type, url, api_key_env: 'KEY', zone: 'open', cloud: true, max_in_flight: 2, timeouts, labels: {} },
    { origin: url, prefix: '', key, missingKey: null },
    100,
  );
}

for (const type of BACKEND_TYPES) {
  describe(type, () => {
    let upstream: Upstream;
    beforeAll(async () => {
      upstream = await Upstream.start({ key: KEY, models: ['served'] });
    });
    afterAll(() => upstream.stop());

    const passes = DIALECTS[type].chat === null;

    if (passes)
      test('writes a request that keeps every byte but the model and the cap', () => {
        const text = '{ "messages": [{"role":"user","content":"\\u00fc"}], "model":"named" , "temperature": 1.0 }';
        const request = readRequestBody('chat', Buffer.from(text));
        const plain = DIALECTS[type].write('chat', request, { ...target, upstream: 'named' }, null);
        expect(plain.body).toBe(request.buffer);
        expect(plain.path).toBe('/v1/chat/completions');
        const named = DIALECTS[type].write('chat', request, target, null);
        expect(named.body.toString()).toBe(text.replace('"named"', '"served"'));
        const capped = JSON.parse(DIALECTS[type].write('chat', request, target, 7).body.toString()) as Record<string, unknown>;
        expect(capped.max_tokens ?? capped.max_completion_tokens).toBe(7);
      });

    if (passes)
      test('embeddings have their own path and no cap', () => {
        const request = readRequestBody('embeddings', Buffer.from('{"model":"served","input":"x"}'));
        const call = DIALECTS[type].write('embeddings', request, target, 7);
        expect([call.path, call.body]).toEqual(['/v1/embeddings', request.buffer]);
      });

    test('health costs nothing, and proves the key', async () => {
      const backend = create(type, upstream.url);
      upstream.received.length = 0;
      await backend.start();
      expect(backend.health).toEqual({ state: 'up' });
      expect(upstream.calls).toEqual([]);
      expect(upstream.received.length).toBeGreaterThan(0);
      const [name, value] = DIALECTS[type].authorize(KEY);
      for (const { headers } of upstream.received) expect(headers[name]).toBe(value);
      if (type === 'anthropic') expect(upstream.received[0].headers['anthropic-version']).toBe('2023-06-01');
      await backend.close();
    });

    test('a refused key, an error, and silence take it out; an answer brings it back', async () => {
      const backend = create(type, upstream.url, 'sk-wrong');
      await backend.start();
      const refused = expect.stringMatching(new RegExp(`^\`${type}\` refuses the api key \\(40[01]\\); help: .* variable \`KEY\`$`));
      expect(backend.health).toEqual({ state: 'down', reason: refused });
      await backend.close();
      const healing = create(type, upstream.url);
      upstream.healthStatus = 500;
      await healing.start();
      expect(healing.health).toMatchObject({ state: 'down', reason: expect.stringContaining('500') });
      expect(healing.stateOf('served')).toBe(TARGET_STATE.DOWN);
      let told = 0;
      healing.listen(() => told++);
      upstream.healthStatus = 200;
      await expect.poll(() => healing.health.state, { timeout: 3_000 }).toBe('up');
      expect(told).toBe(1);
      await healing.close();
      const gone = create(type, 'http://127.0.0.1:1');
      await gone.start();
      expect(gone.health).toMatchObject({ state: 'down', reason: expect.stringContaining('refused') });
      await gone.close();
    });

    test('places are counted over all models, and told when the last goes and when one returns', async () => {
      const backend = create(type, upstream.url);
      const states: number[] = [];
      backend.listen(() => states.push(backend.stateOf('a')));
      backend.acquire('a');
      backend.acquire('b');
      expect([backend.stateOf('a'), backend.stateOf('b'), backend.load]).toEqual([TARGET_STATE.FULL, TARGET_STATE.FULL, 1]);
      backend.release('a');
      backend.release('b');
      expect([states, backend.inFlight]).toEqual([[TARGET_STATE.FULL, 0], 0]);
      await backend.close();
    });
  });
}

test('a probe that comes late is made once more; a second one takes it out, and so does the first one of all', async () => {
  const upstream = await Upstream.start({ key: KEY, models: ['served'] });
  const backend = create('generic', upstream.url);
  await backend.start();
  const states: string[] = [];
  backend.listen(() => states.push(backend.health.state));
  const asked = upstream.received.length;
  upstream.healthStalls = 1;
  await expect.poll(() => upstream.received.length, { timeout: 20_000 }).toBeGreaterThan(asked + 2);
  expect(states).toEqual([]);
  upstream.healthStalls = 2;
  await expect.poll(() => states, { timeout: 20_000 }).toEqual(['down', 'up']);
  await backend.close();
  upstream.healthStalls = 1;
  const fresh = create('generic', upstream.url);
  await fresh.start();
  expect(fresh.health).toEqual({ state: 'down', reason: 'no answer in time' });
  await fresh.close();
  await upstream.stop();
}, 60_000);

test('llama.cpp that loads its model is loading, not down', async () => {
  const upstream = await Upstream.start();
  upstream.healthStatus = 503;
  upstream.healthBody = '{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}';
  const backend = create('llamacpp', upstream.url);
  await backend.start();
  expect(backend.stateOf('served')).toBe(TARGET_STATE.LOADING);
  upstream.healthStatus = 200;
  await expect.poll(() => backend.stateOf('served'), { timeout: 3_000 }).toBe(0);
  await backend.close();
  await upstream.stop();
});

test('Ollama: a model that is not in memory loads from its first request to its first byte; `:latest` is implied', async () => {
  const upstream = await Upstream.start({ models: ['served'], resident: ['warm:latest'] });
  const backend = create('ollama', upstream.url);
  await backend.start();
  backend.acquire('warm');
  expect(backend.stateOf('warm')).toBe(0);
  backend.release('warm');
  backend.acquire('cold');
  expect([backend.stateOf('cold'), backend.stateOf('warm')]).toEqual([TARGET_STATE.LOADING, 0]);
  backend.reportAnswer('cold', performance.now());
  expect(backend.stateOf('cold')).toBe(0);
  backend.release('cold');
  backend.acquire('cold');
  expect(backend.stateOf('cold')).toBe(0);
  backend.release('cold');
  await backend.close();
  await upstream.stop();
});
