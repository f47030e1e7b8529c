import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
const measured = readFileSync(join(ROOT, 'docs/benchmarks.md'), 'utf8');

const PAGES = [
  ...['quickstart', 'policy', 'testing', 'clients', 'ci', 'prices', 'diff', 'signing', 'benchmarks'],
  ...['architecture', 'how-the-compiler-works', 'what-is-proven', 'how-money-is-kept-safe', 'comparison'],
];

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

test('links to files of the project lead somewhere', () => {
  for (const page of ['README.md', ...PAGES.map((name) => `docs/${name}.md`)]) {
    const links = [...readFileSync(join(ROOT, page), 'utf8').matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, to]) => to);
    for (const to of links) expect(existsSync(join(ROOT, page, '..', to)), `${page}: ${to}`).toBe(true);
  }
});

test('every reference of the comparison is defined, and every definition used', () => {
  const page = readFileSync(join(ROOT, 'docs/comparison.md'), 'utf8');
  const used = new Set([...page.matchAll(/\]\[([^\]]+)\]/g)].map(([, name]) => name));
  const defined = [...page.matchAll(/^\[([^\]]+)\]: https:\/\//gm)].map(([, name]) => name);
  expect(defined.length).toBeGreaterThan(40);
  expect(new Set(defined)).toEqual(used);
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
