import { describe, expect, test } from 'vitest';
import type { PolicySketch, Sketch } from '../../build/build-policy-set.ts';
import { checkRule, messagesOf } from './check-rule.ts';

const base: Sketch = {
  targets: [
    { backend: 'local', model: 'gpt-5' },
    { backend: 'local', model: 'gpt-5-mini' },
    { backend: 'local', model: 'llama' },
  ],
  aliases: { smart: 'gpt-5' },
  callers: [
    { name: 'k1', team: 'search', labels: { env: 'prod', region: 'eu' } },
    { name: 'k2', team: 'platform' },
  ],
};
const policies = (...matches: NonNullable<PolicySketch['match']>[]): Sketch => ({
  ...base,
  policies: matches.map((match, row) => ({ name: `p${row}`, match })),
});

describe('warns', () => {
  test('of a policy that an earlier one covers, with the place of both', () => {
    expect(checkRule('shadowed', policies({ model: ['gpt-*'] }, { model: ['gpt-5'], team: ['search'] }))).toEqual([
      expect.objectContaining({
        rule: 'shadowed',
        severity: 'warning',
        message: 'policy `p1` can never match: `p0` above it matches everything that it does',
        help: 'move it above `p0`, let that match less, or remove it; the first policy that matches wins',
        place: expect.objectContaining({ file: 'policies/policy.yaml' }),
        related: [{ message: '`p0` matches first', place: expect.objectContaining({ file: 'policies/policy.yaml' }) }],
      }),
    ]);
  });
  test('of one that several earlier ones cover together, and names only those', () => {
    const several = policies({ model: ['llama'] }, { model: ['gpt-5'] }, { model: ['gpt-5-mini'] }, { model: ['gpt-*'] });
    expect(messagesOf('shadowed', several)).toEqual(['policy `p3` can never match: `p1` and `p2` above it match everything that it does']);
  });
  test('of one whose every caller is taken, one by one', () => {
    const all = policies({ key: ['k1'] }, { team: ['platform'] }, { key: ['k1', 'k2'], model: ['llama'] });
    expect(messagesOf('shadowed', all)).toEqual(['policy `p2` can never match: `p0` and `p1` above it match everything that it does']);
  });
  test('of one whose endpoints are taken apart', () => {
    expect(messagesOf('shadowed', policies({ endpoint: ['chat'] }, { endpoint: ['embeddings'] }, {}))).toHaveLength(1);
  });
  test('of one whose categories are taken, where no request is without one', () => {
    const taken = policies({ category: ['A'] }, { category: ['B'] }, {});
    const a = { name: 'A', when: { inputTokens: { op: '<', value: 10 } } } as const;
    expect(messagesOf('shadowed', { ...taken, categories: [a, { name: 'B' }] })).toHaveLength(1);
    expect(messagesOf('shadowed', { ...taken, categories: [a, { name: 'B', when: a.when }] })).toEqual([]);
  });
  test('of one whose labels no caller has together', () => {
    expect(messagesOf('shadowed', policies({ label: { env: 'prod', region: 'eu' } }, { key: ['k1'] }))).toHaveLength(1);
    expect(messagesOf('shadowed', policies({ label: { env: 'prod', region: 'us' } }))).toHaveLength(1);
  });
  test('of one that matches no name', () => {
    expect(messagesOf('shadowed', policies({ model: ['claude-*', 'GPT-5'] }))).toEqual([
      'policy `p0` can never match: no model or alias matches `claude-*` and `GPT-5`',
    ]);
  });
  test('of one that matches no caller', () => {
    expect(messagesOf('shadowed', policies({ team: ['nobody'] }))).toEqual([
      'policy `p0` can never match: no caller, category and endpoint that there is meets its conditions',
    ]);
  });
});

describe('is silent', () => {
  test.each<[string, Sketch]>([
    ['about the implicit policy', policies({})],
    ['where a name is left', policies({ model: ['gpt-*'] }, { model: ['gpt-*', 'llama'] })],
    ['where an alias is left', policies({ model: ['smart'] }, { model: ['gpt-5'] })],
    ['where the caller without a key is left', policies({ key: ['k1', 'k2'] }, {})],
    ['where a label tells callers apart', policies({ label: { env: 'prod' } }, { key: ['k1', 'k2'] })],
    ['where an endpoint is left', policies({ endpoint: ['chat'] }, { model: ['llama'] })],
  ])('%s', (_, sketch) => {
    expect(checkRule('shadowed', sketch)).toEqual([]);
  });
  test('about a policy on an alias below one on its model, only where the alias is all that is left', () => {
    expect(messagesOf('shadowed', policies({ model: ['gpt-5'] }, { model: ['smart'] }))).toHaveLength(1);
  });
});
