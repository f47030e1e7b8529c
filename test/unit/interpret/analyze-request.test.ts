import { describe, expect, test } from 'vitest';
import { holds } from '../../../compiler/interpret/holds.ts';
import { analyzeRequest } from '../../../compiler/interpret/interpret.ts';
import { DEFAULT_OUTPUT_CAP } from '../../../schema/request.ts';
import { buildPolicySet, buildQuestion, type QuestionSketch, type Sketch } from '../../build/policy-set.ts';

const targets = [{ backend: 'local', model: 'small' }];
const ask = (sketch: Sketch, question: Omit<QuestionSketch, 'model'> & { model?: string }) =>
  analyzeRequest(buildPolicySet({ targets, ...sketch }), buildQuestion({ model: 'small', ...question }));

describe('problems', () => {
  const sketch: Sketch = { categories: [{ name: 'FAST' }], classes: [{ name: 'proof' }] };
  test.each([
    [{}, 'none'],
    [{ model: 'Small' }, 'unknown-model'],
    [{ model: 'small ' }, 'unknown-model'],
    [{ category: 'SLOW' }, 'unknown-category'],
    [{ class: 'joke' }, 'unknown-class'],
    [{ category: 'none' }, 'unknown-category'],
    [{ class: 'none' }, 'unknown-class'],
    [{ category: '' }, 'unknown-category'],
    [{ model: 'x', category: 'SLOW', class: 'joke' }, 'unknown-model'],
    [{ category: 'SLOW', class: 'joke' }, 'unknown-category'],
    [{ category: 'FAST', class: 'proof' }, 'none'],
  ] as const)('%j: %s', (question, problem) => {
    expect(ask(sketch, question).problem).toBe(problem);
  });
});

test.each([
  ['<', [true, false, false]],
  ['<=', [true, true, false]],
  ['>', [false, false, true]],
  ['>=', [false, true, true]],
  ['=', [false, true, false]],
] as const)('a bound with %s', (op, expected) => {
  expect([6, 7, 8].map((measured) => holds({ op, value: 7 }, measured))).toEqual(expected);
});

describe('category', () => {
  const categories = [
    { name: 'FAST', when: { inputTokens: { op: '<', value: 200 }, score: { op: '<', value: 300_000 } } },
    { name: 'NORMAL', when: { inputTokens: { op: '<=', value: 1_000 } } },
  ] as const;
  const classifier = { keywords: [{ word: 'design', weight: 300_000 }] };
  test.each([
    [{ tokens: 199 }, 0],
    [{ tokens: 200 }, 1],
    [{ tokens: 1_000 }, 1],
    [{ tokens: 1_001 }, 2],
    [{ tokens: 1, text: 'a design' }, 1],
    [{ tokens: 5_000, category: 'FAST' }, 0],
  ])('%j: row %i', (question, row) => {
    expect(ask({ categories, classifier }, question).category).toBe(row);
  });
});

describe('class', () => {
  const classes = [
    { name: 'proof', when: { words: ['prove', 'lemma'] } },
    { name: 'tools', when: { tools: { op: '>', value: 0 } } },
    { name: 'code', when: { codeBlock: true, inputTokens: { op: '>', value: 200 } } },
    { name: 'plain', when: { codeBlock: false, inputTokens: { op: '=', value: 7 } } },
  ] as const;
  test.each([
    [{ text: 'Prove it', tools: 1 }, 0],
    [{ text: 'improve it' }, 4],
    [{ tools: 1 }, 1],
    [{ text: '```', tokens: 201 }, 2],
    [{ text: '```', tokens: 200 }, 4],
    [{ text: '', tokens: 7 }, 3],
    [{ text: '```', tokens: 7 }, 4],
    [{ text: 'prove it', class: 'code' }, 2],
    [{ endpoint: 'embeddings', text: 'prove it' }, 0],
  ] as const)('%j: row %i', (question, row) => {
    expect(ask({ classes }, question).class).toBe(row);
  });
});

describe('score', () => {
  const classifier = {
    keywords: [
      { word: 'Fix', weight: 100_000 },
      { word: 'multi-tenant', weight: 150_000 },
      { word: 'größe', weight: 50_000 },
    ],
    codeBlock: 20_000,
    manyLines: { over: 2, add: 5_000 },
    tokens: { per: 3, upTo: 400_000 },
  };
  test.each([
    ['nothing', '', 0, 0],
    ['a word in any case, once', 'FIX fix', 0, 100_000],
    ['no word inside a word', 'prefix fixed fix_ fix0 éfix fixé \u0080fix', 0, 0],
    ['no word behind the very first letter', 'xfix', 0, 0],
    ['a word beside the last of ASCII', '\u007ffix', 0, 100_000],
    ['a later occurrence stands alone', 'prefix, fix!', 0, 100_000],
    ['a word with a hyphen', 'a Multi-Tenant-thing', 0, 150_000],
    ['letters outside of ASCII keep their case', 'größe GRÖSSE', 0, 50_000],
    ['only ASCII is folded', 'GRÖßE', 0, 0],
    ['a code block', 'x ``` y', 0, 20_000],
    ['lines at the bound', 'a\nb', 0, 0],
    ['lines over the bound', 'a\nb\n', 0, 5_000],
    ['the share of tokens, floored', '', 1, 333_333],
    ['the share of tokens, at most', '', 2, 400_000],
    ['all together', 'fix\nmulti-tenant\ngröße ```', 5, 725_000],
  ])('%s', (_, text, tokens, score) => {
    expect(ask({ classifier }, { text, tokens }).score).toBe(score);
  });
  test('is clamped to one', () => {
    const keywords = ['a', 'b', 'c'].map((word) => ({ word, weight: 400_000 }));
    expect(ask({ classifier: { keywords } }, { text: 'a b c' }).score).toBe(1_000_000);
  });
});

