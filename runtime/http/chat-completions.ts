import type { FastifyInstance } from 'fastify';
import type { Gateway } from '../gateway/gateway.ts';
import { proxy } from '../gateway/proxy.ts';
import { ChatRequestShape } from './shapes.ts';
import { describeProxied } from './describe-proxied.ts';

/** `POST /v1/chat/completions`, OpenAI's dialect: streams and plain answers, bytes untouched. */
export function serveChatCompletions(app: FastifyInstance, gateway: Gateway): void {
  app.post(
    '/v1/chat/completions',
    describeProxied('a chat completion by the target that the policy chooses', ChatRequestShape),
    (request, reply) => proxy(gateway, 'chat', request, reply),
  );
}
