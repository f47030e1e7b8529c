import type { FastifySchemaCompiler } from 'fastify';
import { OrchestratorError } from '../../orchestrator/orchestrator-error.ts';
import { compileCheck } from '../compile-check.ts';

/** Checks shapes: 422 with every field that is wrong. */
export const checkShapes: FastifySchemaCompiler<object> = ({ schema, httpPart }) => {
  const check = compileCheck(schema, httpPart);
  return (data: unknown) => {
    const { value, mistakes } = check(data);
    if (mistakes.length === 0) return { value };
    const message = `${mistakes.map((mistake) => mistake.message).join('; ')} [bad-value] help: GET /openapi.json describes the request`;
    // `statusCode` is Fastify's own word for it: without one it takes it for a 400.
    return { error: Object.assign(new OrchestratorError(422, 'bad_value', message, { fields: mistakes }), { statusCode: 422 }) };
  };
};
