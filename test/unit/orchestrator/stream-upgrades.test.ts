import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { expect, test } from 'vitest';
import { takeUpgrades } from '../../../runtime/http/take-upgrades.ts';

test('where the server is not asked before an upgrade, others than those of streams are put back with their bodies', async () => {
  // As on a Node before 24.9.
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => {
      body += part.toString();
    });
    request.on('end', () => response.end(`${request.method} ${request.url} ${request.headers.upgrade ?? 'no wish'} <${body}>`));
  });
  const upgrades: string[] = [];
  takeUpgrades(server).on('upgrade', (request, socket) => {
    upgrades.push(request.url);
    socket.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const ask = (text: string): Promise<string> =>
    new Promise((resolve) => {
      const socket = connect((server.address() as AddressInfo).port, '127.0.0.1', () => socket.write(text));
      let answer = '';
      socket.on('data', (part) => {
        answer += part.toString();
        if (answer.includes('>')) socket.end();
      });
      socket.on('close', () => resolve(answer));
    });
  const wish = 'Host: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n';
  expect(await ask(`POST /v1/chat/completions HTTP/1.1\r\n${wish}Content-Length: 5\r\n\r\nhello`)).toContain(
    'POST /v1/chat/completions no wish <hello>',
  );
  expect(await ask(`POST /x HTTP/1.1\r\n${wish}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`)).toContain('<hello>');
  expect(await ask('GET /health HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')).toContain(
    'GET /health no wish <>',
  );
  expect(upgrades).toEqual([]);
  await ask('GET /stream/a HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  expect(upgrades).toEqual(['/stream/a']);
  server.close();
});
