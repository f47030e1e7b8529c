import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countText } from '../../runtime/intent/tokens/count-text.ts';
import { chooseItems } from '../../runtime/orchestrator/context/pack/choose-items.ts';
import { makePack } from '../../runtime/orchestrator/context/pack/pack.ts';
import { chunkText, MOST } from '../../runtime/orchestrator/context/preparation/chunk-text.ts';
import { readTerms } from '../../runtime/orchestrator/context/preparation/read-terms.ts';
import { fuse } from '../../runtime/orchestrator/context/search/fuse.ts';

const PIECES = [
  '# Title',
  '## Part\n',
  '\n\n',
  '\n',
  '```ts\nlet x = 1;\n\n# no title\n```\n',
  '~~~\n',
  '```',
  ' ',
  'A sentence. Another one! ',
  '路由器读取一次请求。',
  'मनुष्य ',
  '👩‍👩‍👧',
  '\ud83d',
  '\u00a0',
  '- item\n',
  '| a | b |\n',
  'word '.repeat(40),
  'x'.repeat(900),
  '\r\n',
  '\t',
];
const markdown = fc
  .array(fc.oneof(fc.constantFrom(...PIECES), fc.string({ unit: 'binary', maxLength: 20 })), { maxLength: 60 })
  .map((parts) => parts.join(''));

const tokensOf = (text: string): number => countText('o200k_base', text, Number.POSITIVE_INFINITY).tokens;

describe('chunks', () => {
  test('every character that is no blank stands in exactly one, in order, and none is too long', () => {
    fc.assert(
      fc.property(markdown, (text) => {
        const chunks = chunkText(text);
        const visible = (part: string): string => part.replace(/\s+/g, '');
        expect(chunks.map(({ start, end }) => visible(text.slice(start, end))).join('')).toBe(visible(text));
        let before = 0;
        for (const { start, end, tokens } of chunks) {
          expect(start).toBeGreaterThanOrEqual(before);
          expect(end).toBeGreaterThan(start);
          const own = text.slice(start, end);
          expect(own.trim()).not.toBe('');
          expect(tokens).toBe(tokensOf(own));
          expect(tokens).toBeLessThanOrEqual(MOST);
          before = end;
        }
      }),
      { numRuns: 500 },
    );
  });

  test('a heading begins one, and stands above what is under it; fenced code is no heading', () => {
    const text = '# One\n\nfirst\n\n## Two\n\nsecond\n\n```sh\n# no heading\n```\n\n# Three\nthird';
    const found = chunkText(text).map(({ start, end, heading }) => [heading, text.slice(start, end)]);
    expect(found).toEqual([
      ['One', '# One\n\nfirst'],
      ['One › Two', '## Two\n\nsecond\n\n```sh\n# no heading\n```'],
      ['Three', '# Three\nthird'],
    ]);
  });

  test('no character is cut in two', () => {
    for (const text of ['👩'.repeat(4_000), `a${'👩'.repeat(4_000)}`, '𝒜𝓑'.repeat(3_000)]) {
      for (const { start, end } of chunkText(text)) expect(text.slice(start, end).isWellFormed()).toBe(true);
    }
  });

  test('time grows with the length, whatever a text is made of', { timeout: 240_000 }, () => {
    for (const piece of ['word ', 'x', '\n', '# a\n', '```\n', '路', 'a.', ' \t']) {
      const text = piece.repeat(Math.ceil((1 << 18) / piece.length));
      const begun = performance.now();
      const chunks = chunkText(text);
      // Measured on a busy machine: 0.1 to 3 s. Work that grows with the square would take minutes.
      expect(performance.now() - begun, JSON.stringify(piece)).toBeLessThan(60_000);
      expect(chunks.length === 0).toBe(text.trim() === '');
    }
  });
});

describe('terms', () => {
  test('case, width and order make no difference; each word is found in its text', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-z]{2,12}$/), { minLength: 1, maxLength: 20 }), (words) => {
        const terms = readTerms(words.join(' '));
        expect(readTerms(words.map((word) => word.toUpperCase()).join(', '))).toEqual(terms);
        expect([...readTerms([...words].reverse().join('\n')).entries()].sort()).toEqual([...terms.entries()].sort());
        for (const word of words) for (const term of readTerms(word).keys()) expect(terms.has(term)).toBe(true);
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        for (const [term, times] of readTerms(text)) {
          expect(term).toMatch(/^\S{1,64}$/u);
          expect(times).toBeGreaterThan(0);
        }
      }),
    );
  });

  test.each([
    ['parseHttpBody', 'parsehttpbody parse http body'],
    ['read_all_lines', 'readallline read all line'],
    ['HTTPServer', 'httpserver http server'],
    ['queries and classes', 'query and class'],
    ['Ｆｕｌｌ width', 'full width'],
    ['路由器', '路由 由器'],
    ['a b', 'a b'],
  ])('%s', (text, terms) => {
    expect([...readTerms(text).keys()].sort()).toEqual(terms.split(' ').sort());
  });
});

