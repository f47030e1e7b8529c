import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Policyd } from '../e2e/policyd.ts';
import { LocalOllama } from './local-ollama.ts';
import { writeModel } from './write-model.ts';

/** Folder with `node-llama-cpp`, which is large and no dependency. */
const FOLDER = process.env.LOCAL_MODEL_LLAMA;
const HOW =
  'not run: no local model. To run it: npm i --prefix /tmp/llama node-llama-cpp @node-llama-cpp/linux-x64 --omit=optional --ignore-scripts, then LOCAL_MODEL_LLAMA=/tmp/llama npx vitest run test/local-model';

test('a model is written', () => {
  const home = mkdtempSync(join(tmpdir(), 'model-'));
  writeModel(join(home, 'random.gguf'));
  expect(statSync(join(home, 'random.gguf')).size).toBeGreaterThan(400_000);
  rmSync(home, { recursive: true });
  if (FOLDER === undefined) console.log(HOW);
});

describe.runIf(FOLDER !== undefined)('a real model behind the HTTP of Ollama, through the gateway', () => {
  const home = mkdtempSync(join(tmpdir(), 'model-'));
  let local: LocalOllama;
  let policyd: Policyd;
  let client: OpenAI;

  beforeAll(async () => {
    writeModel(join(home, 'random.gguf'));
    local = await LocalOllama.start(FOLDER!, join(home, 'random.gguf'));
    policyd = await Policyd.start(`backends: { house: { type: ollama, url: "${local.url}", models: { random: { context: 2048 } } } }`);
    client = new OpenAI({ apiKey: 'none', baseURL: `${policyd.url}/v1`, maxRetries: 0 });
  });
  afterAll(async () => {
    await policyd?.stop();
    await local?.stop();
    rmSync(home, { recursive: true });
  });

  const messages = [{ role: 'user' as const, content: 'a river sings' }];

  test('the same tokens whole and streamed, counted as the model counts them', async () => {
    const whole = await client.chat.completions.create({ model: 'random', messages, max_tokens: 24 });
    expect(whole.choices[0].finish_reason).toBe('length');
    expect(whole.usage).toMatchObject({ completion_tokens: 24 });
    let streamed = '';
    let pieces = 0;
    let usage: OpenAI.CompletionUsage | null | undefined;
    const stream = await client.chat.completions.create({
      ...{ model: 'random', messages, max_tokens: 24 },
      ...{ stream: true as const, stream_options: { include_usage: true } },
    });
    for await (const chunk of stream) {
      streamed += chunk.choices[0]?.delta.content ?? '';
      pieces++;
      usage = chunk.usage ?? usage;
    }
    expect(streamed).toBe(whole.choices[0].message.content);
    expect(pieces).toBeGreaterThan(5);
    expect(usage).toEqual(whole.usage);
    expect(local.asked.every(({ options }) => options?.num_ctx === 2048)).toBe(true);
  });

  test('a caller that leaves stops the model', async () => {
    const before = local.computed;
    const leaving = new AbortController();
    const stream = await client.chat.completions.create(
      { model: 'random', messages, max_tokens: 1_900, stream: true },
      { signal: leaving.signal },
    );
    for await (const _ of stream) break;
    leaving.abort();
    await expect.poll(() => local.abandoned, { timeout: 5_000 }).toBe(1);
    const computed = local.computed;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(local.computed).toBe(computed);
    expect(computed - before).toBeLessThan(1_500);
  });

  test('a prompt beyond the window is refused, not cut', async () => {
    // 300 tokens as the gateway counts them, and ten times as many for this model, which knows hardly a word.
    const long = [{ role: 'user' as const, content: 'information '.repeat(300) }];
    const before = local.asked.length;
    const refusal = await client.chat.completions
      .create({ model: 'random', messages: long, max_tokens: 8 })
      .catch((error: unknown) => error);
    expect(refusal).toMatchObject({ status: 400, code: 'context_length_exceeded' });
    expect(local.asked).toHaveLength(before + 1);
  });
});
