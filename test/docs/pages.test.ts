import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findFreePort } from './find-free-port.ts';
import { makeFreshCopy } from './fresh-copy.ts';
import { readBlocks } from './read-blocks.ts';
import { runPage } from './run-page.ts';
import { Shell } from './shell.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PATH = `${dirname(process.execPath)}:${join(ROOT, 'node_modules/.bin')}:${process.env.PATH ?? ''}`;

let folder: string;
let shell: Shell;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'policyc-page-'));
});
afterEach(async () => {
  await shell.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('docs/diff.md: what it says of the change is what comes out', { timeout: 60_000 }, async () => {
  shell = new Shell(folder, { PATH });
  expect(await runPage('docs/diff.md', shell, (text) => text)).toBe(1);
});

test('docs/signing.md: keys are made, artifacts are signed, checked and served', { timeout: 120_000 }, async () => {
  rmSync(folder, { recursive: true, force: true });
  folder = makeFreshCopy();
  const port = await findFreePort();
  shell = new Shell(folder, { PATH });
  expect(await runPage('docs/signing.md', shell, (text) => text.replaceAll('18765', port))).toBe(2);
});

test('docs/what-is-proven.md: compiling says what was looked at', { timeout: 120_000 }, async () => {
  rmSync(folder, { recursive: true, force: true });
  folder = makeFreshCopy();
  shell = new Shell(folder, { PATH });
  expect(await runPage('docs/what-is-proven.md', shell, (text) => text)).toBe(1);
});

test('docs/how-the-compiler-works.md: the lines that it shows are there', async () => {
  shell = new Shell(folder, { PATH });
  const quotes = readBlocks('docs/how-the-compiler-works.md').filter(({ language }) => language === 'yaml' || language === 'ts');
  expect(quotes.map(({ kind }) => kind)).toEqual(['policies/traffic.yaml', 'generated/router.ts']);
  for (const { kind, text } of quotes) expect(readFileSync(join(ROOT, kind), 'utf8'), kind).toContain(text);
});

test('docs/limits.md: a refusal stands in the audit log', { timeout: 180_000 }, async () => {
  const port = await findFreePort();
  shell = new Shell(folder, { PATH });
  expect(await runPage('docs/limits.md', shell, (text) => text.replaceAll('18781', port))).toBe(1);
});