describe('fusion', () => {
  const ranking = fc.uniqueArray(fc.integer({ min: 0, max: 30 }), { maxLength: 20 });
  test('whoever is better in every ranking comes first; nothing is lost, nothing is twice', () => {
    fc.assert(
      fc.property(fc.array(ranking, { minLength: 1, maxLength: 4 }), (rankings) => {
        const fused = fuse(rankings);
        expect(fused.map(({ id }) => id).sort((a, b) => a - b)).toEqual([...new Set(rankings.flat())].sort((a, b) => a - b));
        for (const [row, { id, score, places }] of fused.entries()) {
          expect(places).toEqual(rankings.map((ids) => (ids.includes(id) ? ids.indexOf(id) + 1 : null)));
          expect(score).toBeCloseTo(
            places.reduce<number>((sum, place) => sum + (place === null ? 0 : 1 / (60 + place)), 0),
            12,
          );
          if (row > 0) expect(fused[row - 1].score).toBeGreaterThanOrEqual(score);
        }
        expect(fuse(rankings)).toEqual(fused);
      }),
    );
  });
});

describe('packs', () => {
  const text = fc.oneof(
    fc.lorem({ maxCount: 60 }),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 400 }),
    fc.constant('the same words again'),
  );
  const results = fc
    .array(fc.record({ document: fc.constantFrom('a', 'b', 'c'), text, heading: fc.option(fc.constant('Part')) }), { maxLength: 25 })
    .map((rows) =>
      rows.map((row, i) => ({
        ...row,
        id: `chunk-${i}`,
        namespace: 'n',
        source: 's',
        tokens: 0,
        metadata: {},
        ranks: {},
        score: 1 / (60 + i),
      })),
    );
  const named = (budget: number) => ({ job: 'j', owner: 'a', query: 'q', budget, degraded: null });

  test('never over the budget, counted exactly; no text twice; no document takes all; the same again is the same', () => {
    fc.assert(
      fc.property(results, fc.integer({ min: 0, max: 3_000 }), (found, budget) => {
        const { tokens, items, text: whole, createdAt: _, ...rest } = makePack(named(budget), found);
        expect(tokens).toBe(tokensOf(whole));
        expect(tokens).toBeLessThanOrEqual(budget);
        expect(new Set(items.map((item) => item.id)).size).toBe(items.length);
        expect(new Set(items.map((item) => [...readTerms(item.text).keys()].sort().join(' '))).size).toBeGreaterThanOrEqual(
          items.filter((item) => readTerms(item.text).size > 0).length,
        );
        for (const document of ['a', 'b', 'c']) expect(items.filter((item) => item.document === document).length).toBeLessThanOrEqual(4);
        for (const item of items) expect(whole).toContain(item.text);
        const { createdAt: __, ...again } = makePack(named(budget), found);
        expect(again).toEqual({ tokens, items, text: whole, ...rest });
      }),
      { numRuns: 200 },
    );
  });

  test('the best fits first; what is new is preferred to what is there already', () => {
    const one = (origin: string, words: string, score: number) => ({ origin, text: words, score });
    const write = (items: readonly { text: string }[]): string => items.map((item) => `${item.text}\n`).join('');
    const near = one('b', 'red green blue yellow brown', 0.99);
    const far = one('c', 'alpha beta gamma delta epsilon', 0.9);
    const { items } = chooseItems([one('a', 'red green blue yellow black', 1), near, far], 1_000, write);
    expect(items.map(({ origin }) => origin)).toEqual(['a', 'c', 'b']);
    expect(chooseItems([one('a', 'word '.repeat(50), 1), far], 12, write).items).toEqual([far]);
    // What stands between two texts counts, too.
    const apart = (all: readonly { text: string }[]): string =>
      all.map((item) => item.text).join(' and then there is one more thing to be said: ');
    const short = chooseItems([one('a', 'red', 1), one('b', 'blue', 1), one('c', 'green', 1)], 16, apart);
    expect(short.items).toHaveLength(2);
    expect(short.tokens).toBe(tokensOf(short.text));
    expect(chooseItems([], 10, write)).toEqual({ items: [], text: '', tokens: 0 });
  });
});
