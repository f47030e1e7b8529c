import type { IncomingMessage } from 'node:http';
import type { Gateway } from '../gateway/gateway.ts';
import { GatewayError } from '../gateway/gateway-error.ts';

const NO_RETRY = { 'x-should-retry': 'false' };

/** Whose body it is: `held` are the bytes of it that are counted in `Admission`. */
export interface BodyHolder {
  held: number;
}

/**
 * Reads a body as bytes, at most `--body-limit` of them, and calls `done` once: with the body, or with a GatewayError 413 or 503. It is
 * not called where the caller left before its body was whole. All bodies together may take `--body-memory`: they are counted as they arrive,
 * so that promising a large one takes nothing from the others, and until the request is over, since a body is kept for the next target.
 */
export function readBody(
  gateway: Gateway,
  holder: BodyHolder,
  request: IncomingMessage,
  done: (error: GatewayError | null, body: Buffer | null) => void,
): void {
  const limit = gateway.config.bodyLimit;
  if (Number(request.headers['content-length']) > limit) {
    done(refuseSize(gateway, limit), null);
    return;
  }
  // Most bodies are one part: nothing is gathered then.
  let first: Buffer | null = null;
  let parts: Buffer[] | null = null;
  let size = 0;
  const fail = (error: GatewayError): void => {
    request.off('data', take).off('end', end);
    first = parts = null;
    done(error, null);
    request.resume();
  };
  const take = (part: Buffer): void => {
    if (size + part.length > limit) fail(refuseSize(gateway, limit));
    else if (!gateway.admission.hold(part.length)) fail(refuseMemory(gateway));
    else {
      size += part.length;
      holder.held = size;
      if (first === null) first = part;
      else (parts ??= [first]).push(part);
    }
  };
  const end = (): void => done(null, parts === null ? (first ?? EMPTY) : Buffer.concat(parts, size));
  request.on('data', take).on('end', end);
}

const EMPTY = Buffer.alloc(0);

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
