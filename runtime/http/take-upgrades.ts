import { EventEmitter } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';

/** Paths that are served over WebSocket. */
const STREAMS = /^\/(?:stream\/|v1\/stream(?:\?|$))/;

/** Whether a request asks for WebSocket where there is one. Every other wish to upgrade (HTTP/2, say) may be ignored, and is. */
export function isStreamUpgrade({ method, url, headers }: IncomingMessage): boolean {
  return method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket' && STREAMS.test(url!);
}

/**
 * Where upgrades of streams are told. A listener of the server itself would get every request that would like to upgrade, without its
 * body: since Node 24.9 the server asks `isStreamUpgrade` first (`shouldUpgradeCallback`); on an older one such a request is put back
 * before its connection, without its wish.
 */
export function takeUpgrades(server: Server): EventEmitter {
  const upgrades = new EventEmitter();
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    if (isStreamUpgrade(request)) upgrades.emit('upgrade', request, socket, head);
    else {
      socket.unshift(Buffer.concat([writeHead(request), head]));
      server.emit('connection', socket);
    }
  });
  return upgrades;
}

/** Headers of one hop that say how to upgrade. */
const WISHES = new Set(['upgrade', 'connection', 'http2-settings']);

function writeHead({ method, url, httpVersion, rawHeaders }: IncomingMessage): Buffer {
  let head = `${method} ${url} HTTP/${httpVersion}\r\n`;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    if (!WISHES.has(rawHeaders[at].toLowerCase())) head += `${rawHeaders[at]}: ${rawHeaders[at + 1]}\r\n`;
  }
  return Buffer.from(`${head}\r\n`, 'latin1');
}
