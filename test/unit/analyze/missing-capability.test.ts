import { describe, expect, test } from 'vitest';
import type { Bound } from '../../../schema/policy-set.ts';
import type { Sketch } from '../../build/build-policy-set.ts';
import { checkRule, messagesOf } from './check-rule.ts';

const targets: Sketch['targets'] = [
  { backend: 'local', model: 'plain', capabilities: ['chat'] },
  { backend: 'local', model: 'handy', capabilities: ['chat', 'tools'] },
  { backend: 'local', model: 'vector', capabilities: ['embeddings'] },
  { backend: 'local', model: 'odd', capabilities: ['tools'] },
];
const forTools = (candidates: string[], tools: Bound = { op: '>', value: 0 }): Sketch => ({
  targets,
  classes: [{ name: 'c', when: { tools }, candidates }],
});

describe('warns', () => {
  test('of a class for tools whose candidates have none', () => {
    expect(checkRule('missing-capability', forTools(['plain']))).toEqual([
      expect.objectContaining({
        severity: 'warning',
        message: 'class `c` is for requests with tools, and can only go to `local/plain`, which lacks `tools`',
        related: [{ message: '`local/plain` is defined here', place: expect.anything() }],
      }),
    ]);
  });
  test.each<[Bound['op'], number, number]>([
    ['>', 0, 1],
    ['>=', 1, 1],
    ['=', 2, 1],
    ['>=', 0, 0],
    ['<', 1, 0],
    ['<=', 3, 0],
    ['=', 0, 0],
  ])('where tools %s %i excludes requests without tools', (op, value, findings) => {
    expect(messagesOf('missing-capability', forTools(['plain', 'vector'], { op, value }))).toHaveLength(findings);
  });
  test('of a class and of a virtual model that serve no endpoint', () => {
    expect(messagesOf('missing-capability', { targets, classes: [{ name: 'c', candidates: ['odd'] }], virtual: { v: ['odd'] } })).toEqual([
      'class `c` can only go to `local/odd`, which lacks `chat` and `embeddings`',
      'virtual model `v` can only go to `local/odd`, which lacks `chat` and `embeddings`',
    ]);
  });
  test('of a policy for an endpoint that nothing it governs serves', () => {
    const policies = [{ name: 'p', match: { model: ['plain', 'handy'], endpoint: ['embeddings' as const] } }];
    expect(messagesOf('missing-capability', { targets, policies })).toEqual([
      'policy `p` is for `embeddings`, and can only go to `local/plain` and `local/handy`, which lack `embeddings`',
    ]);
  });
});

describe('is silent', () => {
  test.each<[string, Sketch]>([
    ['where one candidate has tools', forTools(['plain', 'handy'])],
    ['about classes that do not narrow', { targets, classes: [{ name: 'c', when: { tools: { op: '>', value: 0 } } }] }],
    ['about classes without candidates', forTools([])],
    ['about a virtual model for embeddings', { targets, virtual: { v: ['vector'] } }],
    ['where one name serves the endpoint', { targets, policies: [{ match: { endpoint: ['embeddings'] } }] }],
    [
      'where a fallback serves it',
      { targets, fallbacks: { plain: ['vector'] }, policies: [{ match: { model: ['plain'], endpoint: ['embeddings'] } }] },
    ],
    ['about policies for any endpoint', { targets, policies: [{ match: { model: ['plain'] } }] }],
  ])('%s', (_, sketch) => {
    expect(checkRule('missing-capability', sketch)).toEqual([]);
  });
});
