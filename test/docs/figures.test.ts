import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
const measured = readFileSync(join(ROOT, 'docs/benchmarks.md'), 'utf8');

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
  for (const page of ['README.md', 'docs/quickstart.md', 'docs/policy.md', 'docs/ci.md', 'docs/architecture.md', 'docs/prices.md']) {
    const links = [...readFileSync(join(ROOT, page), 'utf8').matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, to]) => to);
    for (const to of links) expect(existsSync(join(ROOT, page, '..', to)), `${page}: ${to}`).toBe(true);
  }
});
