import type { FastifyContextConfig, RouteShorthandOptions } from 'fastify';
import { ERROR_HEADERS, ErrorShape, NEXUS_HEADERS, OpenShape } from './shapes.ts';

/**
 * Options of a route whose body goes on to a backend. The shape is for the API's description: the body stays bytes, and is checked
 * by the reader of requests, which also knows the byte ranges.
 */
export function describeProxied(summary: string, body: object): RouteShorthandOptions & { config: FastifyContextConfig } {
  return {
    config: { scope: 'llm:invoke', proxied: true },
    validatorCompiler: () => () => true,
    schema: {
      summary,
      tags: ['OpenAI dialect'],
      body,
      response: {
        200: { description: "the backend's answer, byte for byte", headers: NEXUS_HEADERS, ...OpenShape },
        '4xx': { description: "the caller's mistake, or the backend's refusal", headers: ERROR_HEADERS, ...ErrorShape },
        '5xx': { description: 'no target could serve, or the last one failed', headers: ERROR_HEADERS, ...ErrorShape },
      },
    },
  };
}
