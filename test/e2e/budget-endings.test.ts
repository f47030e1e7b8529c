import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Fault, Upstream } from '../upstreams/upstream.ts';
import { Policyd, until } from './policyd.ts';

/** However an attempt ends, its money is settled or given back, once. */
interface Books {
  readonly budgets: readonly { readonly settled_usd: number; readonly reserved_usd: number }[];
  readonly spend: readonly { readonly dimension: string; readonly month: { readonly attempts: number } }[];
}

/** A call costs at most $0.10: 100 output tokens at $1,000 a million. */
const CAP = 100;
const MOST = 0.1;
const PRICE = 'price: { input: 0, output: 1000 }, capabilities: [chat, tools]';

let upstream: Upstream;
let policyd: Policyd;
beforeAll(async () => {
  upstream = await Upstream.start({ models: ['plain', 'thinker', 'claude', 'gemini', 'local', 'vectors'] });
  const timeouts = 'timeouts: { first_token: 250ms, idle: 250ms }';
  policyd = await Policyd.start(
    `
backends:
  plain: { type: openai, url: "${upstream.url}", api_key_env: KEY, ${timeouts}, models: { plain: { ${PRICE} }, thinker: { price: { input: 0, output: 1000 }, capabilities: [chat, reasoning] }, vectors: { price: { input: 1000, output: 0 }, capabilities: [embeddings] } } }
  claude: { type: anthropic, url: "${upstream.url}", api_key_env: KEY, ${timeouts}, models: { claude: { ${PRICE} } } }
  gemini: { type: google, url: "${upstream.url}", api_key_env: KEY, ${timeouts}, models: { gemini: { ${PRICE} } } }
  local: { type: ollama, url: "${upstream.url}", ${timeouts}, models: { local: { ${PRICE} } } }
budgets: { all: { limit_usd: 1000, hard_limit_action: block_all } }
`,
    { env: { KEY: 'sk-test' } },
  );
});
afterAll(async () => {
  await policyd.stop();
  await upstream.stop();
});
beforeEach(() => {
  upstream.fault = null;
  upstream.gap = 0;
});

async function read(): Promise<{ settled: number; reserved: number; attempts: number; open: number }> {
  const { budgets, spend } = await policyd.get<Books>('/v1/budgets');
  const metrics = await (await fetch(`${policyd.url}/metrics`)).text();
  return {
    settled: budgets[0].settled_usd,
    reserved: budgets[0].reserved_usd,
    attempts: spend.find(({ dimension }) => dimension === 'total')?.month.attempts ?? 0,
    open: Number(/^policyd_open_reservations (\d+)$/m.exec(metrics)![1]),
  };
}

/** Nothing is open; the books of attempts are written a moment after they are closed. */
async function settled(): Promise<{ settled: number; attempts: number }> {
  const closed = await until(async () => {
    const now = await read();
    return now.open === 0 && now.reserved === 0 ? now : null;
  }, 'every reservation to be closed');
  await new Promise((resolve) => setTimeout(resolve, 80));
  return { settled: (await read()).settled, attempts: Math.max(closed.attempts, (await read()).attempts) };
}

const MESSAGES = [{ role: 'user', content: 'hello there' }];
/** What a caller can ask by, as body and path, of a model. */
const INGRESSES = {
  chat: (model: string, stream: boolean) => ['/v1/chat/completions', { model, messages: MESSAGES, max_tokens: CAP, stream }],
  messages: (model: string, stream: boolean) => ['/v1/messages', { model, messages: MESSAGES, max_tokens: CAP, stream }],
  responses: (model: string, stream: boolean) => ['/v1/responses', { model, input: 'hello there', max_output_tokens: CAP, stream }],
  'ollama-chat': (model: string, stream: boolean) => ['/api/chat', { model, messages: MESSAGES, options: { num_predict: CAP }, stream }],
} as const satisfies Record<string, (model: string, stream: boolean) => readonly [string, object]>;

/** `patience` in ms: the caller leaves after it, or once it has read a piece. */
async function ask(ingress: keyof typeof INGRESSES, model: string, stream: boolean, patience?: number | 'first'): Promise<number> {
  const [path, body] = INGRESSES[ingress](model, stream);
  const leave = new AbortController();
  if (typeof patience === 'number') setTimeout(() => leave.abort(), patience);
  try {
    const answer = await policyd.post(path, body, {}, leave.signal);
    if (patience === 'first') {
      await answer.body!.getReader().read();
      leave.abort();
    } else await answer.arrayBuffer();
    return answer.status;
  } catch {
    return 0;
  }
}

