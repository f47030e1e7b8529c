import { getEncoding, type TiktokenEncoding } from 'js-tiktoken';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Upstream } from '../upstreams/upstream.ts';
import { Policyd } from './policyd.ts';

/** USD per million tokens, and the encoding that OpenAI's table names for the model. */
const MODELS = {
  'gpt-5-mini': { input: 0.25, output: 2, encoding: 'o200k_base' },
  'gpt-4': { input: 30, output: 60, encoding: 'cl100k_base' },
} as const;
const TEXTS = ['hello there', 'ünïcödé 漢字 🎉 <|endoftext|>', 'a'.repeat(3_000), 'one word after another '.repeat(1_000)];
/** What an answer is taken to be where nobody says that it is shorter. */
const EXPECTED_OUTPUT = 500;

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
  const encoder = getEncoding(encoding);
  return 3 + 3 + encoder.encode('user', [], []).length + encoder.encode(text, [], []).length;
}

for (const [model, { input, output, encoding }] of Object.entries(MODELS)) {
  test(`${model}: the cost in the header is the model's own token count times its price`, async () => {
    for (const text of TEXTS) {
      for (const cap of [7, 2_000]) {
        const answer = await policyd.chat(model, { messages: [{ role: 'user', content: text }], max_completion_tokens: cap });
        expect(answer.status).toBe(200);
        const dollars = (countChat(encoding, text) * input + Math.min(cap, EXPECTED_OUTPUT) * output) / 1e6;
        expect(Number(answer.headers.get('x-nexus-cost-estimated'))).toBeCloseTo(dollars, 9);
      }
    }
  });
}
