import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editDistance, suggest } from '../../../compiler/diagnostics/suggest.ts';

describe('suggestions', () => {
  it.each([
    ['', '', 0],
    ['abc', 'abc', 0],
    ['tpye', 'type', 1],
    ['olama', 'ollama', 1],
    ['kitten', 'sitting', 3],
    ['abc', '', 3],
  ])('%s to %s is %d', (a, b, expected) => expect(editDistance(a, b)).toBe(expected));

  it('is symmetric, zero for equals alone, and at most the longer length', () => {
    const word = fc.string({ maxLength: 8 });
    fc.assert(
      fc.property(word, word, (a, b) => {
        const distance = editDistance(a, b);
        expect(distance).toBe(editDistance(b, a));
        expect(distance === 0).toBe(a === b);
        expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length));
        expect(distance).toBeGreaterThanOrEqual(Math.abs(a.length - b.length));
      }),
    );
  });

  it('names what is near, and nothing else', () => {
    expect(suggest('privcy', ['privacy', 'priority'])).toBe('privacy');
    expect(suggest('FASTER', ['FAST', 'NORMAL'])).toBe('FAST');
    expect(suggest('alias', ['fallbacks', 'aliases'])).toBe('aliases');
    expect(suggest('zone', ['tier', 'type'])).toBeNull();
    expect(suggest('6', ['1', '2'])).toBeNull();
    expect(suggest('x'.repeat(100), ['x'.repeat(99)])).toBeNull();
  });
});
