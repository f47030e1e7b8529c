import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { BACKEND_TYPES } from '../../schema/vocabulary.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
const measured = readFileSync(join(ROOT, 'docs/benchmarks.md'), 'utf8');

/** Every page for readers, by its path from the root. */
const PAGES = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.md'))
  .map((name) => `docs/${name.replaceAll('\\', '/')}`);

const rows = readme
  .split('\n## Figures\n')[1]
  .split('\n## ')[0]
  .split('\n')
  .filter((line) => /^\| [^|]+ \| .*\d/.test(line))
  .map((line) => line.split('|').map((cell) => cell.trim()));

test('the front page has figures', () => {
  expect(rows.length).toBeGreaterThan(3);
});

test.each(rows)('%s%s: %s was measured, by a bench that is there', (_, _what, figures, command) => {
  for (const figure of figures.match(/\d[\d,.]*\d|\d/g)!)
    expect(measured).toMatch(new RegExp(`(?<![\\d.])${figure.replaceAll('.', '\\.')}(?![\\d]|\\.\\d)`));
  const bench = /^`npm run bench -- ([a-z]+)`$/.exec(command)![1];
  expect(existsSync(join(ROOT, 'test/bench', `${bench}.ts`))).toBe(true);
});

/** What GitHub makes of the headings of a page, so that links can lead there. */
const headingsOf = (path: string): string[] =>
  [...readFileSync(path, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, words]) =>
    words
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );

test('links to files of the project lead somewhere, and to headings that are there', () => {
  expect(PAGES.length).toBeGreaterThan(70);
  for (const page of ['README.md', ...PAGES]) {
    const links = [...readFileSync(join(ROOT, page), 'utf8').matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)/g)];
    for (const [link, to, heading] of links) {
      const path = to === '' ? join(ROOT, page) : join(ROOT, page, '..', to);
      expect(existsSync(path), `${page}: ${link}`).toBe(true);
      if (heading !== undefined) expect(headingsOf(path), `${page}: ${link}`).toContain(heading);
    }
  }
});

test('the index leads to every page, the tutorial first', () => {
  const links = [...readFileSync(join(ROOT, 'docs/README.md'), 'utf8').matchAll(/\]\(([^)#]+)\)/g)].map(([, to]) => `docs/${to}`);
  expect(links[0]).toBe('docs/tutorial.md');
  const own = PAGES.filter((page) => page.split('/').length === 2 && page !== 'docs/README.md');
  expect(own.filter((page) => !links.includes(page))).toEqual([]);
});

test('every reference of the comparison is defined, and every definition used', () => {
  const page = readFileSync(join(ROOT, 'docs/comparison.md'), 'utf8');
  const used = new Set([...page.matchAll(/\]\[([^\]]+)\]/g)].map(([, name]) => name));
  const defined = [...page.matchAll(/^\[([^\]]+)\]: https:\/\//gm)].map(([, name]) => name);
  expect(defined.length).toBeGreaterThan(40);
  expect(new Set(defined)).toEqual(used);
});

test('the comparison counts the types of backends', () => {
  const page = readFileSync(join(ROOT, 'docs/comparison.md'), 'utf8');
  expect(BACKEND_TYPES).toHaveLength(8);
  expect([...page.matchAll(/\b(\w+) types of backends/gi)].map(([, count]) => count.toLowerCase())).toEqual(['eight', 'eight']);
});

test('the comparison has the figures of the benchmarks', () => {
  const speed = readFileSync(join(ROOT, 'docs/comparison.md'), 'utf8').split('\n## Speed\n')[1].split('\n## ')[0];
  const ours = [
    ...speed.matchAll(/served ([\d.]+) times|and ([\d.]+) of those|took `[^`]+` (\d+) times|casbin (\d+) times|bound of ([\d.]+)/g),
  ];
  const figures = ours.map((found) => found.slice(1).find((figure) => figure !== undefined)!);
  expect(figures).toHaveLength(5);
  for (const figure of figures) expect(measured).toMatch(new RegExp(`(?<![\\d.])${figure.replace('.', '\\.')}(?![\\d])`));
});
