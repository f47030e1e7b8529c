import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { findFreePort } from '../docs/find-free-port.ts';
import { makeFreshCopy } from '../docs/fresh-copy.ts';
import { readBlocks } from '../docs/read-blocks.ts';
import { runPage } from '../docs/run-page.ts';
import { Shell } from '../docs/shell.ts';
import { Upstream } from '../upstreams/upstream.ts';

let copy: string;
let upstream: Upstream;
let shell: Shell;

beforeAll(async () => {
  copy = makeFreshCopy();
  const models = ['llama3.2', 'qwen2.5-coder', 'nomic-embed-text'];
  upstream = await Upstream.start({ models, resident: models });
});
afterEach(() => shell.stop());
afterAll(async () => {
  await upstream.stop();
  rmSync(copy, { recursive: true, force: true });
});

test('the quickstart does what it says, in a fresh copy', { timeout: 600_000 }, async () => {
  const port = await findFreePort();
  shell = new Shell(copy, { OLLAMA_URL: upstream.url });
  expect(await runPage('docs/quickstart.md', shell, (text) => text.replaceAll('8080', port))).toBeGreaterThan(5);
  expect(upstream.calls.length).toBe(1);
});

test('the front page does what it says', { timeout: 600_000 }, async () => {
  const port = await findFreePort();
  shell = new Shell(copy, { OLLAMA_URL: upstream.url, POLICYD_PORT: port });
  expect(await runPage('README.md', shell, (text) => text.replaceAll('8080', port))).toBeGreaterThan(1);
});

test('the front page shows the policy and the router that are there', () => {
  const quotes = readBlocks('README.md').filter(({ language }) => language === 'yaml' || language === 'ts');
  expect(quotes.map(({ kind }) => kind)).toEqual(['policies/traffic.yaml', 'generated/router.ts']);
  for (const { kind, text } of quotes) expect(readFileSync(join(copy, kind), 'utf8'), kind).toContain(text);
});
