import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { errorsOf } from '../gateway/error-words.ts';
import type { Gateway } from '../gateway/gateway.ts';
import { readHints } from '../gateway/read-hints.ts';
import { refuseProblem } from '../gateway/refuse-problem.ts';
import { messagesIngress } from '../ingress/messages/messages.ts';
import { readCount, writeCount } from '../ingress/messages/count-tokens.ts';
import { analyzeCounted } from '../intent/analyze-counted.ts';
import { readRequestBody } from '../intent/request-body.ts';
import { countTokens, WORK_IN_PLACE } from '../intent/token-count.ts';
import { bodyOf } from './body-of.ts';
import { NamedRequestShape } from './shapes.ts';

/** Most tokens that are counted one by one; beyond, the answer is the bound by bytes. */
const COUNTED = 1 << 20;

/**
 * `POST /v1/messages/count_tokens`: tokens of a message, by our own count with the model's encoding. Nobody is called: the number is what
 * the policy decides with, and text stays here.
 */
export function serveCountTokens(app: FastifyInstance, gateway: Gateway): void {
  const schema = {
    summary: 'tokens of a message, counted here',
    tags: ['Anthropic API'],
    body: NamedRequestShape,
    response: { 200: Type.Object({ input_tokens: Type.Integer() }) },
  };
  const config = { scope: 'llm:invoke', errors: errorsOf(messagesIngress) } as const;
  app.post('/v1/messages/count_tokens', { config, schema, validatorCompiler: () => () => true }, async (request, reply) => {
    const { router } = request;
    const asked = readRequestBody('chat', readCount(bodyOf(request)).chat);
    const tokens = countTokens(asked, gateway.memory, WORK_IN_PLACE);
    const hints = readHints(request.headers);
    const intent = await analyzeCounted(router.module, asked, hints, request.caller, tokens, gateway.counter);
    refuseProblem(intent.problem, asked.body.model, hints);
    const { targets } = router.manifest.names[intent.name];
    const { encoding } = router.manifest.targets[targets[0]];
    tokens.exact(encoding, COUNTED);
    if (tokens.pending !== null) await gateway.counter.settle(asked, tokens);
    return reply.type('application/json; charset=utf-8').send(writeCount(Math.min(tokens.high, tokens.exact(encoding, COUNTED))));
  });
}
