import { expect, test } from 'vitest';
import { toRegExp, refuseGlob } from '../../../compiler/resolve/glob.ts';
import { compileCheck } from '../../../runtime/http/compile-check.ts';
import { readJson } from '../../../runtime/http/read-json.ts';
import { MAX_MODEL_BYTES } from '../../../runtime/intent/request-body.ts';
import { prepareText } from '../../../runtime/orchestrator/context/preparation/prepare-text.ts';
import { readBlocks } from '../../../runtime/orchestrator/context/preparation/read-blocks.ts';
import { readTerms } from '../../../runtime/orchestrator/context/preparation/read-terms.ts';
import { parseTasks } from '../../../runtime/orchestrator/spec-kit/parse-tasks.ts';
import { Redactor } from '../../../runtime/telemetry/redact.ts';

/** Characters of the longer text: as many as a document may have. */
const LONG = 1 << 20;
/** What twice the text may cost, of what the text did: linear is 2, quadratic 4 and with backtracking far more; collections of memory and a neighbour make it uneven. */
const MOST = 3.2;
/** Ms of the processor that are too few to be compared. */
const LITTLE = 60;

/** Each makes a text that patterns for headings, fences, words, keys and names try again and again. */
const TEXTS: Readonly<Record<string, (size: number) => string>> = {
  'a heading of blanks': (size) => `# a${' '.repeat(size)}x`,
  'a heading of blanks and marks': (size) => `# a${' #'.repeat(size / 2)}x`,
  'a heading of marks': (size) => `# ${'#'.repeat(size)}x`,
  'tabs and blanks': (size) => '\t '.repeat(size / 2),
  'a fence that never ends': (size) => `${'`'.repeat(size)}x`,
  fences: (size) => '```\n~~~\n'.repeat(size / 8),
  'lists in lists': (size) => `${'- '.repeat(size / 2)}[ ] T001`,
  'tasks that are none': (size) => '- [ ] T00\n'.repeat(size / 10),
  'comments that never end': (size) => '<!--'.repeat(size / 4),
  'line ends': (size) => '\n'.repeat(size),
  'carriage returns': (size) => '\r'.repeat(size),
  'one letter': (size) => 'a'.repeat(size),
  humps: (size) => 'aB'.repeat(size / 2),
  underscores: (size) => '_'.repeat(size),
  plurals: (size) => 'ssesies '.repeat(size / 8),
  'marks on a letter': (size) => `a${'\u0301'.repeat(size)}`,
  Chinese: (size) => '汉'.repeat(size),
  'halves of pairs': (size) => '\ud800'.repeat(size),
  Bearer: (size) => 'Bearer '.repeat(size / 7),
  'Bearer and blanks': (size) => `Bearer${' '.repeat(size)}`,
  'beginnings of keys': (size) => 'sk-AIza'.repeat(size / 7),
  quotes: (size) => '\\"'.repeat(size / 2),
  braces: (size) => '{"a":['.repeat(size / 6),
  'a name with a wrong end': (size) => `${'a-'.repeat(size / 2)}!`,
};

const redactor = new Redactor();
redactor.add(['aaaaaaaaaaaaaaab', 'sk-AIzask-AIzask-x']);
const NAMES = [
  '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$',
  '^[A-Za-z0-9][A-Za-z0-9._/:@-]*$',
  '^[A-Za-z0-9][-A-Za-z0-9_.]*$',
  '^[^\\u0000-\\u0020\\u007f]+$',
];
const check = compileCheck(
  { type: 'object', properties: Object.fromEntries(NAMES.map((pattern, at) => [at, { type: 'string', pattern }])) },
  'body',
);

/** What looks at a text that somebody else wrote. */
const READERS: Readonly<Record<string, (text: string) => unknown>> = {
  'the blocks of a document': readBlocks,
  'the terms of a text': readTerms,
  'the tasks of a file': (text) => parseTasks(Buffer.from(text, 'latin1')),
  'the redactor': (text) => redactor.redact(text),
  'the shapes of bodies': (text) => check({ 0: text, 1: text, 2: text, 3: text }),
  'the reader of bodies': (text) => {
    try {
      return readJson(Buffer.from(text));
    } catch {
      return null;
    }
  },
};

/** Ms of the processor, the least of some: what else the process does comes on top. */
function measure(read: (text: string) => unknown, text: string): number {
  let least = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < 3; tries++) {
    const before = process.cpuUsage();
    read(text);
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / 1e3);
    if (least > 10 * LITTLE) break;
  }
  return least;
}

/** From short to long, so that what explodes is told before it holds the test for an hour. */
function judge(read: (text: string) => unknown, make: (size: number) => string, long: number): string | null {
  let before = measure(read, make(long / 64));
  for (let size = long / 32; size <= long; size *= 2) {
    const now = measure(read, make(size));
    if (now > LITTLE && now > MOST * Math.max(before, LITTLE / 2)) return `${size / 2} characters: ${before} ms, ${size}: ${now} ms`;
    before = now;
  }
  return null;
}

test.each(Object.entries(READERS))('%s: a text twice as long takes about twice the time', { timeout: 300_000 }, (_name, read) => {
  const wrong = Object.entries(TEXTS).map(([name, make]) => [name, judge(read, make, LONG)]);
  expect(wrong.filter(([, found]) => found !== null)).toEqual([]);
});

test('a document is made ready for the search in a time that grows with it', { timeout: 300_000 }, () => {
  const wrong = Object.entries(TEXTS).map(([name, make]) => [name, judge(prepareText, make, LONG / 32)]);
  expect(wrong.filter(([, found]) => found !== null)).toEqual([]);
});

test('globs of a policy: those that explode are refused, and a name is too short for the others', { timeout: 120_000 }, () => {
  for (const glob of ['(a|a)*b', '+(a)', '@(a|ab)*', '*a*a*a*b', '[a-z]+', '{a,b}+x'])
    expect([glob, refuseGlob(glob)]).not.toEqual([glob, null]);
  for (const glob of ['*a*b', '*a*a*b', '{*a,*b}c', '?????*b', '[a-z]*[a-z]*!', '**/a/**/b']) {
    expect([glob, refuseGlob(glob)]).toEqual([glob, null]);
    const pattern = new RegExp(toRegExp(glob));
    const spent = measure((name) => pattern.test(name), 'a'.repeat(MAX_MODEL_BYTES));
    const twice = measure((name) => pattern.test(name), 'a'.repeat(2 * MAX_MODEL_BYTES));
    expect([glob, twice < LITTLE || twice < 5 * spent]).toEqual([glob, true]);
  }
});
