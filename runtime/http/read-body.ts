import type { FastifyRequest } from 'fastify';
import type { IncomingMessage } from 'node:http';
import type { Gateway } from '../gateway/gateway.ts';
import { GatewayError } from '../gateway/gateway-error.ts';

const NO_RETRY = { 'x-should-retry': 'false' };

/**
 * Reads a body as bytes, at most `--body-limit` of them. All bodies together may take `--body-memory`: they are counted as they
 * arrive, so that promising a large one takes nothing from the others, and until the request is over, since a body is kept for the next target.
 *
 * @throws GatewayError 413 or 503.
 */
export function readBody(gateway: Gateway, request: FastifyRequest, payload: IncomingMessage): Promise<Buffer> {
  const limit = gateway.config.bodyLimit;
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let size = 0;
    const fail = (error: Error): void => {
      payload.off('data', take);
      parts.length = 0;
      payload.resume();
      reject(error);
    };
    const take = (part: Buffer): void => {
      if (size + part.length > limit) fail(refuseSize(gateway, limit));
      else if (!gateway.admission.hold(part.length)) fail(refuseMemory(gateway));
      else {
        size += part.length;
        request.held = size;
        parts.push(part);
      }
    };
    if (Number(request.headers['content-length']) > limit) {
      fail(refuseSize(gateway, limit));
      return;
    }
    payload
      .on('data', take)
      .once('end', () => resolve(parts.length === 1 ? parts[0] : Buffer.concat(parts, size)))
      .once('error', fail)
      .once('close', () => {
        // Every request closes; an error made for nobody would cost a twelfth of it.
        if (payload.readableEnded) return;
        reject(new GatewayError(400, 'invalid_request_error', 'incomplete_body', 'the body is incomplete [body]'));
      });
  });
}

function refuseSize(gateway: Gateway, limit: number): GatewayError {
  gateway.metrics.recordRefusal('body-size');
  const words = `the body is larger than ${limit} bytes [body-limit] help: send less, or raise \`--body-limit\``;
  return new GatewayError(413, 'invalid_request_error', 'request_too_large', words, { headers: NO_RETRY });
}

function refuseMemory(gateway: Gateway): GatewayError {
  gateway.metrics.recordRefusal('body-memory');
  const words = 'the bodies of all requests take too much memory [body-memory] help: retry in a second, or raise `--body-memory`';
  return new GatewayError(503, 'service_unavailable', 'overloaded', words, { headers: { 'retry-after': '1' } });
}
