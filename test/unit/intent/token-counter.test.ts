import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { analyzeCounted } from '../../../runtime/intent/analyze-counted.ts';
import { CountMemory } from '../../../runtime/intent/count-memory.ts';
import { readRequestBody } from '../../../runtime/intent/request-body.ts';
import { countTokens, WORK_IN_PLACE } from '../../../runtime/intent/token-count.ts';
import { TokenCounter } from '../../../runtime/intent/token-counter.ts';
import { loadPolicy } from '../../../compiler/bench/load-policy.ts';

const NO_LIMIT = Number.MAX_SAFE_INTEGER;
const NO_HINTS = { strict: false, flexible: false, category: null, class: null };
const chat = (content: string) =>
  readRequestBody('chat', Buffer.from(JSON.stringify({ model: 'auto', messages: [{ role: 'user', content }] })));
const inPlace = (request: ReturnType<typeof chat>) => countTokens(request, new CountMemory(), WORK_IN_PLACE);
const word = (seed: number) => (Math.imul(seed + 1, 2_654_435_761) >>> 0).toString(36);

const LONG: Record<string, string> = {
  English: 'The router reads a request once and decides where it may go; "nothing" else is touched.\n'.repeat(12_000),
  'one letter': 'a'.repeat(1_000_000),
  'runs of one letter': `${'a'.repeat(4000)} `.repeat(250),
  spaces: ' '.repeat(1_000_000),
  newlines: '\n'.repeat(500_000),
  emoji: '😀'.repeat(250_000),
  Chinese: '路由器读取一次请求,决定它可以去哪里。'.repeat(18_000),
  'Chinese without a break': '路由器读取一次请求'.repeat(37_000),
  'random words': Array.from({ length: 120_000 }, (_, i) => word(i)).join(' '),
};

let counter: TokenCounter;
beforeAll(async () => {
  counter = new TokenCounter();
  const tokens = inPlace(chat(LONG.English));
  tokens.exact('o200k_base', NO_LIMIT);
  await counter.settle(chat(LONG.English), tokens);
});
afterAll(() => counter.close());

describe('a count on the event loop', () => {
  test.each(Object.entries(LONG))('of %s is left open after a few milliseconds, and says that the limit is passed', (_, text) => {
    const request = chat(text);
    inPlace(request).exact('o200k_base', NO_LIMIT);
    const times = Array.from({ length: 9 }, () => {
      const tokens = inPlace(request);
      const start = performance.now();
      expect(tokens.exact('o200k_base', 500_000)).toBe(500_001);
      expect(tokens.pending).toEqual({ encoding: 'o200k_base', limit: 500_000 });
      expect(tokens.exact('o200k_base', 900_000)).toBe(900_001);
      expect(tokens.pending).toEqual({ encoding: 'o200k_base', limit: 900_000 });
      return performance.now() - start;
    });
    expect(Math.min(...times)).toBeLessThan(5);
  });

  test('that is short is made there, and what is made there is what would be made anywhere', () => {
    for (const text of Object.values(LONG)) {
      for (const size of [0, 1, 100, 400, 5_000, 60_000]) {
        const request = chat(text.slice(0, size));
        const tokens = inPlace(request);
        const counted = tokens.exact('o200k_base', NO_LIMIT);
        const whole = countTokens(request, new CountMemory());
        if (tokens.pending === null) expect(counted).toBe(whole.exact('o200k_base', NO_LIMIT));
        expect(tokens.pending === null || size > 400).toBe(true);
      }
    }
    expect(inPlace(chat(LONG.English.slice(0, 40_000))).exact('o200k_base', NO_LIMIT)).toBeLessThan(20_000);
  });

  test('that passes its limit before the work is spent is answered there', () => {
    const tokens = inPlace(chat(LONG.English));
    expect(tokens.exact('o200k_base', 8_000)).toBeGreaterThan(8_000);
    expect(tokens.pending).toBeNull();
  });

  test('of a message seen before is remembered, not made', () => {
    const memory = new CountMemory();
    const request = chat(LONG.English.slice(0, 200_000));
    const whole = countTokens(request, memory).exact('o200k_base', NO_LIMIT);
    const tokens = countTokens(request, memory, WORK_IN_PLACE);
    expect(tokens.exact('o200k_base', NO_LIMIT)).toBe(whole);
    expect(tokens.pending).toBeNull();
  });
});

