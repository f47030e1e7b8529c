import { fileURLToPath } from 'node:url';
import { Client, StreamableHTTPClientTransport, type Transport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { POOL_TOOLS } from '../../runtime/pool/mcp/tools.ts';
import { Upstream } from '../upstreams/upstream.ts';
import { Policyd } from './policyd.ts';
import { poolOf } from './pool/api.ts';

/** The pool's tools, judged by the protocol's own client, over both transports. */
const BIN = fileURLToPath(new URL('../../runtime/bin.js', import.meta.url));
const { createHash } = await import('node:crypto');
const KEY = 'mcp-key-0123456789';
const READER = 'reader-key-0123456789';
const hash = (key: string): string => createHash('sha256').update(key).digest('hex');

let upstream: Upstream;
let policyd: Policyd;
beforeAll(async () => {
  upstream = await Upstream.start();
  policyd = await Policyd.start(`backends: { server: { type: vllm, url: "${upstream.url}", models: { m: {} } } }
keys:
  tools: { sha256: "${hash(KEY)}", scopes: [read:jobs, write:jobs, llm:invoke] }
  reader: { sha256: "${hash(READER)}", scopes: [read:jobs] }
`);
});
afterAll(async () => {
  await policyd.stop();
  await upstream.stop();
});

const overHttp = (key: string): Transport =>
  new StreamableHTTPClientTransport(new URL(`${policyd.url}/mcp`), { requestInit: { headers: { authorization: `Bearer ${key}` } } });
const overStdio = (key: string): Transport =>
  new StdioClientTransport({
    command: process.execPath,
    args: [BIN, 'mcp', '--url', policyd.url, '--key-env', 'MCP_KEY'],
    env: { PATH: process.env.PATH ?? '', MCP_KEY: key },
  });

async function connect(transport: Transport): Promise<Client> {
  const client = new Client({ name: 'exam', version: '1' });
  await client.connect(transport);
  return client;
}

describe.each([
  ['streamable HTTP', overHttp],
  ['stdio', overStdio],
] as const)('%s', (_name, open) => {
  test('a whole life of a pool by tools alone', async () => {
    const client = await connect(open(KEY));
    // biome-ignore lint/suspicious/noExplicitAny: answers of every tool.
    const call = async (name: string, input: Record<string, unknown> = {}): Promise<any> => {
      const answer = await client.callTool({ name, arguments: input });
      expect(answer.isError ?? false, JSON.stringify(answer.content)).toBe(false);
      return answer.structuredContent;
    };
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name).sort()).toEqual(POOL_TOOLS.map(({ name }) => name).sort());
    expect(await call('initialize_coordination_pool', { size: 2 })).toMatchObject({ status: 'initialized', pool_size: 2 });
    expect(await call('spawn_coordination_agent')).toMatchObject({ status: 'idle' });
    const task = await call('submit_coordination_task', { payload: { n: 1 }, idempotency_key: `k-${_name}` });
    expect(await call('submit_coordination_task', { payload: { n: 1 }, idempotency_key: `k-${_name}` })).toMatchObject({
      task_id: task.task_id,
    });
    expect(await call('complete_coordination_task', { task_id: task.task_id, result: { x: 1 } })).toMatchObject({
      status: 'completed',
      result: { x: 1 },
    });
    const other = await call('submit_coordination_task', { payload: { n: 2 } });
    expect(await call('fail_coordination_agent', { agent_id: other.assigned_agent_id })).toMatchObject({ task_reassigned: true });
    expect(await call('cancel_coordination_task', { task_id: other.task_id })).toMatchObject({ status: 'cancelled' });
    expect(await call('get_coordination_task', { task_id: other.task_id })).toMatchObject({ status: 'cancelled' });
    expect((await call('list_coordination_tasks', { status: 'cancelled', limit: 1 })).tasks).toHaveLength(1);
    expect(await call('coordination_metrics')).toMatchObject({ tasks_pending: 0 });
    expect(await call('coordination_isolation_report')).toMatchObject({ breaches_detected: 0 });
    expect(await call('shutdown_coordination_pool', { grace_seconds: 0 })).toMatchObject({ status: 'shutdown' });
    const wrong = await client.callTool({ name: 'get_coordination_task', arguments: { task_id: 'nope' } });
    expect(wrong).toMatchObject({ isError: true, content: [{ text: expect.stringContaining('[unknown-task]') }] });
    await client.close();
  }, 60_000);

  test('a tool may what its key may', async () => {
    const client = await connect(open(READER));
    expect((await client.callTool({ name: 'coordination_metrics', arguments: {} })).isError ?? false).toBe(false);
    const refused = await client.callTool({ name: 'initialize_coordination_pool', arguments: {} });
    expect(refused).toMatchObject({ isError: true, content: [{ text: expect.stringContaining('[scope]') }] });
    await client.close();
    expect((await poolOf(policyd, { authorization: `Bearer ${READER}` }).agents()).length).toBe(0);
  }, 60_000);
});

test('a body that is dear to parse is refused before it is parsed', async () => {
  const bodies = ['['.repeat(1_000), `{${Array.from({ length: 20_000 }, (_, at) => `"${at}":0`).join(',')}}`];
  for (const body of bodies) {
    const answer = await policyd.post('/mcp', body, { authorization: `Bearer ${KEY}`, accept: 'application/json, text/event-stream' });
    expect([answer.status, ((await answer.json()) as { error: { code: string } }).error.code]).toEqual([400, 'bad_json']);
  }
});

test('without a key nobody gets in', async () => {
  await expect(connect(new StreamableHTTPClientTransport(new URL(`${policyd.url}/mcp`)))).rejects.toThrow();
});
