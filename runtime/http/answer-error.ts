import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { describeError } from '../gateway/answer-error.ts';
import { discardBody } from '../gateway/discard-body.ts';
import type { Gateway } from '../gateway/gateway.ts';
import { GatewayError, isFinal } from '../gateway/gateway-error.ts';
import { toGatewayError } from '../gateway/to-gateway-error.ts';
import { errorsOfPath } from './errors-of-path.ts';
import { describeMediaType } from './refuse-media-type.ts';

/** The one place where an error of a route without a backend becomes an answer; the others have `gateway/answer-error.ts`. */
export async function answerError(gateway: Gateway, problem: unknown, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const known = fromFastify(problem as FastifyError, request) ?? toGatewayError(gateway, problem, request.id);
  if (isFinal(known.status)) reply.header('x-should-retry', 'false');
  if (known.status === 413 || known.code === 'overloaded') await discardBody(request.raw);
  const { error, extra } = describeError(gateway, known, request.id);
  // Serialized here: a route's own response schema must not drop members of an error.
  await reply
    .code(known.status)
    .headers(known.headers)
    .type('application/json; charset=utf-8')
    .send(gateway.redactor.redact((request.routeOptions.config.errors ?? errorsOfPath(request.url)).write(error, extra).toString('utf8')));
}

/** What the framework itself refuses; null for every other error. */
function fromFastify({ statusCode, code, validation, message }: FastifyError, request: FastifyRequest): GatewayError | null {
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return describeMediaType();
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
  return null;
}
