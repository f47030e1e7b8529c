import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readMcpConfig } from '../../runtime/orchestrator/context/mcp/read-mcp-config.ts';
import { compileText } from '../e2e/policyd.ts';
import { findFreePort } from './find-free-port.ts';
import { readBlocks } from './read-blocks.ts';
import { runPage } from './run-page.ts';
import { Shell } from './shell.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PATH = `${dirname(process.execPath)}:${join(ROOT, 'node_modules/.bin')}:${process.env.PATH ?? ''}`;
const PAGE = 'docs/context.md';

let folder: string;
let shell: Shell;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'policyc-context-'));
  // Nobody answers there, as the page says.
  shell = new Shell(folder, { PATH });
});
afterEach(async () => {
  await shell.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('documents are taken in, found and taken out, as the page says', { timeout: 300_000 }, async () => {
  const [port, nobody] = [await findFreePort(), await findFreePort()];
  const adapt = (text: string): string =>
    text.replaceAll('18767', port).replace('type: ollama,', `type: ollama, url: "http://127.0.0.1:${nobody}",`);
  expect(await runPage(PAGE, shell, adapt)).toBe(3);
});

test('the policy and the file of servers that it shows are right', async () => {
  const [policy] = readBlocks(PAGE).filter(({ language }) => language === 'yaml');
  await compileText(`backends: { w: { type: ollama, models: { nomic-embed-text: { capabilities: [embeddings] } } } }\n${policy.text}`);
  const [servers] = readBlocks(PAGE).filter(({ language }) => language === 'json');
  const file = join(folder, 'mcp.json');
  writeFileSync(file, servers.text);
  expect(readMcpConfig(file, { HOME: '/root', WIKI_KEY: 'key-of-the-wiki' }).servers.map(({ name }) => name)).toEqual(['memory', 'wiki']);
});

test('every metric that it names is one', () => {
  const page = readFileSync(join(ROOT, PAGE), 'utf8');
  const meter = readFileSync(join(ROOT, 'runtime/orchestrator/context/context-meter.ts'), 'utf8');
  const told = [...page.matchAll(/`(policyd_context_\w+)`/g)].map(([, name]) => name).sort();
  expect(told).toEqual([...meter.matchAll(/'(policyd_context_\w+)'/g)].map(([, name]) => name).sort());
});
