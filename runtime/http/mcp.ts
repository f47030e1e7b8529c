import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { readKey } from '../auth/read-key.ts';
import { refuseForeignOrigin } from '../auth/refuse-foreign-origin.ts';
import { GatewayError } from '../gateway/gateway-error.ts';
import { callApi } from '../pool/mcp/call-api.ts';
import { checkBounds } from './read-json.ts';

/** Headers of a request that say something of its body or its answer; the others are not the protocol's. */
const PASSED = /^(accept|content-type|mcp-.*|last-event-id)$/;

/**
 * `/mcp`: the tools of the pool over streamable HTTP, without sessions. A tool is a request to the coordination API of this very server with
 * the caller's own key, so that scopes, limits and checks are the same.
 */
export function serveMcpOverHttp(app: FastifyInstance, version: string): void {
  const schema = { summary: 'tools of the coordination pool, by the Model Context Protocol', tags: ['coordination'] };
  app.post('/mcp', { config: { scope: 'read:jobs' }, schema }, async (request, reply) => {
    if (request.router.manifest.callers.length === 0) refuseForeignOrigin(request.headers.origin, request.headers.host);
    refuseCostly(request.body as Buffer | undefined);
    // With the first request: most servers never see one, and the SDK takes a tenth of a second to load.
    const { createMcpHandler } = await import('@modelcontextprotocol/server');
    const { createMcpServer } = await import('../pool/mcp/create-mcp-server.ts');
    const url = ownUrl(request.raw.socket.localAddress!, request.raw.socket.localPort!);
    const authorization = readKey(request.raw) ?? null;
    const handler = createMcpHandler(() => createMcpServer(version, (asked) => callApi(url, authorization, asked)));
    reply.raw.once('close', () => void handler.close());
    const headers = Object.entries(request.headers).flatMap(([name, value]): [string, string][] =>
      PASSED.test(name) && typeof value === 'string' ? [[name, value]] : [],
    );
    const answer = await handler.fetch(new Request(`${url}/mcp`, { method: 'POST', headers, body: request.body as Buffer<ArrayBuffer> }));
    reply.code(answer.status).headers(Object.fromEntries(answer.headers));
    return reply.send(answer.body === null ? '' : Readable.fromWeb(answer.body as never));
  });
}

/** The SDK parses what it gets. @throws GatewayError 400 for a body that would keep the server from others. */
function refuseCostly(body: Buffer | undefined): void {
  try {
    checkBounds(body ?? Buffer.alloc(0));
  } catch (error) {
    const words = `${(error as Error).message} [bad-json] help: send one message of the protocol`;
    throw new GatewayError(400, 'invalid_request_error', 'bad_json', words);
  }
}

/** Where this server was reached, which is where it reaches itself. */
function ownUrl(address: string, port: number): string {
  const plain = address.replace(/^::ffff:/, '');
  return `http://${plain.includes(':') ? `[${plain}]` : plain}:${port}`;
}
