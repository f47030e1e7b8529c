import fc from 'fast-check';
import { getEncoding } from 'js-tiktoken';
import cl100k from 'js-tiktoken/ranks/cl100k_base';
import o200k from 'js-tiktoken/ranks/o200k_base';
import { describe, expect, test } from 'vitest';
import { countText } from '../../runtime/intent/tokens/count-text.ts';
import { loadEncoding } from '../../runtime/intent/tokens/encoding.ts';
import { ENCODINGS } from '../../schema/vocabulary.ts';

const PATTERNS = { o200k_base: o200k.pat_str, cl100k_base: cl100k.pat_str };

/** Cases per encoding; two encodings by default make 24,000. */
const RUNS = Number(process.env.INTENT_CASES ?? 12_000);

const CORPORA: Record<string, string> = {
  english:
    "It's what we'd've expected: the ROUTER decides, and they'll say \"no\" to 1,234 requests; HTTPServer isn't iOS.\n\nNext paragraph. ",
  code: 'export function f<T>(x: T[]): number {\n\treturn x.length > 0 ? x[0]! : -1; // TODO\r\n}\n    if (a && b) { snake_case += camelCase**2 }\n',
  json: '{"a":[1,2.5e-3,null,true],"ключ":"знач\\n","nested":{"x":{"y":[]}},"url":"https://x.org/a//b?c=d&e=%20"}',
  chinese: '路由器读取一次请求,决定它可以去哪里。価格は安いほうがいいです!한국어 문장도 있습니다. ',
  emoji: '👨‍👩‍👧‍👦🏳️‍🌈👍🏽 :-) 🇩🇪🇫🇷 ✅❌ ☃️ 1️⃣ ',
  marks: 'e\u0301a\u0308\u0323o\u0302 नमस्ते दुनिया สวัสดีชาวโลก مرحبا بالعالم עִבְרִית ',
  mixed: 'Straße ΑΒΓ αβγ ЖУК жук ǅungla ſet ªº ʰʲ ⅷ²³½ ٣٤٥ 𝒜𝓑 ＡＢ',
  blanks: ' \t\n\r\n   \n \u00a0\u3000 \u2028\ufeff\u0085 \v\f',
  digits: '1 12 123 1234 12345678 3.14159 0xdeadbeef 2026-11-20T09:42:51Z ٠١٢ ',
  special: '<|endoftext|><|endofprompt|> <|fim_prefix|>',
  surrogates: '\ud800 \udc00a\ud83d\ude00\ud83d \udbff\udfff\ude00',
};

const PIECES = [
  ...Object.values(CORPORA).flatMap((text) => text.split(/(?<= )|(?=[^\w])/)),
  "'s",
  "'LL",
  "'Re",
  "'",
  '/',
  '\n',
  '\r',
  ' ',
  '  ',
  'ß',
  'ǅ',
  '\u0301',
];

const text = fc.oneof(
  { weight: 6, arbitrary: fc.array(fc.constantFrom(...PIECES), { maxLength: 16 }).map((pieces) => pieces.join('')) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 24 }) },
  { weight: 2, arbitrary: fc.string({ unit: 'grapheme', maxLength: 24 }) },
  {
    weight: 1,
    arbitrary: fc
      .array(fc.tuple(fc.constantFrom(...PIECES), fc.integer({ min: 1, max: 40 })), { maxLength: 4 })
      .map((runs) => runs.map(([piece, times]) => piece.repeat(times)).join('')),
  },
  { weight: 1, arbitrary: fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 20 }).map((units) => String.fromCharCode(...units)) },
);

for (const encoding of ENCODINGS) {
  const oracle = getEncoding(encoding);
  const countByOracle = (each: string): number => oracle.encode(each, [], []).length;

  describe(encoding, () => {
    test('counts what js-tiktoken counts', () => {
      fc.assert(
        fc.property(text, (each) => {
          const { tokens, exact } = countText(encoding, each, Number.MAX_SAFE_INTEGER);
          expect(exact).toBe(true);
          expect(tokens).toBe(countByOracle(each));
        }),
        { numRuns: RUNS },
      );
    });

    test('splits where the pattern of the encoding splits', () => {
      const { split } = loadEncoding(encoding);
      const pattern = new RegExp(PATTERNS[encoding], 'ug');
      fc.assert(
        fc.property(text, (each) => {
          const bytes = Buffer.from(each);
          const found: string[] = [];
          for (let at = 0; at < bytes.length; ) {
            const end = split(bytes, at, bytes.length);
            found.push(bytes.toString('utf8', at, end));
            at = end;
          }
          // What counting long strings in pieces relies on.
          for (const token of found) expect(token.slice(1)).not.toMatch(/ [A-Za-z]/);
          expect(found).toEqual(Array.from(each.toWellFormed().matchAll(pattern), ([match]) => match));
        }),
        { numRuns: RUNS },
      );
    });

    test.each(Object.entries(CORPORA))('counts a page of %s', (_, page) => {
      const pages = page.repeat(Math.ceil(1500 / page.length));
      expect(countText(encoding, pages, Number.MAX_SAFE_INTEGER)).toEqual({ tokens: countByOracle(pages), exact: true });
    });

    test('every code point, alone and after a letter', () => {
      // In blocks, so that the oracle is not called a million times; a break after each keeps its pre-tokens short.
      for (let block = 0; block < 0x110000; block += 0x400) {
        let page = '';
        for (let point = block; point < block + 0x400; point++) page += `${String.fromCodePoint(point)}a${String.fromCodePoint(point)}A1`;
        const { tokens } = countText(encoding, page, Number.MAX_SAFE_INTEGER);
        // Unassigned planes hold nothing that differs from their first block.
        if (block < 0x20000 || block % 0x10000 === 0) expect(tokens, `block ${block.toString(16)}`).toBe(countByOracle(page));
      }
    });

    test('merges runs of every length as js-tiktoken does', () => {
      for (const letter of ['a', 'é', '中', ' ', '\n', '!', '😀', 'xq']) {
        for (const times of [1, 2, 3, 23, 24, 25, 47, 48, 49, 50, 97, 128, 257, 400]) {
          const run = letter.repeat(times);
          expect(countText(encoding, run, Number.MAX_SAFE_INTEGER), `${times} × ${letter}`).toEqual({
            tokens: countByOracle(run),
            exact: true,
          });
        }
      }
    });

    test('a count above the limit is above it, a count up to it is exact', () => {
      fc.assert(
        fc.property(text, fc.nat(40), (each, limit) => {
          const exact = countText(encoding, each, Number.MAX_SAFE_INTEGER).tokens;
          const { tokens } = countText(encoding, each, limit);
          if (exact <= limit) expect(tokens).toBe(exact);
          else expect(tokens).toBeGreaterThan(limit);
        }),
        { numRuns: 2000 },
      );
    });
  });
}
