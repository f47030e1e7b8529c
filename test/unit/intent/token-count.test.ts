import { getEncoding } from 'js-tiktoken';
import { expect, test } from 'vitest';
import { CountMemory } from '../../../runtime/intent/count-memory.ts';
import { readRequestBody } from '../../../runtime/intent/request-body.ts';
import { countTokens, MAX_IMAGE_TOKENS } from '../../../runtime/intent/token-count.ts';
import { countText } from '../../../runtime/intent/tokens/count-text.ts';
import { ENCODINGS } from '../../../schema/vocabulary.ts';

const NO_LIMIT = Number.MAX_SAFE_INTEGER;
const PROSE = 'It was a "bright" cold day in April,\nand the clocks were striking thirteen. Caf\u00e9 中文 😀 ';

function count(body: object | string, endpoint: 'chat' | 'embeddings' = 'chat', memory = new CountMemory()) {
  return countTokens(readRequestBody(endpoint, Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))), memory);
}

for (const encoding of ENCODINGS) {
  const oracle = getEncoding(encoding);
  const tokensOf = (text: string): number => oracle.encode(text, [], []).length;

  test(`${encoding}: a chat costs what the cookbook's formula says`, () => {
    const tools = [{ type: 'function', function: { name: 'look', parameters: { type: 'object' } } }];
    const messages = [
      { role: 'system', content: PROSE },
      {
        role: 'user',
        name: 'ann',
        content: [
          { type: 'text', text: PROSE },
          { type: 'text', text: '' },
        ],
      },
      { role: 'assistant', content: null, tool_calls: [{ id: 'a' }] },
      { role: 'user', content: PROSE.repeat(60) },
    ];
    const wanted =
      3 +
      tokensOf(JSON.stringify(tools)) +
      (3 + tokensOf('system') + tokensOf(PROSE)) +
      (3 + 1 + tokensOf('user') + tokensOf('ann') + tokensOf(PROSE)) +
      (3 + tokensOf('assistant') + tokensOf('{"id":"a"}')) +
      (3 + tokensOf('user') + tokensOf(PROSE.repeat(60)));
    const tokens = count({ model: 'm', messages, tools });
    expect(tokens.isExact(encoding)).toBe(false);
    expect(tokens.exact(encoding, NO_LIMIT)).toBe(wanted);
    expect(tokens.isExact(encoding)).toBe(true);
    expect(tokens.exact(encoding, wanted)).toBe(wanted);
    expect(tokens.low).toBeLessThanOrEqual(wanted);
    expect(tokens.high).toBeGreaterThanOrEqual(wanted);
    for (const limit of [0, 10, 100, wanted - 1])
      expect(count({ model: 'm', messages, tools }).exact(encoding, limit)).toBeGreaterThan(limit);
  });

  test(`${encoding}: long strings with escapes are counted in pieces without a difference`, () => {
    for (const content of [PROSE.repeat(2000), '\n"x" '.repeat(12_000), `${'word '.repeat(6553)}a\\nb ${'wort '.repeat(9000)}`]) {
      const wanted = tokensOf(content) + tokensOf('user') + 6;
      expect(count({ model: 'm', messages: [{ role: 'user', content }] }).exact(encoding, NO_LIMIT)).toBe(wanted);
    }
  });

  test(`${encoding}: embedding inputs`, () => {
    expect(count({ model: 'm', input: PROSE }, 'embeddings').exact(encoding, NO_LIMIT)).toBe(tokensOf(PROSE));
    expect(count({ model: 'm', input: [PROSE, 'a "b"'] }, 'embeddings').exact(encoding, NO_LIMIT)).toBe(
      tokensOf(PROSE) + tokensOf('a "b"'),
    );
  });
}

test('token arrays count themselves', () => {
  for (const [input, wanted] of [
    [[1, 2, 3], 3],
    [[[1, 2], [3]], 3],
  ] as const) {
    const tokens = count({ model: 'm', input }, 'embeddings');
    expect([tokens.low, tokens.high, tokens.exact('o200k_base', NO_LIMIT), tokens.isExact('o200k_base')]).toEqual([
      wanted,
      wanted,
      wanted,
      true,
    ]);
  }
});

