import type { FastifyInstance, FastifyReply } from 'fastify';
import Type from 'typebox';
import { type DecisionFilter, passesFilter } from '../decisions/decision-ring.ts';
import type { Gateway } from '../gateway/gateway.ts';
import { GatewayError } from '../gateway/gateway-error.ts';
import { readDecisionQuery } from './read-decision-query.ts';
import { ErrorShape } from './shapes.ts';

/** Bytes that may wait for a reader of the stream, before it is dropped. */
const MOST_UNREAD = 256 * 1024;
/** Between two comments that keep a silent stream alive, in ms. One line break: two end an event that some clients then can't read. */
const HEARTBEAT = 15_000;

const Name = (description: string) => Type.Optional(Type.String({ description }));

/**
 * `GET /v1/decisions`: recent decisions as JSON lines, oldest first; with `Accept: text/event-stream` those that are made from now on, as events.
 * The ring behind both takes at most one decision a millisecond, and one rejection beside it; `--decision-log` has them all.
 */
export function serveDecisions(app: FastifyInstance, gateway: Gateway): void {
  const { ring, feed } = gateway.recorder;
  const schema = {
    summary:
      'recent decisions, one JSON object a line; as a stream of events where that is accepted. At most one a millisecond is remembered, and one rejection beside it; the decision log has all',
    tags: ['policy'],
    querystring: Type.Object({
      backend: Name('that was chosen'),
      policy: Name('traffic policy that matched'),
      category: Name('of the request'),
      decision: Name('`route`, `queue` or `reject`'),
      model: Name('as it was asked for'),
      caller: Name("name of the caller's key"),
      router: Name('hash of the router that decided'),
      request_id: Name('of the request'),
      since: Name('ISO 8601; not for a stream'),
      limit: Name('the newest so many, 100 where not given; not for a stream'),
    }),
    produces: ['application/x-ndjson', 'text/event-stream'],
    response: { 400: ErrorShape, 503: ErrorShape },
  };
  app.get('/v1/decisions', { config: { scope: 'admin' }, schema, validatorCompiler: () => () => true }, (request, reply) => {
    const { filter, limit } = readDecisionQuery(request.query as Record<string, unknown>);
    if (request.headers.accept?.includes('text/event-stream')) return stream(gateway, reply, filter);
    const lines = ring.read(filter, limit);
    return reply.type('application/x-ndjson; charset=utf-8').send(lines.length === 0 ? '' : `${lines.join('\n')}\n`);
  });

  function stream({ draining }: Gateway, reply: FastifyReply, { since: _, ...filter }: DecisionFilter): FastifyReply {
    const { raw } = reply;
    const isAsked = Object.keys(filter).length > 0;
    const leave = draining
      ? null
      : feed.join({
          take: (line) => {
            if (isAsked && !passesFilter(line, filter)) return true;
            if (raw.writableLength > MOST_UNREAD) return false;
            raw.write(`data: ${line}\n\n`);
            return true;
          },
          // What was written still goes out to a reader that reads; one that does not is closed as any other.
          end: () => raw.end(),
        });
    if (leave === null) {
      const message =
        'too many readers of the stream, or the server goes down [readers] help: close one, or ask without `text/event-stream`';
      throw new GatewayError(503, 'server_error', 'too_many_readers', message, { headers: { 'retry-after': '5' } });
    }
    reply.hijack();
    raw.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-request-id': reply.request.id,
    });
    raw.flushHeaders();
    const heartbeat = setInterval(() => raw.write(': ping\n'), HEARTBEAT);
    raw.once('close', () => {
      clearInterval(heartbeat);
      leave();
    });
    return reply;
  }
}
