import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { FollowedFrames } from '../../../runtime/orchestrator/stream/followed-frames.ts';
import { Policyd, until } from '../policyd.ts';
import { Reader } from './stream-reader.ts';
import { writeFrames } from './write-frames.ts';

// Servers of their own start, and the machine may be busy.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const hash = (key: string): string => createHash('sha256').update(key).digest('hex');
const POLICY = `
keys:
  ana: { sha256: ${hash('ana-key')}, scopes: ["read:jobs"] }
  bob: { sha256: ${hash('bob-key')}, scopes: ["read:jobs"] }
  ops: { sha256: ${hash('ops-key')}, scopes: ["read:jobs", admin] }
  gen: { sha256: ${hash('gen-key')}, scopes: ["llm:invoke"] }
backends:
  box: { type: ollama, url: "http://127.0.0.1:9", models: { small: {} } }
`;
const as = (name: string): Record<string, string> => ({ authorization: `Bearer ${name}-key` });

let policyd: Policyd;
let log: FollowedFrames;
beforeAll(async () => {
  policyd = await Policyd.start(POLICY, { args: ['--max-readers-per-caller', '3', '--max-readers', '5'] });
  log = await writeFrames(policyd, 'anas', 'ana', ['one', 'two', 'three']);
  await log.append('bobs', 'bob', 'log', 'his');
  await log.append('ours', null, 'log', 'everybody');
});
afterAll(async () => {
  await log.close();
  await policyd.stop();
});

