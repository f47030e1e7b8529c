import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import testsSchema from '../../schema/tests.schema.json' with { type: 'json' };
import { readTests } from '../../compiler/cli/read-tests.ts';
import { readSources } from '../../compiler/cli/sources.ts';
import { loadCandidate } from '../../compiler/trial/load-candidate.ts';
import { runTests } from '../../compiler/trial/run-tests.ts';
import { understand } from '../../compiler/understand.ts';
import { readBlocks } from './read-blocks.ts';
import { runPage } from './run-page.ts';
import { Shell } from './shell.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PAGE = 'docs/testing.md';

test('the tests on the page pass on the shipped policy', async () => {
  const [block] = readBlocks(PAGE).filter(({ language, kind }) => language === 'yaml' && kind === '');
  const { set } = understand(await readSources(['policies'], { cwd: ROOT, stdin: process.stdin }));
  const { tests, diagnostics } = await readTests([{ file: 'policies/page.test.yaml', text: block.text }], set);
  expect(diagnostics).toEqual([]);
  expect(tests).toHaveLength((parse(block.text) as { tests: unknown[] }).tests.length);
  expect(runTests(await loadCandidate(set!), tests).filter(({ passed }) => !passed)).toEqual([]);
});

test('the commands on the page do what it says', async () => {
  const compared = await runPage(PAGE, new Shell(ROOT, {}), (text) => text);
  expect(compared).toBe(2);
}, 900_000);

test('the page names every key of a test', async () => {
  const text = readBlocks(PAGE).length > 0 ? (await import('node:fs')).readFileSync(`${ROOT}${PAGE}`, 'utf8') : '';
  const { properties } = testsSchema.properties.tests.items;
  const keys = [...Object.keys(properties), ...Object.keys(properties.given.properties), ...Object.keys(properties.expect.properties)];
  expect(keys.filter((key) => !text.includes(key))).toEqual([]);
});