describe('the counting thread', () => {
  test.each(Object.entries(LONG))('counts %s as the event loop would', async (_, text) => {
    const request = chat(text);
    const tokens = inPlace(request);
    for (const encoding of ['o200k_base', 'cl100k_base'] as const) {
      tokens.exact(encoding, NO_LIMIT);
      await counter.settle(request, tokens);
      expect(tokens.pending).toBeNull();
      const whole = countTokens(request, new CountMemory());
      const wanted = whole.exact(encoding, NO_LIMIT);
      // Out of proportion or patience: the byte bound.
      if (tokens.exact(encoding, NO_LIMIT) === tokens.high) expect(tokens.isExact(encoding)).toBe(false);
      else expect([tokens.exact(encoding, NO_LIMIT), tokens.isExact(encoding)]).toEqual([wanted, whole.isExact(encoding)]);
      expect(tokens.exact(encoding, NO_LIMIT)).toBeGreaterThanOrEqual(wanted);
    }
  });

  test('does not change the bytes that are sent on', async () => {
    const request = chat(LONG.English);
    const before = Buffer.from(request.buffer);
    const tokens = inPlace(request);
    tokens.exact('o200k_base', NO_LIMIT);
    await counter.settle(request, tokens);
    expect(request.buffer.equals(before)).toBe(true);
  });

  test('beyond its bounds the byte bound stands, at once', async () => {
    const request = chat(LONG.English);
    const all = Array.from({ length: 200 }, () => inPlace(request));
    const settled = all.map((tokens) => {
      tokens.exact('o200k_base', NO_LIMIT);
      return counter.settle(request, tokens);
    });
    expect(counter.pending).toBeLessThanOrEqual(64);
    const bounded = all.filter((tokens) => tokens.pending === null);
    expect(bounded.length).toBeGreaterThan(100);
    for (const tokens of bounded) {
      expect(tokens.exact('o200k_base', NO_LIMIT)).toBe(tokens.high);
      expect(tokens.isExact('o200k_base')).toBe(false);
    }
    const start = performance.now();
    await Promise.all(settled);
    expect(performance.now() - start).toBeLessThan(1_000);
    expect(all.every((tokens) => tokens.pending === null)).toBe(true);
    await expect.poll(() => counter.pending).toBe(0);
  });

  test('closed, it gives the byte bound, to those that wait too', async () => {
    const other = new TokenCounter();
    const request = chat(LONG.English);
    const [waiting, late] = [inPlace(request), inPlace(request)];
    waiting.exact('o200k_base', NO_LIMIT);
    const settled = other.settle(request, waiting);
    await other.close();
    await settled;
    expect(waiting.exact('o200k_base', NO_LIMIT)).toBe(waiting.high);
    late.exact('o200k_base', NO_LIMIT);
    await other.settle(request, late);
    expect(late.exact('o200k_base', NO_LIMIT)).toBe(late.high);
  });
});

test('an analysis is at once where its counts are short, and the same with the thread where they are not', async () => {
  const { router } = await loadPolicy(`
backends: { hall: { type: vllm, models: { small: { context: 128k }, large: { context: 2M } } } }
auto: { auto: { candidates: ["*"] } }
categories: { FAST: { when: { input_tokens: "<150000" } }, DEEP: {} }
`);
  const short = chat('Rename variable x to y');
  const intent = analyzeCounted(router, short, NO_HINTS, 0, inPlace(short), counter);
  expect(intent).not.toBeInstanceOf(Promise);
  for (const text of [LONG.English, LONG.Chinese, LONG.English.slice(0, 400_000)]) {
    const request = chat(text);
    const pending = analyzeCounted(router, request, NO_HINTS, 0, inPlace(request), counter);
    expect(pending).toBeInstanceOf(Promise);
    expect(await pending).toEqual(router.analyze(request.body, NO_HINTS, 0, countTokens(request, new CountMemory())));
  }
});
