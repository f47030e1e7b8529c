import { describe, expect, it } from 'vitest';
import { parse } from '../../../compiler/parse/parse.ts';
import { keyAt, spotAt } from '../../../compiler/parse/spot-at.ts';
import { type MapTree, toPlain } from '../../../compiler/parse/tree.ts';
import { understandText } from './understand-text.ts';

function read(text: string) {
  const { files, diagnostics } = parse([{ file: 'a.yaml', text }]);
  return { tree: files[0].tree as MapTree, diagnostics };
}

describe('parse', () => {
  it('knows the place of every key and every leaf', () => {
    const { tree } = read('backends:\n  local:\n    models: { "a": { quality: 0.5 } }\nlist:\n  - one\n  - {two: 3}\n');
    expect(keyAt(tree, 'backends', 'local')).toMatchObject({ place: { file: 'a.yaml', line: 2, column: 3 }, length: 5 });
    expect(spotAt(tree, 'backends', 'local', 'models', 'a', 'quality')).toMatchObject({ place: { line: 3, column: 31 }, length: 3 });
    expect(spotAt(tree, 'list', 0).place).toEqual({ file: 'a.yaml', line: 5, column: 5 });
    expect(spotAt(tree, 'list', 1, 'two').place).toEqual({ file: 'a.yaml', line: 6, column: 11 });
    expect(toPlain(tree)).toEqual({ backends: { local: { models: { a: { quality: 0.5 } } } }, list: ['one', { two: 3 }] });
  });

  it.each([
    ['auto: { auto: { candidates: [*] } }\n', 'put a text that begins with `*` in quotes'],
    ['traffic:\n  - name: x\n     privacy: restricted\n', 'line up the keys of one entry'],
    ['traffic:\n  - name: foo: bar\n', 'put the text in quotes'],
    ['# quiet\rtraffic: []\n', 'end lines with a line feed'],
    ['name: "a\rb"\n', 'end lines with a line feed'],
  ])('says what to do: %j', (text, help) => {
    const { diagnostics } = read(text);
    expect(diagnostics.map((found) => [found.rule, found.help.includes(help)])).toEqual([['yaml-syntax', true]]);
  });

  it('shows control characters of a policy by their number, and takes none in names', () => {
    const text =
      'aliases: { "a\\eb": c }\ntraffic: [{ name: "x\\e[31m\\u202e" }]\ninvariants: [{ name: "a\\nb", never: { zone: open } }]\n';
    const { diagnostics } = understandText(text);
    const about = diagnostics.filter(({ rule }) => rule === 'bad-value').map(({ message }) => message);
    expect(about).toHaveLength(3);
    for (const { message, help } of diagnostics) expect(`${message}${help}`).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
  });

  it('counts columns as editors do behind a byte order mark and with carriage returns', () => {
    const { tree, diagnostics } = read('\uFEFFa: 1\r\nbc:\r\n  d: 2\r\n');
    expect(diagnostics).toEqual([]);
    expect(keyAt(tree, 'a').place).toMatchObject({ line: 1, column: 1 });
    expect(spotAt(tree, 'bc', 'd').place).toMatchObject({ line: 3, column: 6 });
  });

  it('reads words as YAML 1.2 does', () => {
    expect(toPlain(read('a: [yes, no, on, true, 0o17, 1e3, ~, "1"]').tree)).toEqual({ a: ['yes', 'no', 'on', true, 15, 1000, null, '1'] });
  });

  it('keeps keys as written', () => {
    expect([...read('1.0: a\n0x10: b\nnull: c\n__proto__: d\n').tree.entries.keys()]).toEqual(['1.0', '0x10', 'null', '__proto__']);
  });

  it('merges maps under `<<`, own keys first, and redefines anchors in order', () => {
    const { tree } = read('a: &x { p: 1, q: 1 }\nb: { <<: *x, q: 2 }\nc: { <<: [{ p: 3 }, *x] }\nd: &x 5\ne: *x\n');
    expect(toPlain(tree)).toMatchObject({ b: { p: 1, q: 2 }, c: { p: 3, q: 1 }, d: 5, e: 5 });
  });

  it.each([
    ['a: [1', 'yaml-syntax'],
    ['a: b: c', 'yaml-syntax'],
    ['\ta: 1', 'yaml-syntax'],
    ['? [a]\n: 1', 'yaml-syntax'],
    ['a: *b', 'yaml-syntax'],
    ['a: { <<: 5 }', 'yaml-syntax'],
    ['a: !!binary aGk=\nb: !x 1', 'yaml-syntax'],
    ['a: 1\n---\nb: 2', 'yaml-syntax'],
    ['just text', 'wrong-type'],
    ['[a]', 'wrong-type'],
    [`a: ${'['.repeat(100_000)}`, null],
    ['a: &a [*a]', 'too-large'],
    ['a: 1\na: 2', 'duplicate-name'],
  ])('%j is one finding', (text, rule) => {
    const { diagnostics } = read(text);
    expect(diagnostics).toHaveLength(1);
    if (rule !== null) expect(diagnostics[0].rule).toBe(rule);
  });

  it('any text gives findings or a tree, never an exception', () => {
    for (const text of [
      '',
      '\u0000',
      '---',
      '--- |',
      '%YAML 1.1\n---\na: 1',
      '\ud800',
      '&a',
      '*a',
      '{',
      '"',
      '...',
      ': :',
      '- - -',
      '? ',
      '!',
    ]) {
      expect(() => understandText(text)).not.toThrow();
    }
  });
});
