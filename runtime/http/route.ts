import type { FastifyInstance } from 'fastify';
import type { Gateway } from '../gateway/gateway.ts';
import { choose } from '../gateway/choose.ts';
import { explainChoice } from '../gateway/explain-choice.ts';
import { countForEstimate } from '../gateway/count-for-estimate.ts';
import { CODE } from '../../schema/decision.ts';
import { readHints } from '../gateway/read-hints.ts';
import { refuseProblem } from '../gateway/refuse-problem.ts';
import { readRequestBody } from '../intent/request-body.ts';
import { countTokens } from '../intent/token-count.ts';
import { describeProxied } from './describe-proxied.ts';
import { ChatRequestShape } from './shapes.ts';

/** `POST /v1/route`: the decision for a body, and what every stage did to every target. Nobody is called, no place is taken. */
export function serveRoute(app: FastifyInstance, gateway: Gateway): void {
  const options = describeProxied('the decision for a request, without carrying it out', ChatRequestShape);
  app.post('/v1/route', { ...options, config: { scope: 'llm:invoke' } }, async (request, reply) => {
    const { router } = request;
    const asked = readRequestBody(looksLikeEmbeddings(request.body as Buffer) ? 'embeddings' : 'chat', request.body as Buffer);
    const tokens = countTokens(asked, gateway.memory);
    const hints = readHints(request.headers);
    const start = performance.now();
    const intent = router.module.analyze(asked.body, hints, request.caller, tokens);
    refuseProblem(intent.problem, asked.body.model, hints);
    const { live, excluded, code } = choose(router, intent, []);
    const micros = (performance.now() - start) * 1e3;
    const chosen = code === CODE.REJECT ? null : router.routes[code & CODE.TARGET];
    const counted = chosen === null ? intent : countForEstimate(intent, tokens, chosen.config.encoding);
    const explanation = explainChoice(router, counted, live, excluded, request.id);
    const links = explanation.links.map((link) => ({
      ...link,
      stages: link.stages.map((stage) => ({
        ...stage,
        excluded: stage.excluded.map(({ target, ...exclusion }) => ({ target: router.routes[target].name, ...exclusion })),
      })),
    }));
    return reply
      .type('application/json; charset=utf-8')
      .send(
        JSON.stringify({ ...explanation, links, policy: router.hash, epoch: live.epoch, decision_time_us: Math.round(micros * 10) / 10 }),
      );
  });
}

/** A body with `input` and no `messages`; one that is no JSON is left to the reader, which says what is wrong with it. */
function looksLikeEmbeddings(body: Buffer): boolean {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return typeof value === 'object' && value !== null && 'input' in value && !('messages' in value);
  } catch {
    return false;
  }
}
