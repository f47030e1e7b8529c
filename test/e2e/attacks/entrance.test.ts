import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { SCOPES } from '../../../schema/vocabulary.ts';
import { Reader } from '../orchestrator/stream-reader.ts';
import { askRaw } from './ask-raw.ts';
import { bearer, fill, hash, KEYS, type Route, World } from './world.ts';

// Servers of their own start, and the machine may be busy.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

/** What is meant for everybody: it tells nothing of what is asked. */
const OPEN = ['GET /health', 'GET /health/live', 'GET /health/ready', 'GET /metrics', 'GET /dashboard'];

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterAll(() => world.stop());

const closed = (): Route[] => world.routes.filter(({ scope }) => scope !== null);
const bodyOf = ({ members }: Route): string | undefined => (members === null ? undefined : '{}');

test('the routes that are open are those that are meant to be, and the walk sees all', () => {
  const open = world.routes.filter(({ scope }) => scope === null).map(({ method, path }) => `${method} ${path}`);
  expect(open.toSorted()).toEqual(OPEN.toSorted());
  expect(closed().length).toBeGreaterThan(60);
  expect(new Set(closed().map(({ scope }) => scope))).toEqual(new Set(SCOPES));
});

test('no key, a wrong one, one in another place, and spellings that are almost one: every route answers 401', async () => {
  const right = KEYS.ops;
  const tries: Record<string, string>[] = [
    {},
    bearer('wrong-key-0123456789'),
    bearer(hash(right)),
    bearer(`${right}x`),
    bearer(right.slice(0, -1)),
    bearer(right.toUpperCase()),
    bearer(`${right} ${right}`),
    bearer(''),
    bearer('__proto__'),
    { authorization: right },
    { authorization: `Basic ${Buffer.from(`${right}:`).toString('base64')}` },
    { cookie: `authorization=Bearer ${right}; key=${right}` },
    { 'x-forwarded-for': '127.0.0.1', 'x-real-ip': '::1', forwarded: 'for=127.0.0.1' },
    { 'tailscale-user-login': 'ops@example.com', 'x-remote-user': 'ops' },
    { 'proxy-authorization': `Bearer ${right}` },
    // Only a request for a WebSocket may have it there.
    { 'sec-websocket-protocol': `bearer.${right}` },
  ];
  const wrong: string[] = [];
  for (const route of closed()) {
    for (const headers of tries) {
      const path = `${fill(route.path, 'x')}?key=${right}&access_token=${right}`;
      const answer = await world.ask(null, route.method, path, bodyOf(route), headers);
      const text = await answer.text();
      if (answer.status !== 401)
        wrong.push(`${route.method} ${route.path} ${JSON.stringify(headers)} ${answer.status} ${text.slice(0, 99)}`);
      else if (text.includes(right)) wrong.push(`${route.method} ${route.path} repeats the key`);
    }
  }
  expect(wrong).toEqual([]);
});

test('a key of every scope but the one that is needed: every route answers 403, and the one that is needed is let in', async () => {
  const wrong: string[] = [];
  for (const route of closed()) {
    for (const scope of SCOPES) {
      // Let in, these would end what others need.
      if (scope === route.scope && route.method !== 'GET') continue;
      const answer = await world.ask(KEYS[scope], route.method, fill(route.path, 'x'), bodyOf(route));
      await answer.body?.cancel();
      const refused = answer.status === 403;
      if (refused !== (scope !== route.scope) || answer.status === 401)
        wrong.push(`${route.method} ${route.path} ${scope} ${answer.status}`);
    }
  }
  expect(wrong).toEqual([]);
});

test('other spellings of a path and other methods are no way around', async () => {
  const wrong: string[] = [];
  for (const { method, path } of closed()) {
    const plain = fill(path, 'x');
    const spellings = [
      `/${plain}`,
      `${plain}/`,
      `${plain}//`,
      `/.${plain}`,
      `/health/..${plain}`,
      `/health/%2e%2e${plain}`,
      `/dashboard/..%2f${plain.slice(1)}`,
      `${plain}%00`,
      `${plain};a=b`,
      `${plain}%20`,
      plain.toUpperCase(),
      plain.replace(/[a-z]/, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
      `http://127.0.0.1${plain}`,
      `${plain}#/health`,
    ];
    for (const spelled of spellings) {
      const { status } = await askRaw(
        world.policyd,
        `${method} ${spelled} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
      );
      if (status < 400 || status >= 500) wrong.push(`${method} ${spelled} ${status}`);
    }
    for (const other of ['HEAD', 'OPTIONS', 'TRACE', 'PATCH', 'PROPFIND', 'GET', 'POST']) {
      if (world.routes.some((route) => route.method === other && fill(route.path, 'x') === plain)) continue;
      const { status } = await askRaw(
        world.policyd,
        `${other} ${plain} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
      );
      if (status < 400 || status >= 500) wrong.push(`${other} ${plain} ${status}`);
    }
  }
  expect(wrong).toEqual([]);
});

describe('upgrades to WebSocket', () => {
  const streams = ['/stream/x', '/v1/stream', '/v1/stream?streams=x', '/stream/x?key=tenant-ana-0123456789'];

  test('without a key, with a wrong one, or without the scope there is none', async () => {
    for (const path of streams) {
      for (const [headers, protocols, status] of [
        [{}, [], 401],
        [{}, ['bearer.wrong-key-0123456789'], 401],
        [bearer('wrong-key-0123456789'), ['bearer.tenant-ana-0123456789'], 401],
        [bearer(KEYS['llm:invoke']), [], 403],
        [bearer(KEYS.admin), [], 403],
        [{ ...bearer(KEYS.ana), origin: 'https://evil.example' }, [], path === '/v1/stream' ? 422 : 403],
      ] as const) {
        const refused = await Reader.refused(world.policyd.url + path, headers, [...protocols]);
        expect([path, headers, refused.status]).toEqual([path, headers, status]);
      }
    }
  });

  test('on every other route a wish to upgrade opens nothing: the answer is that of a request without it', async () => {
    const wish =
      'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
    for (const { method, path } of closed()) {
      if (/^\/(v1\/)?stream/.test(path)) continue;
      for (const protocol of ['', `Sec-WebSocket-Protocol: bearer.wrong-key\r\n`]) {
        const { status } = await askRaw(
          world.policyd,
          `${method} ${fill(path, 'x')} HTTP/1.1\r\nHost: x\r\n${wish}${protocol}Content-Length: 0\r\n\r\n`,
        );
        expect([method, path, status]).toEqual([method, path, 401]);
      }
    }
  });
});
