import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { authenticate } from '../auth/authenticate.ts';
import { readKey } from '../auth/read-key.ts';
import type { Gateway } from '../gateway/gateway.ts';
import { choose } from '../gateway/choose.ts';
import { decideElsewhere } from '../gateway/decide-elsewhere.ts';
import { explainChoice } from '../gateway/explain-choice.ts';
import { countForEstimate } from '../gateway/count-for-estimate.ts';
import { CODE, type Explanation } from '../../schema/decision.ts';
import { readHints } from '../gateway/read-hints.ts';
import { refuseProblem } from '../gateway/refuse-problem.ts';
import { analyzeCounted } from '../intent/analyze-counted.ts';
import { KeyTable } from '../intent/key-table.ts';
import { readRequestBody } from '../intent/request-body.ts';
import { scanBody } from '../intent/scan.ts';
import { countTokens, WORK_IN_PLACE } from '../intent/token-count.ts';
import { bodyOf } from './body-of.ts';
import { describeProxied } from './describe-proxied.ts';
import { findPolicy, type HeldPolicy, OTHER_POLICIES } from './find-policy.ts';
import { nameExclusions } from './name-exclusions.ts';
import { ChatRequestShape } from './shapes.ts';

const Query = Type.Object({
  policy: Type.Optional(
    Type.Enum(['active', ...OTHER_POLICIES], {
      description:
        'the policy that decides, `active` where not given; another one decides in the world as the active one sees it, and takes scope `admin`',
    }),
  ),
});

/** `POST /v1/route`: the decision for a body, and what every stage did to every target. Nobody is called, no place is taken. `?policy=` asks another policy than the active one. */
export function serveRoute(app: FastifyInstance, gateway: Gateway): void {
  const options = describeProxied('the decision for a request, without carrying it out', ChatRequestShape, 'OpenAI API');
  const schema = { ...options.schema, querystring: Query };
  app.post('/v1/route', { ...options, schema, config: { scope: 'llm:invoke' } }, async (request, reply) => {
    const { router } = request;
    const { policy } = request.query as Record<string, unknown>;
    // What is not in force is no caller's business.
    if (policy !== undefined && policy !== 'active') authenticate(router, readKey(request.raw), 'admin');
    const other = findPolicy(gateway, policy);
    const answer = (told: Explanation, { hash, manifest }: HeldPolicy, epoch: number, micros: number) =>
      reply
        .type('application/json; charset=utf-8')
        .send(JSON.stringify({ ...nameExclusions(told, manifest), policy: hash, epoch, decision_time_us: Math.round(micros * 10) / 10 }));
    const body = bodyOf(request);
    const asked = readRequestBody(looksLikeEmbeddings(body) ? 'embeddings' : 'chat', body);
    const tokens = countTokens(asked, gateway.memory, WORK_IN_PLACE);
    const hints = readHints(request.headers);
    if (other !== null) {
      const put = { request: asked, tokens, hints, caller: request.caller, requestId: request.id };
      const { explanation, epoch, micros } = await decideElsewhere(other, router, put, gateway.counter);
      return answer(explanation, other, epoch, micros);
    }
    await analyzeCounted(router.module, asked, hints, request.caller, tokens, gateway.counter);
    const start = performance.now();
    const intent = router.module.analyze(asked.body, hints, request.caller, tokens);
    refuseProblem(intent.problem, asked.body.model, hints);
    const { live, excluded, code } = choose(router, intent, []);
    const micros = (performance.now() - start) * 1e3;
    const chosen = code === CODE.REJECT ? null : router.routes[code & CODE.TARGET];
    const counted = chosen === null ? intent : countForEstimate(intent, tokens, chosen.config.encoding);
    const explanation = explainChoice(router, counted, live, excluded, request.id);
    return answer(explanation, router, live.epoch, micros);
  });
}

const KEYS = new KeyTable(['input', 'messages']);

/** A body with `input` and no `messages`; one that is no JSON is left to the reader, which says what is wrong with it. */
function looksLikeEmbeddings(body: Buffer): boolean {
  try {
    const { input, messages } = scanBody(body, KEYS).fields;
    return input !== undefined && messages === undefined;
  } catch {
    return false;
  }
}
