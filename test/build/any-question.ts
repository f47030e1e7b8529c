import fc from 'fast-check';
import type { Question } from '../../compiler/interpret/analyze-request.ts';
import type { PolicySet } from '../../schema/policy-set.ts';
import { DEFAULT_OUTPUT_CAP } from '../../schema/request.ts';
import { CAPABILITIES } from '../../schema/vocabulary.ts';
import { KEYWORDS } from './any-policy-set.ts';

/** Pieces of user text: keywords in any case, with and without a word character beside them, lines, code blocks. */
const PIECES = [...KEYWORDS, ...KEYWORDS.map((word) => word.toUpperCase()), 'x', '_', '0', 'é', ' ', ' ', '\n', '\n', '```', '-', '.'];

/** Any request to this policy: mostly names it knows, with token counts at and beside every threshold that it has. */
export function anyQuestion(set: PolicySet): fc.Arbitrary<Question> {
  return fc
    .record({
      embeddings: rarely(fc.constant(true), false),
      model: fc.oneof(
        { weight: 48, arbitrary: fc.constantFrom(...set.names.map(({ name }) => name)) },
        { weight: 1, arbitrary: fc.constantFrom('unknown', '', 'GPT-5', 'gpt-5 ') },
      ),
      maxOutputTokens: fc.oneof(fc.constant(null), fc.constantFrom(0, 1, 100, 500, 4_096, 100_000)),
      answers: rarely(fc.integer({ min: 2, max: 8 }), 1),
      tools: rarely(fc.integer({ min: 1, max: 4 }), 0),
      needs: rarely(
        fc.oneof(
          fc.constantFrom(...CAPABILITIES.keys()).map((bit) => 1 << bit),
          fc.nat(2 ** CAPABILITIES.length - 1),
        ),
        0,
      ),
      pieces: fc.array(fc.constantFrom(...PIECES), { maxLength: 12, size: 'max' }),
      strict: rarely(fc.constant(true), false),
      flexible: fc.boolean(),
      category: hint(set.categories),
      class: hint(set.classes),
      caller: fc.nat(set.callers.length - 1),
      tokens: fc.oneof(fc.constantFrom(0, 1, 2, 50, 98, 99, 100, 101), fc.constantFrom(...thresholdsOf(set)), fc.nat(20_000)),
    })
    .map((drawn) => {
      const text = drawn.pieces.join('');
      const chat = 1 << CAPABILITIES.indexOf('chat');
      const embeddings = 1 << CAPABILITIES.indexOf('embeddings');
      const body = {
        endpoint: drawn.embeddings ? ('embeddings' as const) : ('chat' as const),
        model: drawn.model,
        maxOutputTokens: drawn.embeddings ? null : drawn.maxOutputTokens,
        answers: drawn.embeddings ? 1 : drawn.answers,
        tools: drawn.embeddings ? 0 : drawn.tools,
        required: drawn.embeddings ? embeddings : chat | (drawn.needs & ~embeddings),
      };
      return {
        body: { ...body, text: () => text, [fc.toStringMethod]: () => JSON.stringify({ ...body, text }) },
        hints: { strict: drawn.strict, flexible: drawn.flexible, category: drawn.category, class: drawn.class },
        caller: drawn.caller,
        tokens: drawn.tokens,
      };
    });
}

/** Every token count at which a verdict can turn, and its neighbours. */
function thresholdsOf(set: PolicySet): number[] {
  const values = [0, 1, 100];
  for (const { when } of [...set.categories, ...set.classes]) if (when.inputTokens !== null) values.push(when.inputTokens.value);
  const caps = new Set([0, 100, 500, DEFAULT_OUTPUT_CAP, ...set.categories.flatMap((category) => category.maxOutputTokens ?? [])]);
  for (const context of new Set(set.targets.map((target) => target.context)))
    if (context !== null) for (const cap of caps) values.push(context - cap);
  return [...new Set(values.flatMap((value) => [value - 1, value, value + 1]))].filter((value) => value >= 0);
}

function hint(rows: readonly { readonly name: string; readonly implicit: boolean }[]): fc.Arbitrary<string | null> {
  const known = rows.flatMap(({ name, implicit }) => (implicit ? [] : [name]));
  const unknown = ['unknown', '', ...rows.flatMap(({ name, implicit }) => (implicit ? [name] : []))];
  return fc.oneof(
    { weight: 30, arbitrary: fc.constant(null) },
    { weight: 10, arbitrary: fc.constantFrom(...(known.length > 0 ? known : [null])) },
    { weight: 1, arbitrary: fc.constantFrom(...unknown) },
  );
}

function rarely<T>(arbitrary: fc.Arbitrary<T>, usual: T): fc.Arbitrary<T> {
  return fc.oneof({ weight: 6, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary });
}