interface Ending {
  readonly name: string;
  readonly fault: Fault | null;
  readonly patience?: number | 'first';
  readonly gap?: number;
}
const ENDINGS: readonly Ending[] = [
  { name: 'answered', fault: null },
  { name: 'refused', fault: { kind: 'status', status: 500 } },
  { name: 'refused as the caller’s fault', fault: { kind: 'status', status: 400 } },
  { name: 'reset', fault: { kind: 'reset' } },
  { name: 'empty', fault: { kind: 'empty' } },
  { name: 'cut', fault: { kind: 'cut' } },
  { name: 'no answer in time', fault: { kind: 'stall' } },
  { name: 'an answer that stops', fault: { kind: 'stall-mid' } },
  { name: 'no answer, and the caller leaves', fault: { kind: 'stall' }, patience: 100 },
  { name: 'an answer that stops, and the caller leaves', fault: { kind: 'stall-mid' }, patience: 150 },
  { name: 'the caller leaves at the first piece', fault: null, patience: 'first', gap: 20 },
  { name: 'the caller leaves at once', fault: null, patience: 1 },
];

/** Every way between two APIs: as they came, in the caller's own, translated once, and twice. */
const WAYS = [
  ['chat', 'plain'],
  ['chat', 'claude'],
  ['chat', 'gemini'],
  ['chat', 'local'],
  ['messages', 'claude'],
  ['responses', 'claude'],
  ['ollama-chat', 'local'],
] as const;

describe.each(WAYS)('asked by %s of %s', (ingress, model) => {
  test.each([true, false])('stream %s: every ending closes its reservation, within its bound', async (stream) => {
    let before = await settled();
    for (const { name, fault, patience, gap = 0 } of ENDINGS) {
      // Another ending must not have kept the backend down.
      await until(async () => (await ask(ingress, model, false)) === 200, `${model} to serve before: ${name}`);
      before = await settled();
      Object.assign(upstream, { fault, gap });
      const status = await ask(ingress, model, stream, patience);
      upstream.fault = null;
      const after = await settled();
      const cost = after.settled - before.settled;
      const attempts = after.attempts - before.attempts;
      expect([name, cost > -1e-9, cost < MOST + 1e-9, attempts <= 1], `${cost}`).toEqual([name, true, true, true]);
      if (name === 'answered') expect([name, status, cost > 0, attempts]).toEqual([name, 200, true, 1]);
      if (name.startsWith('refused') || (stream && name === 'no answer, and the caller leaves'))
        expect([name, cost, attempts]).toEqual([name, 0, 0]);
    }
  }, 60_000);
});

async function costOf(run: () => Promise<unknown>): Promise<number> {
  const before = await settled();
  await run();
  return (await settled()).settled - before.settled;
}
const recover = (model: string) => until(async () => (await ask('chat', model, false)) === 200, `${model} to serve again`);

describe('what nobody told', () => {
  test('a whole answer that the caller did not wait for costs its bound: it may have been made', async () => {
    upstream.fault = { kind: 'stall' };
    expect(await costOf(() => ask('chat', 'plain', false, 100))).toBeCloseTo(MOST, 9);
    upstream.fault = null;
    await recover('plain');
  });

  test('a stream that is left costs what was seen of it, and its bound where thoughts may be hidden', async () => {
    upstream.fault = { kind: 'stall-mid' };
    // `Grüße`, the one piece that came, is two tokens by its length.
    expect(await costOf(() => ask('chat', 'plain', true, 150))).toBeCloseTo(0.002, 9);
    expect(await costOf(() => ask('chat', 'thinker', true, 150))).toBeCloseTo(MOST, 9);
    upstream.fault = null;
    await recover('plain');
  });

  test('a stream whose last event was read costs what it told, though the caller left before its last byte', async () => {
    expect(await costOf(() => ask('chat', 'thinker', true))).toBeCloseTo(0.007, 9);
  });

  test('vectors cost their input alone', async () => {
    expect(await costOf(() => policyd.post('/v1/embeddings', { model: 'vectors', input: 'hello there' }))).toBeCloseTo(0.003, 9);
  });
});
