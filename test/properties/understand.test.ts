import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { understand } from '../../compiler/understand.ts';

/**
 * Laws of understanding, on texts made from the shipped policy: cut, doubled, with words swapped for others. Whatever comes in,
 * findings come out, each with a place inside the text that it is about.
 */
const folder = new URL('../../policies/', import.meta.url);
const shipped = readdirSync(folder)
  .filter((name) => name.endsWith('.yaml') && !name.endsWith('.test.yaml'))
  .map((file) => ({ file, text: readFileSync(new URL(file, folder), 'utf8') }));
/** Errors of promises, not of the policy that makes them: it stays, so that their witness can be explained. */
const BROKEN = ['refuted-invariant', 'unclear-invariant'];
const words = [...new Set(shipped.flatMap(({ text }) => text.match(/[\w.*-]+/g) ?? []))];

const change = fc.oneof(
  fc.record({
    kind: fc.constant('word' as const),
    at: fc.nat(),
    to: fc.constantFrom(...words, '', '{}', '[]', '5', '"x"', 'null', '- a', '&a', '*a', '<<'),
  }),
  fc.record({ kind: fc.constant('cut' as const), at: fc.nat(), to: fc.constant('') }),
  fc.record({ kind: fc.constant('insert' as const), at: fc.nat(), to: fc.string({ maxLength: 6 }) }),
  fc.record({ kind: fc.constant('double' as const), at: fc.nat(), to: fc.constant('') }),
);
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

function apply(text: string, { kind, at, to }: Change): string {
  const lines = text.split('\n');
  const row = at % lines.length;
  if (kind === 'cut') return lines.toSpliced(row, 1).join('\n');
  if (kind === 'double') return lines.toSpliced(row, 0, lines[row]).join('\n');
  const column = at % (text.length + 1);
  if (kind === 'insert') return text.slice(0, column) + to + text.slice(column);
  let count = 0;
  const total = text.match(/[\w.*-]+/g)?.length ?? 1;
  return text.replace(/[\w.*-]+/g, (word) => (count++ === at % total ? to : word));
}

describe('understanding', () => {
  it('never throws, and says where', () => {
    const changes = fc.array(fc.tuple(fc.nat({ max: shipped.length - 1 }), change), { minLength: 1, maxLength: 4 });
    let clean = 0;
    fc.assert(
      fc.property(changes, (changes) => {
        const sources = changes.reduce(
          (texts, [row, what]) => texts.with(row, { ...texts[row], text: apply(texts[row].text, what) }),
          [...shipped],
        );
        const { set, diagnostics } = understand(sources);
        if (diagnostics.length === 0) clean++;
        expect(set === null).toBe(diagnostics.some(({ rule, severity }) => severity === 'error' && !BROKEN.includes(rule)));
        for (const { place, length, message, help, related } of diagnostics) {
          for (const spot of [place, ...related.map((other) => other.place)]) {
            const lines = sources.find(({ file }) => file === spot.file)?.text.split('\n') ?? [];
            expect(spot.line).toBeGreaterThanOrEqual(1);
            expect(spot.line).toBeLessThanOrEqual(lines.length);
            expect(spot.column).toBeGreaterThanOrEqual(1);
            expect(spot.column).toBeLessThanOrEqual(lines[spot.line - 1].length + 1);
          }
          expect(length).toBeGreaterThanOrEqual(1);
          expect(message).not.toMatch(/^[A-Z]|\.$|undefined|\[object/);
          expect(help).not.toMatch(/^$|undefined|\[object|\.$/);
        }
      }),
      { numRuns: 150 },
    );
    // Most changes must do harm, or the law says little.
    expect(clean).toBeLessThan(75);
  });

  it('one changed line of a clean policy is never many findings', () => {
    const counts: number[] = [];
    fc.assert(
      fc.property(fc.nat({ max: shipped.length - 1 }), change, (row, what) => {
        const sources = shipped.with(row, { ...shipped[row], text: apply(shipped[row].text, what) });
        counts.push(understand(sources).diagnostics.filter(({ severity }) => severity === 'error').length);
      }),
      // A share is asserted, so the sample is a fixed one.
      { numRuns: 300, seed: 20261120 },
    );
    // A word may name something that several others refer to; an echo for every reference is what the bound is against. The most is where the
    // line `classes:` goes: its three entries then have two unknown keys each as categories.
    expect(Math.max(...counts)).toBeLessThanOrEqual(6);
    expect(counts.filter((count) => count <= 4).length / counts.length).toBeGreaterThan(0.95);
    expect(counts.filter((count) => count <= 1).length / counts.length).toBeGreaterThan(0.8);
  });
});
