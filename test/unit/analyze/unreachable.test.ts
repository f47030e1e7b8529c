import { describe, expect, test } from 'vitest';
import type { PolicySketch, Sketch } from '../../build/build-policy-set.ts';
import { checkRule, messagesOf } from './check-rule.ts';

const base: Sketch = {
  backends: [{ name: 'home' }, { name: 'cloud', type: 'openai' }],
  targets: [
    { backend: 'home', model: 'llama' },
    { backend: 'home', model: 'qwen', tier: 2 },
    { backend: 'cloud', model: 'gpt-5', tier: 5, price: { input: 1, output: 1 } },
  ],
};
const one = (policy: PolicySketch, rest: Sketch = {}): Sketch => ({ ...base, ...rest, policies: [{ name: 'p', ...policy }] });

describe('warns', () => {
  test('of a whole backend, once, with the policy that cuts it off', () => {
    expect(checkRule('unreachable', one({ privacy: 'restricted' }))).toEqual([
      expect.objectContaining({
        severity: 'warning',
        message: 'no request can reach backend `cloud`: `p` keeps every request away',
        related: [{ message: '`p` keeps requests away', place: expect.anything() }],
      }),
    ]);
  });
  test('of a target of a backend that is reached otherwise', () => {
    expect(messagesOf('unreachable', one({ minTier: 2, fallbackAllowed: false }))).toEqual([
      'no request can reach target `home/llama`: `p` keeps every request away',
    ]);
  });
  test('of what costs more than any request may', () => {
    expect(messagesOf('unreachable', one({ maxCost: 0 }))).toEqual(['no request can reach backend `cloud`: `p` keeps every request away']);
  });
  test('of what serves no endpoint', () => {
    expect(
      messagesOf('unreachable', { ...base, targets: [...base.targets!, { backend: 'home', model: 'odd', capabilities: ['tools'] }] }),
    ).toEqual(['no request can reach target `home/odd`: it serves no request']);
  });
});

describe('is silent', () => {
  test.each<[string, Sketch]>([
    ['without policies', base],
    ['about a backend without models, which is an error of its own', { ...base, backends: [...base.backends!, { name: 'bare' }] }],
    ['where one caller gets through', { ...one({ privacy: 'restricted', match: { key: ['k'] } }), callers: [{ name: 'k' }] }],
    ['where a flexible request gets through', one({ minTier: 2 })],
    ['where a virtual model gets through', one({ privacy: 'restricted', match: { model: ['gpt-5'] } }, { virtual: { auto: ['*'] } })],
    ['where a fallback gets through', one({ privacy: 'restricted', match: { model: ['gpt-5'] } }, { fallbacks: { llama: ['gpt-5'] } })],
  ])('%s', (_, sketch) => {
    expect(checkRule('unreachable', sketch)).toEqual([]);
  });
});
