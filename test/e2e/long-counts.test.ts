import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Upstream } from '../upstreams/upstream.ts';
import { Policyd, until } from './policyd.ts';

/** Texts whose tokens decide, and take long to count, hold nobody else up. */

const MEGABYTE = 1 << 20;
/** Most that the event loop may be kept from others, in ms of CPU. */
const BLOCKED = 5;
const ROUNDS = 9;
const PROBE = new URL('./probe-blocking.ts', import.meta.url).href;

let upstream: Upstream;
let policyd: Policyd;
beforeAll(async () => {
  upstream = await Upstream.start({ models: ['small', 'large'] });
  // Whether it fits into the small one takes a count: words are few, and bytes many.
  policyd = await Policyd.start(
    `
backends:
  house: { type: vllm, url: "${upstream.url}", models: { small: { context: 600k, quality: 0.9 }, large: { quality: 0.8 } } }
auto: { any: { candidates: ["*"] } }
categories: { ONE: { objective: quality } }
`,
    { args: ['--log-level', 'warn'], env: { NODE_OPTIONS: `--import ${PROBE}` } },
  );
  await ask('warm up');
});
afterAll(async () => {
  await policyd.stop();
  await upstream.stop();
});

const ask = (content: string, path = '/v1/chat/completions') =>
  policyd.post(path, { model: 'any', messages: [{ role: 'user', content }], max_tokens: 100 });

/** Words that nobody has seen, so that each is merged from its letters. */
function rareWords(bytes: number): string {
  let state = 1;
  let text = '';
  while (text.length < bytes) {
    text += ' ';
    for (let letters = 0; letters < 11; letters++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      text += String.fromCharCode(97 + ((state >>> 16) % 26));
    }
  }
  return text;
}

/** The most that the event loop was kept from others since the last time, in ms of CPU. */
async function takeBlocked(): Promise<number> {
  const before = policyd.output.length;
  policyd.process.kill('SIGWINCH');
  return Number(await until(() => /blocked (\S+) ms/.exec(policyd.output.slice(before))?.[1], 'the probe to answer'));
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

describe.each([
  ['one letter', 'a'.repeat(MEGABYTE)],
  ['rare words', rareWords(MEGABYTE)],
])('a megabyte of %s', (_, text) => {
  const measure = async (path: string): Promise<number> => {
    const blocked: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      await takeBlocked();
      const answers = await Promise.all([ask(text, path), ...Array.from({ length: 20 }, () => ask('hello'))]);
      expect(answers.map(({ status }) => status)).toEqual(Array(21).fill(200));
      await Promise.all(answers.map((each) => each.arrayBuffer()));
      blocked.push(await takeBlocked());
    }
    return median(blocked);
  };

  test.each(['/v1/chat/completions', '/v1/route'])('%s keeps nobody', async (path) => {
    expect(await measure(path)).toBeLessThan(BLOCKED);
  }, 30_000);

  test('/v1/messages/count_tokens takes no more than to say it anew, as /v1/messages does', async () => {
    const saying = await measure('/v1/messages');
    expect((await measure('/v1/messages/count_tokens')) - saying).toBeLessThan(BLOCKED);
  }, 30_000);
});

test('the count decides: what fits goes to the better model, and one that is too long to count is taken by its bytes', async () => {
  const words = 'word '.repeat(200_000);
  expect([words.length > 600_000, (await ask(words)).headers.get('x-nexus-backend')]).toEqual([true, 'house']);
  const { decision } = (await (await ask(words, '/v1/route')).json()) as { decision: { model: string } };
  expect(decision.model).toBe('small');
  const run = (await (await ask('a'.repeat(MEGABYTE), '/v1/route')).json()) as { decision: { model: string } };
  expect(run.decision.model).toBe('large');
  const { input_tokens } = (await (await ask(words, '/v1/messages/count_tokens')).json()) as { input_tokens: number };
  expect([input_tokens > 200_000, input_tokens < 200_020]).toEqual([true, true]);
});
