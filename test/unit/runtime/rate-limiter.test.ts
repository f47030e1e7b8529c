import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RateLimiter } from '../../../runtime/auth/rate-limiter.ts';
import type { CallerConfig } from '../../../schema/manifest.ts';
import type { Rate } from '../../../schema/policy-set.ts';

const callerWith = (requests: Rate | null, tokens: Rate | null = null, name = 'app'): CallerConfig => ({
  name,
  sha256: '',
  team: null,
  scopes: ['llm:invoke'],
  rate: { requests, tokens },
});

describe('a rate', () => {
  test('lets no more through, in any stretch of time, than a bucket and what flowed into it', () => {
    const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 20_000 }), fc.integer({ min: 1, max: 12 })), { maxLength: 60 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 60_000 }), steps, (most, ms, asked) => {
        let now = 0;
        const rates = new RateLimiter(() => now);
        const caller = callerWith({ most, ms });
        const taken: { at: number; amount: number }[] = [];
        for (const [pause, amount] of asked) {
          now += pause;
          if (rates.take(caller, 'requests', amount) === 0) taken.push({ at: now, amount });
        }
        for (const [first, { at }] of taken.entries()) {
          let sum = 0;
          for (const { at: end, amount } of taken.slice(first)) {
            // The last one may overdraw a full bucket, since it would wait for ever.
            expect(sum + Math.min(amount, most)).toBeLessThanOrEqual(most + ((end - at) * most) / ms + 1e-6);
            sum += amount;
          }
        }
      }),
    );
  });

  test('says after how long it has enough, and then it has', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000 }),
        fc.integer({ min: 1, max: 60_000 }),
        fc.integer({ min: 1, max: 5_000 }),
        (most, ms, amount) => {
          let now = 0;
          const rates = new RateLimiter(() => now);
          const caller = callerWith({ most, ms });
          rates.take(caller, 'requests', most);
          const wait = rates.take(caller, 'requests', amount);
          expect(wait).toBeGreaterThan(0);
          now += wait - 1;
          expect(rates.take(caller, 'requests', amount)).toBeGreaterThan(0);
          now += 1 + 1e-6 * ms;
          expect(rates.take(caller, 'requests', amount)).toBe(0);
        },
      ),
    );
  });

  test('of one caller or kind is not that of another, and survives a swap; callers that are gone leave nothing', () => {
    const rates = new RateLimiter(() => 0);
    const rate = { most: 1, ms: 1_000 };
    const [one, two] = [callerWith(rate, rate, 'one'), callerWith(rate, null, 'two')];
    expect([one, two].map((caller) => rates.take(caller, 'requests', 1))).toEqual([0, 0]);
    expect(rates.take(one, 'tokens', 1)).toBe(0);
    rates.configure([one]);
    expect(rates.take(one, 'requests', 1)).toBeGreaterThan(0);
    rates.configure([]);
    expect(rates.take(one, 'requests', 1)).toBe(0);
    expect(rates.take({ ...one, rate: undefined }, 'requests', 1)).toBe(0);
  });

  test('counts what was used, not what was taken: the rest comes back, what is missing is owed', () => {
    let now = 0;
    const rates = new RateLimiter(() => now);
    const caller = callerWith(null, { most: 100, ms: 1_000 });
    expect(rates.take(caller, 'tokens', 100)).toBe(0);
    rates.giveBack(caller, 'tokens', 90);
    expect(rates.take(caller, 'tokens', 90)).toBe(0);
    rates.giveBack(caller, 'tokens', -50);
    now += 500;
    expect(rates.take(caller, 'tokens', 1)).toBeGreaterThan(0);
    rates.giveBack(caller, 'tokens', 1_000);
    expect(rates.take(caller, 'tokens', 101)).toBe(0);
  });
});