describe('who may read a stream', () => {
  test('nobody without a key, with a wrong one, or without the scope', async () => {
    for (const [headers, status, code] of [
      [{}, 401, 'invalid_api_key'],
      [as('nobody'), 401, 'invalid_api_key'],
      [as('gen'), 403, 'insufficient_scope'],
    ] as const) {
      const answer = await Reader.refused(`${policyd.url}/stream/anas`, headers);
      expect(answer).toMatchObject({ status, body: { error: { code } } });
      expect((await fetch(`${policyd.url}/stream/anas`, { headers: { ...headers, accept: 'text/event-stream' } })).status).toBe(status);
    }
  });

  test('a key in the url is none', async () => {
    expect((await Reader.refused(`${policyd.url}/stream/anas?key=ana-key&access_token=ana-key`)).status).toBe(401);
  });

  test('a browser gives its key as a protocol, and is not told it back', async () => {
    const reader = await Reader.open(`${policyd.url}/stream/anas`, {}, ['policyd', 'bearer.ana-key']);
    expect(reader.socket.protocol).toBe('policyd');
    await reader.until(() => reader.payloads.length === 3);
    reader.socket.close();
    await reader.closed;
    expect((await Reader.refused(`${policyd.url}/stream/anas`, {}, ['policyd', 'bearer.wrong'])).status).toBe(401);
    expect(policyd.output).not.toContain('ana-key');
  });

  test("a caller finds its own streams and everybody's; another's is not there; admin finds all", async () => {
    const found = async (name: string, stream: string): Promise<number> => {
      const answer = await Reader.open(`${policyd.url}/stream/${stream}`, as(name)).then(
        async (reader) => {
          await reader.until(() => reader.payloads.length > 0);
          reader.socket.close();
          await reader.closed;
          return 101;
        },
        (error: Error) => Number(/\d{3}/.exec(error.message)?.[0]),
      );
      return answer;
    };
    expect(await found('ana', 'anas')).toBe(101);
    expect(await found('bob', 'anas')).toBe(404);
    expect(await found('bob', 'ours')).toBe(101);
    expect(await found('ops', 'anas')).toBe(101);
    expect(await found('ops', 'none')).toBe(404);
    expect(await found('ana', 'bobs')).toBe(404);
    const answer = await Reader.refused(`${policyd.url}/v1/stream?streams=anas,bobs,none`, as('ana'));
    expect(answer).toMatchObject({ status: 404, body: { error: { code: 'unknown_stream' } } });
    expect(answer.body.error.message).toContain('`bobs`, `none`');
    expect(answer.body.error.message).not.toContain('`anas`');
  });

  test('all is all that the caller may read, those that come to be too', async () => {
    const [ana, ops] = await Promise.all(['ana', 'ops'].map((name) => Reader.open(`${policyd.url}/v1/stream?streams=all`, as(name))));
    const named = (reader: Reader): string[] =>
      (reader.frames[0].payload as { streams: { stream: string }[] }).streams.map(({ stream }) => stream).sort();
    await until(() => ana.frames.length > 0 && ops.frames.length > 0, 'a status');
    expect(named(ana)).toEqual(['anas', 'ours']);
    expect(named(ops)).toEqual(['anas', 'bobs', 'ours']);
    await Promise.all([
      log.append('new-anas', 'ana', 'log', 1),
      log.append('new-bobs', 'bob', 'log', 2),
      log.append('bobs', 'bob', 'log', 3),
      log.append('anas', 'ana', 'log', 'four'),
    ]);
    await until(() => ops.payloads.length === 4 && ana.payloads.length === 2, 'what came');
    expect(new Set(ana.payloads)).toEqual(new Set([1, 'four']));
    for (const reader of [ana, ops]) reader.socket.close();
    await Promise.all([ana.closed, ops.closed]);
  });

  test('a page of another origin is refused, one of this server is not', async () => {
    const host = new URL(policyd.url).host;
    for (const origin of ['https://evil.example', 'null', `http://${host}.evil.example`, `http://evil@${host}`]) {
      const answer = await Reader.refused(`${policyd.url}/stream/anas`, { ...as('ana'), origin });
      expect(answer, origin).toMatchObject({ status: 403, body: { error: { code: 'foreign_origin' } } });
    }
    const reader = await Reader.open(`${policyd.url}/stream/anas`, { ...as('ana'), origin: `http://${host}` });
    reader.socket.close();
    await reader.closed;
  });

  test('too many readers are refused: of one caller with 429, of all with 503; a seat that was left can be taken', async () => {
    const open = (name: string): Promise<Reader> => Reader.open(`${policyd.url}/stream/ours`, as(name));
    const readers = [await open('ana'), await open('ana'), await open('ana')];
    expect(await Reader.refused(`${policyd.url}/stream/ours`, as('ana'))).toMatchObject({ status: 429, headers: { 'retry-after': '5' } });
    readers.push(await open('bob'), await open('bob'));
    expect(await Reader.refused(`${policyd.url}/stream/ours`, as('ops'))).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
    for (const reader of readers) reader.socket.terminate();
    await Promise.all(readers.map(({ closed }) => closed));
    const again = await until(() => open('ana').catch(() => null), 'a seat');
    again.socket.close();
    await again.closed;
  });

  test('what cannot be read is 422 with its field; without a stream of events or an upgrade it is 426', async () => {
    for (const [path, field] of [
      ['/stream/ours?from=x', 'from'],
      ['/stream/ours?after=-1', 'after'],
      ['/v1/stream', 'streams'],
      ['/v1/stream?streams=', 'streams'],
      ['/v1/stream?streams=ours&after=ours', 'after'],
    ]) {
      const answer = await Reader.refused(policyd.url + path, as('ana'));
      expect(answer, path).toMatchObject({ status: 422, body: { fields: [{ path: field }] } });
    }
    expect((await fetch(`${policyd.url}/stream/ours`, { headers: as('ana') })).status).toBe(426);
  });

  test('a refused upgrade leaves no connection behind', async () => {
    const socket = connect(Number(new URL(policyd.url).port), '127.0.0.1');
    let answer = '';
    socket.on('data', (part) => {
      answer += part.toString();
    });
    const over = new Promise((resolve) => socket.on('close', resolve));
    socket.write(
      'GET /stream/anas HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    );
    await over;
    expect(answer).toMatch(/^HTTP\/1.1 401 /);
  });
});

describe('what a reader sends', () => {
  test('`ping` is answered with a heartbeat, anything else ends it; too much ends it', async () => {
    for (const [message, code] of [
      ['hello', 1003],
      [Buffer.from([1, 2]), 1003],
      ['x'.repeat(5_000), 1009],
    ] as const) {
      const reader = await Reader.open(`${policyd.url}/stream/ours`, as('ana'));
      reader.socket.send('ping');
      await reader.until(() => reader.frames.some(({ type }) => type === 'heartbeat'));
      reader.socket.send(message);
      expect((await reader.closed).code).toBe(code);
    }
    const reader = await Reader.open(`${policyd.url}/stream/ours`, as('ana'));
    for (let n = 0; n < 200; n++) reader.socket.send('ping');
    expect((await reader.closed).code).toBe(1008);
  });

  test('a request for a backend that would like another protocol is served as it is', async () => {
    const socket = connect(Number(new URL(policyd.url).port), '127.0.0.1');
    let answer = '';
    socket.on('data', (part) => {
      answer += part.toString();
    });
    const body = JSON.stringify({ model: 'none', messages: [{ role: 'user', content: 'hi' }] });
    socket.write(
      `POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer gen-key\r\nContent-Type: application/json\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    await until(() => answer.includes('model_not_found'), 'an answer');
    expect(answer).toMatch(/^HTTP\/1.1 404 /);
    socket.destroy();
  });
});

describe('server-sent events', () => {
  test('tell the same, and resume by the id of the last event', async () => {
    const headers = { ...as('ana'), accept: 'text/event-stream', 'last-event-id': '1' };
    const answer = await fetch(`${policyd.url}/stream/anas`, { headers });
    expect(answer.headers.get('content-type')).toContain('text/event-stream');
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    await until(async () => {
      text += (await reader.read()).value ?? '';
      return text.includes('"three"');
    }, 'events');
    await reader.cancel();
    expect(text).toContain('event: status\ndata: {"type":"status"');
    expect(text).not.toContain('id: 1\n');
    expect(text).toMatch(/id: 2\nevent: log\ndata: \{"type":"log","ts":\d+,"seq":2,"stream":"anas","payload":"two"\}\n\nid: 3\n/);
  });
});
