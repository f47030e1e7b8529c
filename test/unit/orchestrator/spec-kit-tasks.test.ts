import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cleanText, OutputCleaner } from '../../../runtime/orchestrator/spec-kit/clean-output.ts';
import { findDuplicates, parseTasks } from '../../../runtime/orchestrator/spec-kit/parse-tasks.ts';

const parse = (text: string) => parseTasks(Buffer.from(text));
const ids = (text: string): string[] => parse(text).map(({ id }) => id);

describe('tasks of a file', () => {
  test('each with its line, mark, labels and text', () => {
    const text = '# Tasks\n\n- [ ] T001 Create\r\n  * [x] T002 [P] [US1] Café: ünïcode\n1. [X] **T003** [US2] last';
    expect(parse(text)).toEqual([
      { id: 'T001', done: false, line: 3, mark: 12, parallel: false, story: null, text: 'Create' },
      { id: 'T002', done: true, line: 4, mark: 33, parallel: true, story: 'US1', text: 'Café: ünïcode' },
      { id: 'T003', done: true, line: 5, mark: Buffer.from(text).lastIndexOf('X'), parallel: false, story: 'US2', text: 'last' },
    ]);
  });

  test('what looks like one and is none', () => {
    for (const line of [
      '- [] T001 a',
      '- [ ]T001 a',
      '[ ] T001 a',
      '- [y] T001 a',
      '- [ ] t001 a',
      '- [ ] TXXX a',
      '- [ ] T001x9 a',
      '-[ ] T001 a',
      '> - [ ] T001',
      '- [ ] T0000001 a',
    ]) {
      expect(ids(line), line).toEqual([]);
    }
    expect(ids('- [ ] T001')).toEqual(['T001']);
    expect(ids('')).toEqual([]);
    expect(ids('\n\n')).toEqual([]);
  });

  test('fenced blocks and comments hold none, whatever they hold', () => {
    expect(ids('```\n- [ ] T001 a\n```\n- [ ] T002 b')).toEqual(['T002']);
    expect(ids('~~~~md\n- [ ] T001 a\n~~~\n```\n- [ ] T002 b\n~~~~  \n- [ ] T003 c')).toEqual(['T003']);
    expect(ids('- a\n  ```sh\n  - [ ] T001 a\n  ```\n- [ ] T002 b')).toEqual(['T002']);
    expect(ids('``` `x` ```\n- [ ] T001 a')).toEqual(['T001']);
    expect(ids('```\nnever closed\n- [ ] T001 a')).toEqual([]);
    expect(ids('<!-- one -->\n- [ ] T001 a\n<!--\n- [ ] T002 b\n-->\n- [ ] T003 c\n<!-- d')).toEqual(['T001', 'T003']);
    expect(ids('<!-- ``` -->\n- [ ] T001 a')).toEqual(['T001']);
  });

  test('ids that stand there twice are told with their lines', () => {
    expect(findDuplicates(parse('- [ ] T001 a\n- [ ] T002 b\n- [x] T001 c\n'))).toEqual([{ id: 'T001', lines: [1, 3] }]);
  });

  test('the mark is the byte between the brackets, in every mixture of lines', () => {
    const Line = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.constantFrom('```', '~~~', '<!--', '-->', '', '\r', '- [ ] T001 é', '  - [x] T002 [P] \u{1f600}', '* [X] T003', '1) [ ] T004'),
    );
    fc.assert(
      fc.property(fc.array(Line, { maxLength: 30 }), fc.constantFrom('\n', '\r\n'), (lines, ending) => {
        const bytes = Buffer.from(lines.join(ending));
        const tasks = parseTasks(bytes);
        for (const { mark, done, line, id } of tasks) {
          expect(String.fromCharCode(...bytes.subarray(mark - 1, mark + 2))).toMatch(done ? /^\[[xX]\]$/ : /^\[ \]$/);
          expect(bytes.toString('latin1').split('\n')[line - 1]).toContain(id);
          // Setting it changes one byte and this task alone.
          const other = Buffer.from(bytes);
          other[mark] = done ? 32 : 120;
          expect(parseTasks(other)).toEqual(tasks.map((task) => (task.mark === mark ? { ...task, done: !done } : task)));
        }
      }),
      { numRuns: 500 },
    );
  });

  test('time grows with the size, whatever is written: 4 MiB of the worst are read in seconds', () => {
    const SIZE = 4 * 2 ** 20;
    for (const piece of [
      '- [ ',
      ' \t',
      '- [ ] ',
      '[P] ',
      '- [ ] T001 [P] ',
      '`',
      '~',
      '<!--',
      '1',
      '- ',
      '\n',
      '- [ ] T001\n',
      '<!--\n',
      '```\n',
      '- [ ] T1 [P',
      `- [ ] T001 ${' '.repeat(900)}`,
    ]) {
      const bytes = Buffer.from(piece.repeat(Math.ceil(SIZE / piece.length)).slice(0, SIZE));
      const begun = performance.now();
      findDuplicates(parseTasks(bytes));
      // A hundredth of it would be usual; what is not linear takes hours.
      expect(performance.now() - begun, JSON.stringify(piece.slice(0, 20))).toBeLessThan(20_000);
    }
  });
});

describe('output as it is told', () => {
  test('nothing in it moves a cursor, changes a colour, or begins a line that is none', () => {
    expect(cleanText('\x1b[31mred\x1b[0m \x1b]0;title\x07x\x1b]8;;http://evil\x1b\\link\x1b(B\x9b2Jy\r\nz\rover\x00\u202e\u2028')).toBe(
      'red xlinkB2Jy\nzover'.replace('linkB', 'link'),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(200), (bytes, at) => {
        const cleaner = new OutputCleaner();
        const text = cleaner.clean(Buffer.from(bytes.subarray(0, at))) + cleaner.clean(Buffer.from(bytes.subarray(at))) + cleaner.end();
        expect(text).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2028\u2029]/);
      }),
    );
  });

  test('a character that two pieces share stays whole', () => {
    const cleaner = new OutputCleaner();
    const bytes = Buffer.from('é\u{1f600}');
    let text = '';
    for (const byte of bytes) text += cleaner.clean(Buffer.from([byte]));
    expect(text + cleaner.end()).toBe('é\u{1f600}');
  });

  test('time grows with the size', () => {
    for (const piece of ['\x1b[', '\x1b]', '\x1b[1;', '\x1b', '\x1b[ ', '\x1b]x\x1b']) {
      const begun = performance.now();
      cleanText(piece.repeat(200_000));
      expect(performance.now() - begun, JSON.stringify(piece)).toBeLessThan(20_000);
    }
  });
});

test("the template of Spec-Kit's tasks is read as people read it", () => {
  const text = readFileSync(new URL('spec-kit-tasks.md', import.meta.url), 'utf8');
  const tasks = parse(text);
  expect(tasks.map(({ id }) => id)).toEqual(['T001', 'T002', 'T003', 'T010', 'T011', 'T012', 'T012a']);
  expect(tasks.filter(({ parallel }) => parallel).map(({ id }) => id)).toEqual(['T003', 'T010', 'T011']);
  expect(tasks.filter(({ story }) => story === 'US1').map(({ id }) => id)).toEqual(['T010', 'T011', 'T012', 'T012a']);
});