describe('policy', () => {
  const sketch: Sketch = {
    targets: [...targets, { backend: 'local', model: 'org/large' }],
    aliases: { old: 'older', older: 'small', hidden: 'org/large' },
    callers: [
      { name: 'first', team: 'search', labels: { env: 'prod', region: 'eu' } },
      { name: 'second', team: null },
      { name: 'third', team: 'other', labels: { env: 'prod', region: 'us' } },
    ],
    categories: [{ name: 'LONG', when: { inputTokens: { op: '>', value: 100 } } }],
    policies: [
      { match: { model: ['older'], endpoint: ['chat'] } },
      { match: { label: { env: 'prod', region: 'eu' }, category: ['LONG'] } },
      { match: { label: { env: 'dev' } } },
      { match: { key: ['none', 'second'] } },
      { match: { team: ['search'], model: ['*'] } },
      { match: { model: ['nothing', 'org/*'] } },
    ],
  };
  const nobody = 3;
  test.each([
    ['an alias hop matches', { model: 'old', caller: nobody }, 0],
    ['the alias itself matches', { model: 'older', caller: nobody }, 0],
    ['what it means does not, when asked for by another name', { model: 'small', caller: nobody }, 6],
    ['endpoint', { model: 'old', caller: nobody, endpoint: 'embeddings' as const }, 6],
    ['all labels and the category', { tokens: 101 }, 1],
    ['not another team, nor some of the labels', { tokens: 101, caller: 2 }, 6],
    ['a key by name', { caller: 1 }, 3],
    ['the implicit caller has no key', { caller: nobody }, 6],
    ['a team', {}, 4],
    ['a star stops at a slash', { model: 'org/large' }, 5],
    ['one of several globs, on the last hop', { model: 'hidden', caller: nobody }, 5],
  ])('%s', (_, question, row) => {
    expect(ask(sketch, question).policy).toBe(row);
  });
  test.each([
    ['*', '.hidden', 0],
    ['*', 'org/x', 1],
    ['*', 'org/', 1],
    ['org/**', 'org', 1],
    ['org/', 'org/', 0],
    ['**', 'org/x', 0],
    ['ORG/*', 'org/x', 1],
  ])('glob %s over %s: row %i', (glob, model, row) => {
    expect(ask({ targets: [{ backend: 'local', model }], policies: [{ match: { model: [glob] } }] }, { model }).policy).toBe(row);
  });
  test('a team is needed where one is asked for', () => {
    expect(ask({ policies: [{ match: { team: ['x'] } }] }, {}).policy).toBe(1);
  });
});

describe('caps', () => {
  const categories = [{ name: 'FAST', maxOutputTokens: 1_024 }];
  test.each([
    ['none', {}, {}, DEFAULT_OUTPUT_CAP, 500],
    ["the caller's", {}, { maxOutputTokens: 100 }, 100, 100],
    ["the category's", { categories }, {}, 1_024, 500],
    ['the lower one', { categories }, { maxOutputTokens: 2_000 }, 1_024, 500],
    ['embeddings', { categories }, { endpoint: 'embeddings' as const, maxOutputTokens: 7 }, 0, 0],
    ['expected output', { classifier: { expectedOutputTokens: 9_000 } }, {}, DEFAULT_OUTPUT_CAP, DEFAULT_OUTPUT_CAP],
  ])('output: %s', (_, sketch, question, outputCap, output) => {
    expect(ask(sketch, question)).toMatchObject({ outputCap, output });
  });
  test.each([
    [null, null, null],
    [5, null, 5],
    [null, 7, 7],
    [5, 7, 5],
    [7, 5, 5],
    [0, 5, 0],
  ])('cost: policy %s, category %s', (policys, categorys, costCap) => {
    const sketch = { policies: [{ maxCost: policys }], categories: [{ name: 'ALL', maxCost: categorys }] };
    expect(ask(sketch, {}).costCap).toBe(costCap);
  });
});

test.each([
  [true, false, true, true],
  [true, true, true, false],
  [true, false, false, false],
  [false, false, true, false],
])('flexible: asked %s, strict %s, permitted %s', (flexible, strict, fallbackAllowed, result) => {
  expect(ask({ policies: [{ fallbackAllowed }] }, { flexible, strict }).flexible).toBe(result);
});
