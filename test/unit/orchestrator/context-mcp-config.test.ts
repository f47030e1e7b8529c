import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { Failure } from '../../../runtime/failure.ts';
import { fillTemplate } from '../../../runtime/orchestrator/context/mcp/fill-template.ts';
import { readMcpConfig } from '../../../runtime/orchestrator/context/mcp/read-mcp-config.ts';
import { readResults } from '../../../runtime/orchestrator/context/mcp/read-results.ts';

const folder = mkdtempSync(join(tmpdir(), 'policyd-mcp-config-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function read(content: unknown, env: Record<string, string> = {}) {
  const file = join(folder, 'mcp.json');
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return readMcpConfig(file, env);
}

test('the shape that MCP clients share is read; what comes from the environment is a secret', () => {
  const { servers, secrets } = read(
    {
      mcpServers: {
        files: { command: 'npx', args: ['-y', 'server', '${FOLDER:-/srv}'], env: { TOKEN: '${TOKEN}', LEVEL: 'info' } },
        remote: {
          type: 'http',
          url: 'https://mcp.example/${PART:-mcp}',
          headers: { Authorization: 'Bearer ${KEY}' },
          privacy: 'restricted',
        },
        off: { command: 'x', disabled: true },
      },
    },
    { TOKEN: 'token-of-the-files', KEY: 'key-of-the-remote' },
  );
  expect(servers.map(({ name, address, isInside, timeout }) => ({ name, address, isInside, timeout }))).toEqual([
    {
      name: 'files',
      address: {
        kind: 'stdio',
        command: 'npx',
        args: ['-y', 'server', '/srv'],
        env: { TOKEN: 'token-of-the-files', LEVEL: 'info' },
        cwd: null,
      },
      isInside: false,
      timeout: 5_000,
    },
    {
      name: 'remote',
      address: { kind: 'http', url: 'https://mcp.example/mcp', headers: { Authorization: 'Bearer key-of-the-remote' } },
      isInside: true,
      timeout: 5_000,
    },
  ]);
  expect(secrets).toEqual(expect.arrayContaining(['token-of-the-files', 'Bearer key-of-the-remote', 'key-of-the-remote']));
  expect(secrets).not.toContain('info');
});

test('all that is wrong is told at once, with its place', () => {
  const wrong = {
    mcpServers: {
      'a b': { command: 'x' },
      none: {},
      both: { command: 'x', url: 'http://x' },
      typo: { comand: 'x', command: 'y' },
      key: { url: 'http://user:secret@x', headers: { A: '${MISSING}' } },
      search: { command: 'x', search: { tool: 't' }, timeout: 1, privacy: 'secret' },
    },
  };
  let failure: Failure | null = null;
  try {
    read(wrong);
  } catch (error) {
    failure = error as Failure;
  }
  expect(failure).toBeInstanceOf(Failure);
  const said = String((failure as unknown as { problems: readonly string[] }).problems ?? failure!.message);
  for (const part of [
    '`a b`',
    '`none` needs either',
    '`both` needs either',
    '`typo.comand`',
    '`key.url`',
    'MISSING',
    '`search.search.argument`',
    '`search.timeout`',
    '`search.privacy`',
  ])
    expect(said).toContain(part);
  expect(said).not.toContain('secret@');
  for (const content of ['{', '[]', {}, { mcpServers: [] }]) expect(() => read(content)).toThrow();
  expect(() => readMcpConfig(join(folder, 'not-there.json'), {})).toThrow();
});

test('members of an event stand in for their names', () => {
  const event = { type: 'task-update', feature: '001', task_id: 'T1', done: true };
  expect(
    fillTemplate({ a: '{{feature}}/{{task_id}}', b: ['{{done}}', '{{nothing}}'], c: 3, d: '{{*}}', e: 'is {{done}}, {{nothing}}' }, event),
  ).toEqual({
    a: '001/T1',
    b: [true, null],
    c: 3,
    d: event,
    e: 'is true, ',
  });
});

test('results are texts, or what a member lists', () => {
  const text = (value: string) => ({ type: 'text', text: value });
  expect(readResults({ content: [text('a'), { type: 'image' }, text(' '), text('b')] }, null, 9).map((one) => one.text)).toEqual([
    'a',
    'b',
  ]);
  expect(readResults({ content: [text('{"hits":["x",{"y":1}]}')] }, 'hits', 9).map((one) => one.text)).toEqual(['x', '{"y":1}']);
  expect(readResults({ content: [], structuredContent: { hits: ['1', '2', '3'] } }, 'hits', 2).map((one) => one.text)).toEqual(['1', '2']);
  expect(readResults({ content: [text('no json')] }, 'hits', 9)).toEqual([]);
});
