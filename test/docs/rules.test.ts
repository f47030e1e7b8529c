import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { RULES, type Rule } from '../../compiler/diagnostics/catalogue.ts';
import { understand } from '../../compiler/understand.ts';
import { examplesOf, writeRulePage } from './rule-page.ts';

const FOLDER = new URL('../../docs/rules/', import.meta.url);
const slugs = Object.keys(RULES) as Rule[];

test('there is a page for every rule, and no other', () => {
  expect(readdirSync(FOLDER).sort()).toEqual(slugs.map((slug) => `${slug}.md`).sort());
});

describe.each(slugs)('%s', (slug) => {
  test('its page is what `node test/docs/write-rule-pages.ts` writes', () => {
    const page = new URL(`${slug}.md`, FOLDER);
    expect(existsSync(page) && readFileSync(page, 'utf8')).toBe(writeRulePage(slug));
  });

  test('its wrong example is found, its right one is not', () => {
    const examples = examplesOf(slug);
    const rulesOf = (text: string): string[] => understand([{ file: 'policy.yaml', text }]).diagnostics.map(({ rule }) => rule);
    expect(examples === null ? slug : rulesOf(examples.wrong)).toEqual(examples === null ? slug : [slug]);
    expect(examples === null ? [] : rulesOf(examples.right)).toEqual([]);
  });
});

test('only what no small file can show has no example', () => {
  expect(slugs.filter((slug) => examplesOf(slug) === null)).toEqual(['too-large']);
});