test('an image adds a bound, and the count is no longer exact', () => {
  const messages = [{ role: 'user', content: [{ type: 'image_url', image_url: { url: `data:image/png;base64,${'A'.repeat(5000)}` } }] }];
  const tokens = count({ model: 'm', messages });
  const body = JSON.stringify({ model: 'm', messages });
  expect(tokens.high).toBe(body.length + MAX_IMAGE_TOKENS);
  expect(tokens.exact('o200k_base', NO_LIMIT)).toBe(3 + 3 + 1 + MAX_IMAGE_TOKENS);
  expect(tokens.isExact('o200k_base')).toBe(false);
});

test('a count that ended early is made again for a higher limit only', () => {
  const tokens = count({ model: 'm', messages: [{ role: 'user', content: PROSE.repeat(500) }] });
  const early = tokens.exact('o200k_base', 50);
  expect(early).toBeGreaterThan(50);
  expect(tokens.exact('o200k_base', 20)).toBe(early);
  expect(tokens.exact('o200k_base', NO_LIMIT)).toBeGreaterThan(early);
});

test('counts of long messages are remembered, by content and encoding, and forgotten oldest first', () => {
  const memory = new CountMemory(2 * 256);
  const long = (i: number) => ({ role: 'user', content: `${i} ${PROSE.repeat(20)}` });
  const ask = (...messages: object[]) => count({ model: 'm', messages }, 'chat', memory).exact('o200k_base', NO_LIMIT);
  const first = ask(long(1), { role: 'user', content: 'short' });
  expect(memory.size).toBe(1);
  expect(ask(long(1), { role: 'user', content: 'short' })).toBe(first);
  expect(memory.size).toBe(1);
  ask(long(2));
  ask(long(1));
  ask(long(3));
  expect(memory.size).toBe(2);
  const isRemembered = (message: object) => memory.recall(memory.key('o200k_base', Buffer.from(JSON.stringify(message)))) !== undefined;
  expect([1, 2, 3].map((i) => isRemembered(long(i)))).toEqual([true, false, true]);
  ask(long(4), long(5));
  expect([3, 4, 5].map((i) => isRemembered(long(i)))).toEqual([false, true, true]);
});

test('what is remembered is what is counted', () => {
  const memory = new CountMemory();
  const body = { model: 'm', messages: [{ role: 'user', content: PROSE.repeat(40) }] };
  const [first, second] = [1, 2].map(() => count(body, 'chat', memory));
  expect(second.exact('cl100k_base', NO_LIMIT)).toBe(first.exact('cl100k_base', NO_LIMIT));
  expect(second.isExact('cl100k_base')).toBe(true);
  const message = Buffer.from(JSON.stringify(body.messages[0]));
  memory.remember(memory.key('cl100k_base', message), { tokens: 7, exact: true });
  expect(count(body, 'chat', memory).exact('cl100k_base', NO_LIMIT)).toBe(3 + 7);
});

test.each([
  ['letters', 'a'.repeat(1_000_000)],
  ['spaces', ' '.repeat(1_000_000)],
  ['newlines', '\n'.repeat(1_000_000)],
  ['emoji', '😀'.repeat(250_000)],
  ['Chinese without punctuation', '中文字符测试一段没有标点的话'.repeat(24_000)],
])('a megabyte of %s stalls nothing', (_, text) => {
  countText('o200k_base', text, NO_LIMIT);
  const times = Array.from({ length: 5 }, () => {
    const start = performance.now();
    const { tokens, exact } = countText('o200k_base', text, NO_LIMIT);
    expect({ tokens, exact }).toEqual({ tokens: Buffer.byteLength(text), exact: false });
    return performance.now() - start;
  });
  // 4 to 10 ms where it was measured; js-tiktoken takes hours.
  expect(Math.min(...times)).toBeLessThan(50);
});

test('many long runs are merged up to an allowance, then bounded', () => {
  const { tokens, exact } = countText('o200k_base', `${'a'.repeat(4000)} `.repeat(250), NO_LIMIT);
  expect(exact).toBe(false);
  expect(tokens).toBeLessThanOrEqual(1_000_250);
});
