import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { command as explain } from '../../../compiler/cli/commands/explain.ts';
import { importLitellm } from '../../../compiler/import/import-litellm.ts';
import { understand } from '../../../compiler/understand.ts';
import type { Explanation } from '../../../schema/decision.ts';
import { makeIo } from './make-io.ts';

const SAMPLES = fileURLToPath(new URL('../../import/', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'policyc-import-behaviour-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const importSample = (name: string) =>
  importLitellm({ file: 'config.yaml', text: readFileSync(join(SAMPLES, name, 'config.yaml'), 'utf8') });

/** Who serves a model by the imported policy, while these backends are down. */
async function serve(sample: string, model: string, down: readonly string[]): Promise<string | null> {
  const at = join(folder, sample);
  mkdirSync(at, { recursive: true });
  for (const { file, text } of importSample(sample).files) writeFileSync(join(at, file), text);
  writeFileSync(join(folder, 'request.json'), JSON.stringify({ model, messages: [{ role: 'user', content: 'hi' }] }));
  writeFileSync(join(folder, 'state.json'), JSON.stringify({ down }));
  const { io, written } = makeIo(folder);
  expect(await explain.run([sample, '--request', 'request.json', '--state', 'state.json', '--format', 'json'], io), written.err).toBe(0);
  return (JSON.parse(written.out) as Explanation).links.flatMap(({ order }) => order)[0] ?? null;
}

describe('fallbacks of the configuration are those of the router', () => {
  test.each([
    ['a', [], 'openai/a'],
    ['best', [], 'openai/a'],
    // b is the first fallback of a, at the backend that is down too; then c, then d.
    ['a', ['openai'], 'anthropic/c'],
    ['best', ['openai', 'anthropic'], 'gemini/d'],
    // e was the fourth fallback of a, and three are kept.
    ['a', ['openai', 'anthropic', 'gemini'], null],
    ['quick', ['openai'], 'gemini/d'],
    ['c', ['anthropic'], 'ollama/e'],
    ['c', ['anthropic', 'ollama'], 'gemini/d'],
    ['e', ['ollama'], 'gemini/d'],
  ] as const)('%s with %j down goes to %s', async (model, down, target) => {
    expect(await serve('fallbacks-of-all-kinds', model, down)).toBe(target);
  });
});

describe('deployments of one name are targets of one model', () => {
  test.each([
    [[], 'vllm/chat'],
    [['vllm'], 'vllm-2/chat'],
    // The same model name there, and the cheaper of two models here.
    [['vllm', 'vllm-2', 'openai'], 'openai-3/chat'],
    [['vllm', 'vllm-2', 'openai', 'openai-3'], 'openai-2/chat'],
    [['vllm', 'vllm-2', 'openai', 'openai-2', 'openai-3'], null],
  ] as const)('with %j down chat goes to %s', async (down, target) => expect(await serve('load-balancing', 'chat', down)).toBe(target));
});

test('prices are those of the configuration, in pico-dollars a token', () => {
  const set = understand(importSample('budgets-and-prices').files).set!;
  const prices = Object.fromEntries(set.targets.map(({ model, price }) => [set.models[model].name, price]));
  expect(prices.mini).toMatchObject({ input: 150_000, output: 600_000, cachedInput: 75_000, source: 'policy' });
  expect(prices.sonnet).toMatchObject({ input: 3_000_000, output: 15_000_000, source: 'policy' });
  expect(prices.gifted).toMatchObject({ input: 0, output: 0, source: 'free' });
  expect(prices.half.source).toBe('unknown');
});

test('a budget that blocks counts no model without a price', () => {
  const set = understand(importSample('budgets-and-prices').files).set!;
  expect(Object.fromEntries(set.budgets.map(({ name, hardLimitAction }) => [name, hardLimitAction]))).toEqual({
    everything: 'warn',
    mini: 'block_all',
    half: 'warn',
  });
});

test('timeouts of deployments, then of the router, then of the proxy', () => {
  const set = understand(importSample('company-proxy').files).set!;
  expect(set.backends.map(({ name, timeouts }) => [name, timeouts.firstToken, timeouts.total])).toEqual([
    ['openai', 12_500, 300_000],
    ['anthropic', 60_000, 45_000],
  ]);
});
