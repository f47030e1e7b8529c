import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import type { Gateway } from '../../../gateway/gateway.ts';
import {
  GrantShape,
  type Offer,
  OfferShape,
  PodsShape,
  RunId,
  StartedShape,
  StartShape,
  StoppedShape,
  StopShape,
} from '../../../orchestrator/peers/wire.ts';
import { answers, TAGS } from '../shapes.ts';
import { openPeers, watchCaller } from './peers.ts';

const RunPath = Type.Object({ run: RunId });
const LogQuery = Type.Object(
  {
    from: Type.Integer({ minimum: 0, default: 0, description: 'the first byte' }),
    wait: Type.Integer({ minimum: 0, maximum: 60_000, default: 0, description: 'ms to wait for more' }),
  },
  { additionalProperties: false },
);

interface OfRun {
  readonly Params: { readonly run: string };
}
interface Stop {
  readonly grace: number;
  readonly evict: boolean;
  readonly reason: string;
}

/** The runs of a peer here: offered, started, read, stopped. */
export function servePeerRuns(app: FastifyInstance, gateway: Gateway): void {
  const open = { scope: null } as const;
  const host = () => openPeers(gateway).host;
  const list = { summary: 'the runs that the calling peer has here', tags: TAGS, response: answers({ 200: PodsShape }, 404) };
  app.get('/v1/peers/runs', { config: open, schema: list }, ({ peer }) => ({ items: host().list(peer) }));

  const offer = {
    summary: 'ask for a lease: room for a run',
    tags: TAGS,
    body: OfferShape,
    response: answers({ 200: GrantShape }, 404, 409, 422),
  };
  app.post<{ Body: Offer }>('/v1/peers/runs', { config: { ...open, audit: 'peer.offer' }, schema: offer }, (request) => {
    const { body, peer } = request;
    request.audited = { subject: body.run, detail: `from ${peer}, job ${body.job}` };
    return host().offer(peer, body);
  });

  const start = {
    summary: 'start a run that has a lease, or find it',
    tags: TAGS,
    params: RunPath,
    body: StartShape,
    response: answers({ 200: StartedShape }, 404, 409, 422, 503),
  };
  app.post<OfRun & { Body: { token: string } }>(
    '/v1/peers/runs/:run/start',
    { config: { ...open, audit: 'peer.start' }, schema: start },
    (request) => {
      const { params, body, peer } = request;
      request.audited = { subject: params.run, detail: `from ${peer}` };
      return host().start(peer, params.run, body.token);
    },
  );

  const stop = {
    summary: 'end a run',
    tags: TAGS,
    params: RunPath,
    body: StopShape,
    response: answers({ 200: StoppedShape }, 404, 409, 422, 503),
  };
  app.post<OfRun & { Body: Stop }>(
    '/v1/peers/runs/:run/stop',
    { config: { ...open, audit: 'peer.stop' }, schema: stop },
    async (request) => {
      const { params, body, peer } = request;
      request.audited = { subject: params.run, detail: `from ${peer}` };
      const stopped = await host().stop(peer, params.run, body);
      return { result: stopped.result, reason: stopped.result === 'refused' ? stopped.reason : null };
    },
  );

  const logs = {
    summary: 'a piece of output of a run; `x-policyd-log-end: true` where no more will come',
    tags: TAGS,
    params: RunPath,
    querystring: LogQuery,
    produces: ['application/octet-stream'],
    response: answers({}, 404, 422, 503),
  };
  app.get<OfRun & { Querystring: { from: number; wait: number } }>(
    '/v1/peers/runs/:run/logs',
    { config: open, schema: logs },
    async ({ params, query, peer }, reply) => {
      const { bytes, end } = await host().readLog(peer, params.run, query.from, query.wait, watchCaller(reply));
      return reply.type('application/octet-stream').header('x-policyd-log-end', String(end)).send(bytes);
    },
  );
}
