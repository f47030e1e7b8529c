import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Policyd } from '../e2e/policyd.ts';
import { Upstream } from '../upstreams/upstream.ts';
import { type Block, findMissing, readBlocks } from './read-blocks.ts';

/** `docs/clients.md` does what it says: its policy serves, its programs run as they stand, against the outputs beside them. */
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BLOCKS = readBlocks('docs/clients.md');
const PROGRAMS = BLOCKS.map((block, at) => ({ block, said: BLOCKS[at + 1] })).filter(
  ({ block }) => block.language === 'js' || (block.language === 'sh' && block.kind === ''),
);

let upstream: Upstream;
let policyd: Policyd;
let folder: string;

beforeAll(async () => {
  const models = ['qwen3', 'nomic-embed-text'];
  upstream = await Upstream.start({ models, resident: models });
  const policy = BLOCKS.filter(({ language }) => language === 'yaml');
  expect(policy).toHaveLength(1);
  policyd = await Policyd.start(policy[0].text, { env: { OLLAMA_URL: upstream.url } });
  // Inside the checkout, so that programs find the clients.
  folder = mkdtempSync(join(ROOT, 'node_modules', '.clients-'));
});
afterAll(async () => {
  await policyd.stop();
  await upstream.stop();
  rmSync(folder, { recursive: true, force: true });
});

function run(command: string, args: readonly string[], env: Record<string, string> = {}): Promise<{ code: number; output: string }> {
  const child = spawn(command, args, { cwd: folder, env: { PATH: process.env.PATH, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (part: string) => (output += part));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code: code ?? -1, output })));
}

const adapt = (text: string): string => text.replaceAll('http://127.0.0.1:8080', policyd.url);

function runBlock({ language, text, line }: Block): Promise<{ code: number; output: string }> {
  if (language === 'sh') return run('sh', ['-c', adapt(text).replace(/^curl/, `node ${join(ROOT, 'test/docs/curl.js')}`)]);
  writeFileSync(join(folder, `block-${line}.mjs`), adapt(text));
  return run(process.execPath, [`block-${line}.mjs`]);
}

test('the page has programs, each with its output beside it', () => {
  expect(PROGRAMS).toHaveLength(6);
  for (const { said } of PROGRAMS) expect(said.language).toBe('text');
});

test.each(PROGRAMS)('the program at line $block.line', async ({ block, said }) => {
  const { code, output } = await runBlock(block);
  expect(code, output).toBe(0);
  expect(findMissing(said.text, output), output).toEqual([]);
});

test('what Claude Code is told lets the SDK that it is built on reach both of its models', async () => {
  const told = BLOCKS.find(({ text }) => text.includes('ANTHROPIC_BASE_URL'))!;
  const env = Object.fromEntries([...adapt(told.text).matchAll(/^export (\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]));
  for (const name of ['ANTHROPIC_MODEL', 'ANTHROPIC_DEFAULT_HAIKU_MODEL']) {
    const program = `
      import Anthropic from '@anthropic-ai/sdk';
      const ask = { model: process.env.${name}, max_tokens: 4000, thinking: { type: 'enabled', budget_tokens: 2000 }, messages: [{ role: 'user', content: 'hi' }] };
      console.log((await new Anthropic().beta.messages.create({ ...ask, betas: ['context-management-2025-06-27'] })).stop_reason);`;
    writeFileSync(join(folder, 'claude.mjs'), program);
    const { code, output } = await run(process.execPath, ['claude.mjs'], env);
    expect(output, String(code)).toMatch(/^end_turn$/m);
  }
});
