import { BadRequest } from '../intent/bad-request.ts';
import type { Gateway } from './gateway.ts';
import { GatewayError } from './gateway-error.ts';

/** Whatever was thrown, as an answer; what nobody foresaw is logged and told as our own fault. */
export function toGatewayError(gateway: Gateway, error: unknown, requestId: string): GatewayError {
  if (error instanceof GatewayError) return error;
  if (error instanceof BadRequest) {
    return new GatewayError(error.status, error.type, error.code, error.message, {
      param: error.param,
      headers: { 'x-should-retry': 'false' },
    });
  }
  const { message, stack } = error as Error;
  gateway.log.error({ request_id: requestId, error: message, stack }, 'unexpected error');
  const words = `an unexpected error [internal] help: look for request \`${requestId}\` in the log of policyd`;
  return new GatewayError(500, 'server_error', 'internal_error', words);
}
