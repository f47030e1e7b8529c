import { calcPrice, findProvider } from '@pydantic/genai-prices';
import { describe, expect, test } from 'vitest';
import { lookUpModel, TABLE_DAY } from '../../../compiler/resolve/price-table.ts';
import packageFile from '../../../package.json' with { type: 'json' };
import { priceUsage } from '../../../compiler/interpret/interpret.ts';
import type { Target } from '../../../schema/policy-set.ts';
import { buildPolicySet } from '../../build/build-policy-set.ts';

const PROVIDERS = ['openai', 'anthropic', 'google'] as const;
const models = PROVIDERS.flatMap((type) => findProvider({ providerId: type })!.models.map(({ id }) => ({ type, id })));

test('the day of the table was looked at together with its version', () => {
  expect(TABLE_DAY.version).toBe(packageFile.dependencies['@pydantic/genai-prices']);
});

describe('every model of the table', () => {
  test('has whole prices that do not fall with the length of the prompt', () => {
    expect(models.length).toBeGreaterThan(150);
    for (const { type, id } of models) {
      const price = lookUpModel(type, id)?.price(null);
      if (!price) continue;
      const steps = [price, ...(price.tiers ?? [])];
      for (const [at, step] of steps.entries()) {
        for (const [kind, rate] of Object.entries(step)) {
          if (typeof rate !== 'number') continue;
          expect([id, kind, Number.isSafeInteger(rate) && rate >= 0]).toEqual([id, kind, true]);
          const before = steps[at - 1]?.[kind as 'input'];
          if (typeof before === 'number') expect([id, kind, rate >= before]).toEqual([id, kind, true]);
        }
      }
    }
  });

  test("costs what the table's own calculation says, on the table's day, to the nano-dollar", () => {
    const timestamp = new Date(`${TABLE_DAY.day}T12:00:00Z`);
    let compared = 0;
    for (const { type, id } of models) {
      const price = lookUpModel(type, id)?.price(1_000_000);
      if (!price) continue;
      const target: Target = { ...buildPolicySet({ targets: [{ backend: 'local', model: id }] }).targets[0], price };
      for (const input of [1, 1_000, 128_000, 128_001, 200_000, 200_001, 271_999, 272_000, 272_001, 900_000]) {
        const output = price.output > 0 ? 1_003 : 0;
        const cacheRead = price.cachedInput === null ? 0 : Math.floor(input / 3);
        const cacheWrite1h = price.cacheWrite1h === undefined ? 0 : Math.floor(input / 5);
        const cacheWrite5m = price.cacheWrite5m === undefined ? 0 : Math.floor(input / 7);
        const fresh = input - cacheRead - cacheWrite1h - cacheWrite5m;
        const usage = {
          input_tokens: input,
          output_tokens: output,
          ...(cacheRead > 0 && { cache_read_tokens: cacheRead }),
          ...(cacheWrite5m + cacheWrite1h > 0 && { cache_write_tokens: cacheWrite5m + cacheWrite1h }),
          ...(cacheWrite1h > 0 && { cache_write_1h_tokens: cacheWrite1h }),
        };
        const theirs = calcPrice(usage, id, { providerId: type, timestamp })!.total_price;
        const ours = priceUsage(target, { input: fresh, cacheRead, cacheWrite5m, cacheWrite1h, output, reasoning: 0 });
        // Theirs is floating point; ours is rounded up to a whole nano-dollar.
        expect(ours - theirs * 1e9).toBeGreaterThan(-0.001);
        expect(ours - theirs * 1e9).toBeLessThan(1.001);
        compared++;
      }
    }
    expect(compared).toBeGreaterThan(1_000);
  });
});

test('a price that changes later is announced, not charged', () => {
  const price = lookUpModel('google', 'gemini-3.6-flash')?.price(null);
  expect(price).toMatchObject({ input: 750_000, output: 3_750_000, next: { from: '2027-01-01', input: 1_500_000, output: 7_500_000 } });
  expect(lookUpModel('anthropic', 'claude-opus-4-6')?.price(null)).toMatchObject({ since: '2026-03-13', input: 5_000_000 });
});

test('what the table has no token price for has none here', () => {
  expect(lookUpModel('openai', 'whisper-1')?.price(null) ?? null).toBeNull();
  expect(lookUpModel('openai', 'no-such-model')).toBeNull();
  expect(lookUpModel('ollama', 'gpt-5')).toBeNull();
});
