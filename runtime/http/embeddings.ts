import type { FastifyInstance } from 'fastify';
import type { Gateway } from '../gateway/gateway.ts';
import { proxy } from '../gateway/proxy.ts';
import { describeProxied } from './describe-proxied.ts';
import { EmbeddingsRequestShape } from './shapes.ts';

/** `POST /v1/embeddings`, OpenAI's dialect. */
export function serveEmbeddings(app: FastifyInstance, gateway: Gateway): void {
  app.post(
    '/v1/embeddings',
    describeProxied('embeddings by the target that the policy chooses', EmbeddingsRequestShape),
    (request, reply) => proxy(gateway, 'embeddings', request, reply),
  );
}
