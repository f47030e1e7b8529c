import type { IncomingMessage } from 'node:http';
import { GatewayError } from '../gateway/gateway-error.ts';

/** Source: https://www.rfc-editor.org/rfc/rfc9110#name-media-type */
const JSON_TYPE = /^application\/json[ \t]*(?:;|$)/i;

/**
 * A request that announces no body needs no type: it is refused for its missing body.
 *
 * @throws GatewayError 415 where a body is said to be something else than JSON.
 */
export function refuseMediaType({ headers }: IncomingMessage): void {
  const type = headers['content-type'];
  if (type === 'application/json' || JSON_TYPE.test(type ?? '')) return;
  const length = headers['content-length'];
  if (type === undefined && headers['transfer-encoding'] === undefined && (length === undefined || length === '0')) return;
  throw describeMediaType();
}

export function describeMediaType(): GatewayError {
  const words = 'the body must be json [media-type] help: send the header `Content-Type: application/json`';
  return new GatewayError(415, 'invalid_request_error', 'unsupported_media_type', words);
}
