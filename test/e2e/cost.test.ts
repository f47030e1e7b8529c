import { getEncoding, type TiktokenEncoding } from 'js-tiktoken';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Upstream } from '../upstreams/upstream.ts';
import { Policyd } from './policyd.ts';

/** USD per million tokens, and the encoding that OpenAI's table names for the model. */
const MODELS = {
  'gpt-5-mini': { input: 0.25, output: 2, encoding: 'o200k_base' },
  'gpt-4': { input: 30, output: 60, encoding: 'cl100k_base' },
} as const;
const TEXTS = ['hello there', 'ünïcödé 漢字 🎉 <|endoftext|>', 'a'.repeat(300), 'one word after another '.repeat(1_000)];
/** What an answer is taken to be where nobody says that it is shorter. */
const EXPECTED_OUTPUT = 500;

/** Read before anything is served: it takes seconds, in which the upstream, which lives here, would answer nobody. */
const ENCODERS = new Map(Object.values(MODELS).map(({ encoding }) => [encoding as TiktokenEncoding, getEncoding(encoding)]));

let upstream: Upstream;
let policyd: Policyd;

beforeAll(async () => {
  upstream = await Upstream.start();
  const models = Object.entries(MODELS).map(([name, { input, output }]) => `${name}: { price: { input: ${input}, output: ${output} } }`);
  policyd = await Policyd.start(
    `backends: { sky: { type: openai, url: "${upstream.url}", api_key_env: SKY_KEY, models: { ${models.join(', ')} } } }`,
    { env: { SKY_KEY: 'sk-sky' } },
  );
});
afterAll(async () => {
  await policyd.stop();
  await upstream.stop();
});

/** Source of the overhead: OpenAI cookbook, "How to count tokens with tiktoken": 3 a message and 3 for the answer's beginning. */
function countChat(encoding: TiktokenEncoding, text: string): number {
  const encoder = ENCODERS.get(encoding)!;
  return 3 + 3 + encoder.encode('user', [], []).length + encoder.encode(text, [], []).length;
}

for (const [model, { input, output, encoding }] of Object.entries(MODELS)) {
  test(`${model}: the cost in the header is the model's own token count times its price`, async () => {
    // Answers are 7 tokens long: an estimate of 7 teaches nothing, one of 500 is taken back by those after it.
    for (const [text, cap] of [...TEXTS.map((text) => [text, 7] as const), [TEXTS[0], 2_000] as const]) {
      const answer = await policyd.chat(model, { messages: [{ role: 'user', content: text }], max_completion_tokens: cap });
      expect(answer.status).toBe(200);
      const dollars = (countChat(encoding, text) * input + Math.min(cap, EXPECTED_OUTPUT) * output) / 1e6;
      expect(Number(answer.headers.get('x-nexus-cost-estimated'))).toBeCloseTo(dollars, 9);
    }
    // One run that would hold up others is not counted for a header: its bytes bound it, from above.
    const run = await policyd.chat(model, { messages: [{ role: 'user', content: 'a'.repeat(3_000) }], max_completion_tokens: 7 });
    const told = Number(run.headers.get('x-nexus-cost-estimated'));
    expect(told).toBeGreaterThanOrEqual((countChat(encoding, 'a'.repeat(3_000)) * input) / 1e6);
    expect(told).toBeLessThan((4_000 * input + 7 * output) / 1e6);
    const again = async (): Promise<number> => {
      const answer = await policyd.chat(model, { messages: [{ role: 'user', content: TEXTS[0] }], max_completion_tokens: 2_000 });
      return Number(answer.headers.get('x-nexus-cost-estimated'));
    };
    await expect.poll(again).toBeLessThan((countChat(encoding, TEXTS[0]) * input + EXPECTED_OUTPUT * output) / 1e6);
  });
}
