import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readSources } from '../compiler/cli/sources.ts';
import { RULES } from '../compiler/diagnostics/catalogue.ts';
import type { Diagnostic } from '../compiler/diagnostics/diagnostic.ts';
import { understand } from '../compiler/understand.ts';

/**
 * A sample is a folder: `input/` is the policy, `expected.json` every finding it must give, no more and no fewer. A folder named
 * after a rule shows that rule; those under `silent/` must give none.
 */
const SAMPLES = fileURLToPath(new URL('samples/', import.meta.url));

interface Expected {
  readonly rule: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

const slugs = readdirSync(SAMPLES).filter((name) => name !== 'silent' && !name.endsWith('.md'));
const silent = readdirSync(join(SAMPLES, 'silent'));

describe('samples', () => {
  it.each(slugs)('%s', async (slug) => {
    const expected = JSON.parse(readFileSync(join(SAMPLES, slug, 'expected.json'), 'utf8')) as Expected[];
    const found = await findIn(join(SAMPLES, slug, 'input'));
    expect(found.map(shorten)).toEqual(expected);
    for (const { help } of found) expect(help).not.toBe('');
    for (const { rule, severity } of found) expect(RULES[rule].severity).toBe(severity);
    if (slug in RULES) expect(found.map(({ rule }) => rule)).toContain(slug);
  });

  it('every rule has one', () => {
    expect(slugs).toEqual(expect.arrayContaining(Object.keys(RULES)));
  });

  it('seven mistakes are seven findings', async () => {
    const found = await findIn(join(SAMPLES, 'seven-mistakes', 'input'));
    expect(found).toHaveLength(7);
  });

  it.each(silent)('silent: %s', async (name) => {
    const found = await findIn(join(SAMPLES, 'silent', name, 'input'));
    expect(found.map(shorten)).toEqual([]);
  });
});

async function findIn(folder: string): Promise<readonly Diagnostic[]> {
  const sources = await readSources(['.'], { cwd: folder, stdin: process.stdin });
  expect(sources.length).toBeGreaterThan(0);
  return understand(sources).diagnostics;
}

function shorten({ rule, message, place }: Diagnostic): Expected {
  return { rule, file: place.file, line: place.line, column: place.column, message };
}
