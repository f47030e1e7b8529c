import type { IncomingMessage } from 'node:http';

/**
 * What a caller proves itself with, as `Authorization` says it; clients of Anthropic's API send `x-api-key` in its place. A web page that
 * opens a WebSocket has no word over its headers but the protocols that it offers: one of them is `bearer.<key>`.
 */
export function readKey({ headers }: IncomingMessage): string | undefined {
  const key = headers['x-api-key'];
  if (headers.authorization !== undefined) return headers.authorization;
  if (typeof key === 'string') return `Bearer ${key}`;
  const offered = headers.upgrade === undefined ? undefined : headers['sec-websocket-protocol'];
  const found = offered === undefined ? null : /(?:^|[, ])bearer\.([^, ]+)/.exec(offered);
  return found === null ? undefined : `Bearer ${found[1]}`;
}
