import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { formatYaml } from '../../../compiler/cli/format-yaml.ts';

describe('fmt', () => {
  it('has one way of writing', () => {
    const text = "a:   1\nb:\n    - 'x'   # why\n    -   {p: 1,q: [ 1,2 ]}\n\n\n# end\nc: [\n  1,\n  2 ]\r\n";
    expect(formatYaml(text)).toBe('a: 1\nb:\n  - "x" # why\n  - { p: 1, q: [1, 2] }\n\n# end\nc: [1, 2]\n');
  });

  it('keeps comments, the order of keys, anchors and quotes', () => {
    const text = '# head\n\nb: &x { z: 1, a: 2 } # beside\n# above\na: *x\nc: "no" # quoted for a reason\n';
    expect(formatYaml(text)).toBe(text);
  });

  it.each(['# a\n\n# b\n', '---\n# a\n  # b  \n\n', '# a\n...\n', ''])('is done at the first time with comments alone: %j', (text) => {
    const formatted = formatYaml(text);
    expect(formatYaml(formatted)).toBe(formatted);
    expect(formatted.match(/# \w/g)).toEqual(text.match(/# \w/g));
  });

  it('breaks what is wider than 140 columns into lines, once', () => {
    const wide = `keywords: { ${Array.from({ length: 30 }, (_, i) => `word${i}: 0.1`).join(', ')} }\n`;
    const formatted = formatYaml(wide);
    expect(Math.max(...formatted.split('\n').map((line) => line.length))).toBeLessThanOrEqual(140);
    expect(formatYaml(formatted)).toBe(formatted);
  });

  it('leaves the shipped policy as it is', () => {
    const folder = new URL('../../../policies/', import.meta.url);
    const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
    expect(files.length).toBeGreaterThan(5);
    for (const file of files) {
      const text = readFileSync(new URL(file, folder), 'utf8');
      expect(formatYaml(text)).toBe(text);
    }
  });

  it('law: the meaning stays, and formatting twice is formatting once', () => {
    const leaf = fc.oneof(fc.string({ maxLength: 30 }), fc.integer(), fc.boolean(), fc.constant(null), fc.double({ noNaN: true }));
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), tie('value'), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), value, { maxKeys: 5 }), fc.boolean(), (document, flow) => {
        const text = stringify(document, flow ? { collectionStyle: 'flow' } : { indent: 4, singleQuote: true });
        const once = formatYaml(text);
        expect(parse(once)).toEqual(parse(text));
        expect(formatYaml(once)).toBe(once);
      }),
      { numRuns: 300 },
    );
  });
});
