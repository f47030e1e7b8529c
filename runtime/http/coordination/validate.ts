import type { FastifySchemaCompiler } from 'fastify';
import { GatewayError } from '../../gateway/gateway-error.ts';
import { compileCheck } from '../compile-check.ts';

/** Checks shapes; all mistakes of one part of a request are one message. */
export const compileShape: FastifySchemaCompiler<object> = ({ schema, httpPart }) => {
  const check = compileCheck(schema, httpPart);
  return (data: unknown) => {
    const { value, mistakes } = check(data);
    if (mistakes.length === 0) return { value };
    const message = `${mistakes.map((mistake) => mistake.message).join('; ')} [bad-value] help: GET /openapi.json describes the request`;
    const error = new GatewayError(422, 'invalid_request_error', 'bad_value', message);
    // Fastify's own word for it: without one it takes it for a 400.
    return { error: Object.assign(error, { statusCode: 422 }) };
  };
};
