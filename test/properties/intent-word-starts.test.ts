import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CountMemory } from '../../runtime/intent/count-memory.ts';
import { readRequestBody } from '../../runtime/intent/request-body.ts';
import { countTokens } from '../../runtime/intent/token-count.ts';
import { ENCODINGS } from '../../schema/vocabulary.ts';

const pieces = fc.constantFrom(
  ' ',
  '  ',
  'a',
  'B',
  'word',
  "don't",
  ' é',
  'é',
  ' ß',
  '\n',
  '\t',
  '"',
  '\\',
  '1',
  ' 2',
  '-',
  ' <|endoftext|>',
  '中文',
  ' 😀',
  '\u00a0',
  ' z',
);
const text = fc.array(pieces, { maxLength: 60 }).map((parts) => parts.join(''));
const content = fc.oneof(
  text,
  fc.array(
    fc.oneof(
      fc.record({ type: fc.constant('text'), text }),
      fc.record({ type: fc.constant('image_url'), text, image_url: fc.record({ url: text }) }),
    ),
    { maxLength: 4 },
  ),
);

test('law: what can be told without counting is never more than the count', () => {
  let told = 0;
  fc.assert(
    fc.property(fc.array(content, { minLength: 1, maxLength: 5 }), fc.boolean(), fc.nat(200), (contents, pretty, limit) => {
      const body = { model: 'm', messages: contents.map((content) => ({ role: 'user', content })) };
      const bytes = Buffer.from(JSON.stringify(body, null, pretty ? 2 : 0));
      const tokens = countTokens(readRequestBody('chat', bytes), new CountMemory());
      const least = tokens.atLeast(limit);
      for (const encoding of ENCODINGS) expect(tokens.exact(encoding, Number.MAX_SAFE_INTEGER)).toBeGreaterThanOrEqual(least);
      if (least > tokens.low) told++;
    }),
    { numRuns: 400 },
  );
  expect(told).toBeGreaterThan(100);
});
