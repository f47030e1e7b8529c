import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import type { Gateway } from '../gateway/gateway.ts';
import { readAuditQuery } from './read-audit-query.ts';
import { ErrorShape } from './shapes.ts';

const Nullable = (description: string) => Type.Union([Type.String(), Type.Null()], { description });
const Name = (description: string) => Type.Optional(Type.String({ description }));
const Time = (description: string) => Type.String({ description: `${description}; ISO 8601` });

const EntryShape = Type.Object({
  id: Type.String(),
  at: Time('when it happened, the first where it stands for several'),
  until: Time('when the last of them happened'),
  count: Type.Integer({ description: 'how many alike it stands for' }),
  caller: Nullable("name of the caller's key; null: nobody gave one, or it is not known"),
  action: Type.String({ description: 'what was asked: its name, or method and path of the route' }),
  subject: Nullable('what it was done to'),
  outcome: Type.Enum(['done', 'refused', 'failed']),
  status: Type.Integer(),
  code: Nullable('why, for programs'),
  detail: Nullable('why, for people'),
  request_id: Type.String(),
  trace_id: Nullable('of the trace that it belongs to'),
});

/** `GET /v1/audit`: what was refused and what was changed, the newest first. */
export function serveAudit(app: FastifyInstance, gateway: Gateway): void {
  const schema = {
    summary: 'what was refused and what was changed, the newest first',
    tags: ['policyd'],
    querystring: Type.Object({
      caller: Name("name of the caller's key"),
      action: Name('equal to this one'),
      subject: Name('equal to this one'),
      outcome: Name('`done`, `refused` or `failed`'),
      status: Name('of the answer'),
      code: Name('of the error'),
      request: Name('id of the request'),
      trace: Name('32 hexadecimal digits'),
      since: Name('ISO 8601, inclusive'),
      until: Name('ISO 8601, inclusive'),
      before: Name('`next` of the page before'),
      limit: Name('at most so many, 100 where not given, 1,000 at most'),
    }),
    response: {
      200: Type.Object({ items: Type.Array(EntryShape), next: Nullable('give it as `before` for older ones; null: there are none') }),
      400: ErrorShape,
    },
  };
  app.get('/v1/audit', { config: { scope: 'admin' }, schema, validatorCompiler: () => () => true }, async (request) => {
    const { filter, limit } = readAuditQuery(request.query as Record<string, unknown>);
    const entries = await gateway.orchestrator.audit.read(filter, limit + 1);
    const items = entries.slice(0, limit).map(({ request: id, trace, at, until, ...rest }) => ({
      ...rest,
      at: new Date(at).toISOString(),
      until: new Date(until).toISOString(),
      request_id: id,
      trace_id: trace,
    }));
    return { items, next: entries.length > limit ? items[items.length - 1].id : null };
  });
}
