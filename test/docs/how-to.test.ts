import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compile } from '../../compiler/compile.ts';
import { Policyd, writeArtifact } from '../e2e/policyd.ts';
import { Cluster, POSTGRES_BIN } from '../exams/jobs/cluster.ts';
import { Upstream } from '../upstreams/upstream.ts';
import { findFreePort } from './find-free-port.ts';
import { readBlocks } from './read-blocks.ts';
import { runPage } from './run-page.ts';
import { Shell } from './shell.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PATH = `${dirname(process.execPath)}:${join(ROOT, 'node_modules/.bin')}:${process.env.PATH ?? ''}`;

let folder: string;
let shell: Shell;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'policyc-how-to-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the index has a line for each page', () => {
  const index = readFileSync(join(ROOT, 'docs/how-to/README.md'), 'utf8');
  const links = [...index.matchAll(/^- \[[^\]]+\]\(([^)#]+)/gm)].map(([, page]) => page);
  expect(links).toEqual(expect.arrayContaining(readdirSync(join(ROOT, 'docs/how-to')).filter((name) => name !== 'README.md')));
});

describe('servers behind it', () => {
  const PAGES = ['docs/how-to/ollama.md', 'docs/how-to/vllm.md'];
  let ollama: Upstream;
  let vllm: Upstream;
  let policyd: Policyd;

  /** The policies of the pages are one policy here, served by one policyd. */
  beforeAll(async () => {
    ollama = await Upstream.start({ models: ['llama3.2', 'nomic-embed-text'], resident: [] });
    vllm = await Upstream.start({ models: ['qwen3'], key: 'of-the-rack' });
    const blocks = PAGES.flatMap((page) => readBlocks(page).filter(({ language }) => language === 'yaml'));
    expect(blocks).toHaveLength(2);
    const { artifact, diagnostics } = await compile(blocks.map(({ text }, at) => ({ file: `policies/${at}.yaml`, text })));
    expect(diagnostics).toEqual([]);
    writeArtifact(join(folder, 'servers'), artifact!.files);
    const env = { OLLAMA_URL: ollama.url, VLLM_URL: `${vllm.url}/v1`, VLLM_KEY: 'of-the-rack' };
    policyd = await Policyd.run(folder, join(folder, 'servers'), { env });
  }, 120_000);
  afterAll(async () => {
    await policyd.stop();
    await ollama.stop();
    await vllm.stop();
  });

  test.each(PAGES)('%s: the server is reached as the page says', { timeout: 60_000 }, async (page) => {
    expect(await runPage(page, new Shell(folder, {}), (text) => text.replaceAll('http://127.0.0.1:8080', policyd.url))).toBe(1);
  });

  test('Ollama is asked for the window that its model declares', () => {
    expect(ollama.calls).toHaveLength(1);
    expect([ollama.calls[0].path, JSON.parse(ollama.calls[0].body.toString()).options.num_ctx]).toEqual(['/api/chat', 8_000]);
  });

  test('vLLM is shown its key', () => {
    expect(vllm.calls.map(({ path, headers }) => [path, headers.authorization])).toEqual([['/v1/chat/completions', 'Bearer of-the-rack']]);
  });
});

describe.skipIf(POSTGRES_BIN === null)('several replicas (skipped where there is no PostgreSQL)', () => {
  let cluster: Cluster;
  let cloud: Upstream;
  beforeAll(async () => {
    cluster = await Cluster.start();
    cloud = await Upstream.start({ models: ['gpt-5-mini'] });
  }, 120_000);
  afterAll(async () => {
    await shell.stop();
    await cluster.remove();
    await cloud.stop();
  }, 120_000);

  test('what is spent at one is seen at the other', { timeout: 300_000 }, async () => {
    const ports = [await findFreePort(), await findFreePort()];
    shell = new Shell(folder, { PATH, CLOUD_URL: cloud.url, OPENAI_API_KEY: 'none' });
    const changes = { 'postgres://postgres@127.0.0.1:5432/postgres': cluster.url, 'npx ': '', 18791: ports[0], 18792: ports[1] };
    const adapt = (text: string): string => Object.entries(changes).reduce((all, [from, to]) => all.replaceAll(from, to), text);
    expect(await runPage('docs/how-to/replicas.md', shell, adapt)).toBe(2);
    expect(cloud.calls).toHaveLength(1);
  });
});
