import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Asset } from '../dashboard/asset.ts';
import { loadAssets } from '../dashboard/load-assets.ts';
import { PAGE_PATH } from '../dashboard/page-path.ts';
import { GatewayError } from '../gateway/gateway-error.ts';

/** What the page may do: load its own scripts and styles, and ask this server. Pictures that a style sheet holds are `data:`. */
const CONTENT_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HEADERS = {
  'content-security-policy': CONTENT_POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  vary: 'accept-encoding',
};
/** A name holds a hash of what it names. */
const FOREVER = 'public, max-age=31536000, immutable';

/**
 * `GET /dashboard`: a page for people. It is the same for everybody and holds nothing of the traffic, so it is open like `/health`; what it
 * shows, it asks for with the key of the person who looks.
 */
export function serveDashboard(app: FastifyInstance): void {
  const config = { scope: null };
  const schema = { summary: 'a page for people', tags: ['dashboard'], produces: ['text/html'] };
  app.get(PAGE_PATH, { config, schema }, async (request, reply) => send(request, reply, (await loadAssets()).page, 'no-cache'));
  app.get<{ Params: { name: string } }>(`${PAGE_PATH}/:name`, { config, schema: { hide: true } }, async (request, reply) => {
    const asset = (await loadAssets()).files.get(request.params.name);
    if (asset !== undefined) return send(request, reply, asset, FOREVER);
    const message = 'the dashboard has no such file [unknown-url] help: reload the page, another version may serve now';
    throw new GatewayError(404, 'invalid_request_error', 'unknown_url', message);
  });
}

function send(request: FastifyRequest, reply: FastifyReply, { type, plain, gzip, brotli }: Asset, cache: string): FastifyReply {
  reply.headers(HEADERS).header('cache-control', cache).type(type);
  const offered = request.headers['accept-encoding'] ?? '';
  if (takes(offered, 'br')) return reply.header('content-encoding', 'br').send(asBuffer(brotli));
  if (takes(offered, 'gzip')) return reply.header('content-encoding', 'gzip').send(asBuffer(gzip));
  return reply.send(asBuffer(plain));
}

/** Is a coding named, and not with weight 0? Source: https://www.rfc-editor.org/rfc/rfc9110#name-accept-encoding */
function takes(offered: string, coding: string): boolean {
  return offered.split(',').some((part) => {
    const [name, ...parameters] = part.split(';').map((text) => text.trim().toLowerCase());
    return name === coding && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
  });
}

/** What came from a thread is a bare array: the same bytes, as the server sends them. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
