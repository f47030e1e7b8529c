import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { McpServers } from '../../../runtime/orchestrator/context/mcp/mcp-servers.ts';
import { McpSession } from '../../../runtime/orchestrator/context/mcp/mcp-session.ts';
import { readMcpConfig } from '../../../runtime/orchestrator/context/mcp/read-mcp-config.ts';
import { findFreePort } from '../../docs/find-free-port.ts';
import { EmbeddingUpstream } from '../../vectors/embedding-upstream.ts';
import { Policyd, until } from '../policyd.ts';

// The servers are those of npm, as they are: a busy machine takes its time to start them.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });
const WAIT = 120_000;

const serverFile = (name: string): string =>
  fileURLToPath(new URL(`../../../node_modules/@modelcontextprotocol/${name}/dist/index.js`, import.meta.url));
const MEMORY = serverFile('server-memory');
const EVERYTHING = serverFile('server-everything');

let folder: string;
const closing: (() => Promise<unknown> | unknown)[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'policyd-mcp-'));
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  rmSync(folder, { recursive: true, force: true });
});

function write(servers: object): string {
  const file = join(folder, 'mcp.json');
  writeFileSync(file, JSON.stringify({ mcpServers: servers }));
  return file;
}

const memory = (): object => ({
  command: process.execPath,
  args: [MEMORY],
  env: { MEMORY_FILE_PATH: join(folder, 'memory.jsonl') },
  search: { tool: 'search_nodes', argument: 'query', results: 'entities' },
  notify: {
    tool: 'create_entities',
    arguments: { entities: [{ name: '{{feature}}/{{task_id}}', entityType: 'task', observations: ['is {{status}}'] }] },
  },
  resources: {},
});

function session(servers: object): McpSession {
  const [config] = readMcpConfig(write(servers), process.env).servers;
  const opened = new McpSession(config, pino({ level: 'silent' }), () => {});
  closing.push(() => opened.close());
  opened.begin();
  return opened;
}

async function everything(port: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [EVERYTHING, 'streamableHttp'], {
    env: { ...process.env, PORT: port },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => (said += part.toString('utf8')));
  closing.push(() => child.kill('SIGKILL'));
  await until(() => said.includes('listening'), 'the server', WAIT);
  return child;
}

/** The programs that a process started. */
function childrenOf(pid: number): number[] {
  return execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .filter(([, parent]) => parent === pid)
    .map(([child]) => child);
}

test('over standard streams: tools are listed and called; killed in the middle, the server is started again', async () => {
  const before = childrenOf(process.pid);
  const mcp = session({ memory: memory() });
  await until(() => mcp.isConnected, 'a connection', WAIT);
  expect([...mcp.tools]).toContain('search_nodes');
  await mcp.call('create_entities', { entities: [{ name: 'router', entityType: 'part', observations: ['decides'] }] });
  const [child] = childrenOf(process.pid).filter(
    (pid) => !before.includes(pid) && readIfThere(`/proc/${pid}/cmdline`)?.includes('server-memory'),
  );
  process.kill(child, 'SIGKILL');
  await until(() => !mcp.isConnected, 'the loss', WAIT);
  expect(mcp.reason).not.toBeNull();
  await expect(mcp.call('read_graph', {})).rejects.toThrow(/`memory` is away/);
  await until(() => mcp.isConnected, 'another connection', WAIT);
  const answer = await mcp.call('search_nodes', { query: 'router' });
  expect(JSON.stringify(answer.content)).toContain('decides');
  await expect(mcp.call('no_such_tool', {})).rejects.toThrow(/no_such_tool/);
});

test('over streamable HTTP: a server that comes back does not know the session, and is asked again in a new one', async () => {
  const port = await findFreePort();
  const first = await everything(port);
  const mcp = session({ everything: { url: `http://127.0.0.1:${port}/mcp`, timeout: 20_000 } });
  await until(() => mcp.isConnected, 'a connection', WAIT);
  const echo = async (message: string): Promise<string> => JSON.stringify((await mcp.call('echo', { message })).content);
  expect(await echo('hello')).toContain('hello');
  first.kill('SIGKILL');
  await new Promise((resolve) => first.once('exit', resolve));
  await everything(port);
  // Nobody noticed yet, or the loss was: the call itself is made good, or the next one is.
  const again = await until(() => echo('again').catch(() => null), 'an answer', WAIT);
  expect(again).toContain('again');
});

test('a server that does not answer in time is told of, and keeps nobody waiting for longer', async () => {
  const port = await findFreePort();
  await everything(port);
  const mcp = session({ everything: { url: `http://127.0.0.1:${port}/mcp`, timeout: 500 } });
  await until(() => mcp.isConnected, 'a connection', WAIT);
  await expect(mcp.call('trigger-long-running-operation', { duration: 60, steps: 2 })).rejects.toThrow(/`everything`/);
  expect(mcp.isConnected).toBe(true);
});

describe('a policyd with a memory server', () => {
  test('searches it beside its own documents, takes its resources in, and tells it of events', async () => {
    const upstream = await EmbeddingUpstream.start();
    closing.push(() => upstream.stop());
    const policyd = await Policyd.start(
      `backends: { house: { type: vllm, url: "${upstream.url}", models: { e: { capabilities: [embeddings] } } } }`,
      {
        args: ['--mcp-servers', write({ memory: memory() })],
      },
    );
    closing.push(() => policyd.stop());
    await until(() => policyd.lines('mcp server is connected').length > 0, 'the server', WAIT);
    const seed = session({ memory: { ...memory(), notify: undefined } });
    await until(() => seed.isConnected, 'another client', WAIT);
    await seed.call('create_entities', { entities: [{ name: 'octopus', entityType: 'animal', observations: ['has eight arms'] }] });
    const documents = [{ id: 'squid', text: 'A squid is no octopus' }];
    expect((await policyd.post('/v1/context/ingest', { source: 'docs', documents })).status).toBe(200);
    const found = await policyd.get<{ results: { id: string; source: string; text: string; ranks: Record<string, number | null> }[] }>(
      '/v1/context/search?q=octopus',
    );
    expect(found.results.map(({ source }) => source)).toEqual(expect.arrayContaining(['docs', 'memory']));
    const [outside] = found.results.filter(({ source }) => source === 'memory');
    expect(outside.text).toContain('eight arms');
    expect(outside.ranks).toMatchObject({ memory: 1, keyword: null });
    // Its resource is a document, too.
    const resource = await until(
      async () => {
        const { results } = await policyd.get<{ results: { source: string }[] }>(
          '/v1/context/search?q=entities+relations&source=mcp-memory&mode=keyword',
        );
        return results[0] ?? null;
      },
      'the resource',
      WAIT,
    );
    expect(resource.source).toBe('mcp-memory');
  });

  test('events wait while it is away', async () => {
    const { servers } = readMcpConfig(write({ memory: { ...memory(), resources: undefined } }), process.env);
    const mcp = new McpServers(servers, pino({ level: 'silent' }), async () => {});
    closing.push(() => mcp.close());
    mcp.notify({ type: 'task-update', feature: '001-login', task_id: 'T001', status: 'done' });
    expect(mcp.connected).toBe(0);
    mcp.begin();
    const file = join(folder, 'memory.jsonl');
    const told = await until(() => readIfThere(file)?.includes('001-login/T001') && readIfThere(file), 'the event', WAIT);
    expect(told).toContain('is done');
  });
});

function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
