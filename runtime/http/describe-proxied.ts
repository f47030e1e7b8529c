import type { FastifyInstance, RouteShorthandOptions } from 'fastify';
import { PROXIED_ROUTES } from './proxied-routes.ts';
import { ERROR_HEADERS, ErrorShape, NEXUS_HEADERS, OpenShape } from './shapes.ts';

/**
 * Options of a route whose body is a request for a backend. The shape is for the API's description: the body stays bytes, and is checked
 * by the reader of requests, which also knows the byte ranges.
 */
export function describeProxied(summary: string, body: object, tag: string): RouteShorthandOptions {
  return {
    validatorCompiler: () => () => true,
    schema: {
      summary,
      tags: [tag],
      body,
      response: {
        200: { description: "the backend's answer, byte for byte", headers: NEXUS_HEADERS, ...OpenShape },
        '4xx': { description: "the caller's mistake, or the backend's refusal", headers: ERROR_HEADERS, ...ErrorShape },
        '5xx': { description: 'no target could serve, or the last one failed', headers: ERROR_HEADERS, ...ErrorShape },
      },
    },
  };
}

/** The proxied routes, as the API's description and the router of URLs see them. The hook in `create-app.ts` hands them to `receive`. */
export function describeProxiedRoutes(app: FastifyInstance): void {
  for (const route of PROXIED_ROUTES) {
    app.post(route.path, { ...describeProxied(route.summary, route.body, route.tag), config: { proxied: route } }, () => {
      throw new Error('invariant: a proxied route is answered before its handler');
    });
  }
}
