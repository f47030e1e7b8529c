import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import type { Gateway } from '../gateway/gateway.ts';
import { GatewayError } from '../gateway/gateway-error.ts';
import { describeNoBackend } from '../gateway/nexus-headers.ts';
import { BadRequest } from '../intent/bad-request.ts';
import { discardBody } from './discard-body.ts';

/** OpenAI's error envelope, with what the gateway knows beside it. */
interface ErrorBody {
  readonly error: { readonly message: string; readonly type: string; readonly param: string | null; readonly code: string | null };
  readonly context?: unknown;
  readonly rejection_reasons?: unknown;
}

/** The one place where an error becomes an answer. */
export async function answerError(gateway: Gateway, error: unknown, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const known = toGatewayError(gateway, error, request);
  if (request.routeOptions.config?.proxied && request.router) {
    for (const [name, value] of Object.entries(describeNoBackend(request.router, request.id))) {
      if (!reply.hasHeader(name)) reply.header(name, value);
    }
  }
  if (isFinal(known.status)) reply.header('x-should-retry', 'false');
  if (known.status === 413 || known.code === 'overloaded') await discardBody(request.raw);
  const body: ErrorBody = {
    error: { message: gateway.redactor.redact(known.message), type: known.type, param: known.param, code: known.code },
    ...(known.context === null ? {} : { context: known.context }),
    ...(known.reasons === null ? {} : { rejection_reasons: known.reasons }),
  };
  // Serialized here: a route's own response schema must not drop members of an error.
  await reply
    .code(known.status)
    .headers(known.headers)
    .type('application/json; charset=utf-8')
    .send(gateway.redactor.redact(JSON.stringify(body)));
}

/** The caller's own mistake: the same request fails again. Too late, in conflict and too often are others. */
function isFinal(status: number): boolean {
  return status >= 400 && status < 500 && ![408, 409, 429].includes(status);
}

function toGatewayError(gateway: Gateway, error: unknown, request: FastifyRequest): GatewayError {
  if (error instanceof GatewayError) return error;
  if (error instanceof BadRequest) {
    return new GatewayError(error.status, error.type, error.code, error.message, {
      param: error.param,
      headers: { 'x-should-retry': 'false' },
    });
  }
  const { statusCode, code, validation, message } = error as FastifyError;
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    const words = 'the body must be json [media-type] help: send the header `Content-Type: application/json`';
    return new GatewayError(415, 'invalid_request_error', 'unsupported_media_type', words);
  }
  if (code === 'FST_ERR_BAD_URL') {
    const words = 'the path of the request is not a url path [bad-url] help: encode `%` as `%25`';
    return new GatewayError(400, 'invalid_request_error', 'bad_url', words);
  }
  if (validation) {
    const status = request.url.startsWith('/v1/') ? 400 : 422;
    return new GatewayError(status, 'invalid_request_error', null, message);
  }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new GatewayError(statusCode, 'invalid_request_error', null, message);
  }
  gateway.log.error({ request_id: request.id, error: message, stack: (error as Error).stack }, 'unexpected error');
  const words = `an unexpected error [internal] help: look for request \`${request.id}\` in the log of policyd`;
  return new GatewayError(500, 'server_error', 'internal_error', words);
}
