import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import { digitsOf, intentOf, readDecision } from '../decisions/recorded-decision.ts';
import type { Gateway } from '../gateway/gateway.ts';
import { GatewayError } from '../gateway/gateway-error.ts';
import { askAgain } from '../router/ask-again.ts';
import { Mirror } from '../router/mirror.ts';
import { ErrorShape, OpenShape } from './shapes.ts';

/**
 * `GET /v1/decisions/{request_id}`: every remembered decision of a request with the why of it: what each stage did to each target, and the line of
 * the policy behind it. Made anew by the router that decided, in the world that it saw, as long as both are held.
 */
export function explainDecision(app: FastifyInstance, gateway: Gateway): void {
  const { ring } = gateway.recorder;
  const Explained = Type.Object({
    decision: OpenShape,
    explanation: Type.Union([OpenShape, Type.Null()]),
    reproduced: Type.Union([Type.Boolean(), Type.Null()], { description: 'the router decides the same again' }),
    missing: Type.Union([Type.String(), Type.Null()], { description: 'why there is no explanation' }),
  });
  const schema = {
    summary: 'the decisions of a request that are remembered, each with what every stage did to every target',
    tags: ['policy'],
    params: Type.Object({ request_id: Type.String() }),
    response: { 200: Type.Object({ request_id: Type.String(), decisions: Type.Array(Explained) }), 404: ErrorShape },
  };
  app.get('/v1/decisions/:request_id', { config: { scope: 'admin' }, schema, serializerCompiler: () => JSON.stringify }, (request) => {
    const { request_id } = request.params as { request_id: string };
    const lines = ring.find(request_id);
    if (lines.length === 0) {
      const message = `no decision of request \`${request_id.slice(0, 128)}\` is remembered [unknown-request] help: the decision log has all of them, --decision-ring says how many are remembered`;
      throw new GatewayError(404, 'invalid_request_error', 'unknown_request', message, { headers: { 'x-should-retry': 'false' } });
    }
    return { request_id, decisions: lines.map((line) => explain(gateway, line)) };
  });
}

function explain({ cell, recorder }: Gateway, text: string) {
  const line = readDecision(text);
  const router = cell.find(line.router);
  const order = recorder.orders.get(line.order);
  const none = (missing: string) => ({ decision: line, explanation: null, reproduced: null, missing });
  if (router === null) return none('the router that decided is not held any more: only the one in force and the one before are');
  if (order === undefined) return none('the measurements that it was decided on are not held any more');
  const { module } = router;
  const live = new Mirror(router).see({ ...order, state: digitsOf(line.state), budgets: digitsOf(line.budgets) });
  const excluded = module.exclude(live, line.excluded);
  // The offsets that a router never changes are those that it gives any request.
  const intent = { ...intentOf(line), at: askAgain(router, line, intentOf(line).caller).at };
  const code = module.decide(intent, live, excluded);
  const explanation = module.explain(intent, live, excluded, line.request_id);
  const links = explanation.links.map((link) => ({
    ...link,
    stages: link.stages.map((stage) => ({
      ...stage,
      excluded: stage.excluded.map(({ target, ...exclusion }) => ({ target: router.routes[target].name, ...exclusion })),
    })),
  }));
  return { decision: line, explanation: { ...explanation, links }, reproduced: code === line.code, missing: null };
}
