import websocket, { type WebSocket } from '@fastify/websocket';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import Type from 'typebox';
import type { Gateway } from '../../gateway/gateway.ts';
import { OrchestratorError } from '../../orchestrator/orchestrator-error.ts';
import { takeUpgrades } from '../take-upgrades.ts';
import { OrchestratorErrorShape, TAGS } from './shapes.ts';
import { refuseOrigin } from './stream-origin.ts';
import { StreamEvents } from './stream-events.ts';
import { findStreams, readerOf, type StreamRequest } from './stream-request.ts';
import { StreamSeats } from './stream-seats.ts';
import { StreamSocket } from './stream-socket.ts';

/** Time between two heartbeats, in ms: one every 5 s at least. */
const BEAT = 4_000;
/** Heartbeats between two questions whether the other end is still there. */
const PROBE = 4;
/** How often readers that do not read are looked for, in ms. */
const LOOK = 1_000;
/** Most bytes of a message of a reader. */
const MOST_MESSAGE = 4_096;

/** Readers have a limit of their own: those who stay connected must not take the place of requests. */
const READER = { scope: 'read:jobs', counted: false } as const;

declare module 'fastify' {
  interface FastifyRequest {
    /** What a reader of streams asked for, and its seat. */
    streams: StreamRequest | null;
  }
}

/** `GET /stream/{id}` and `/v1/stream`, over WebSocket or as server-sent events. */
export async function serveStream(root: FastifyInstance, gateway: Gateway): Promise<void> {
  await root.register(async (app) => {
    const { frames } = gateway.orchestrator;
    const { config } = gateway;
    const seats = new StreamSeats(config);
    const sockets = new Set<StreamSocket>();
    const events = new Set<StreamEvents>();
    await app.register(websocket, {
      options: {
        server: takeUpgrades(app.server) as never,
        maxPayload: MOST_MESSAGE,
        autoPong: false,
        // Never what a browser put its key into.
        handleProtocols: (protocols) => (protocols.has('policyd') ? 'policyd' : false),
      },
      errorHandler: (_error, socket) => socket.terminate(),
      preClose(done) {
        for (const client of app.websocketServer.clients) client.close(1001, '[closing] the server goes down');
        app.websocketServer.close();
        done();
      },
    });
    app.decorateRequest('streams', null);
    let beats = 0;
    const beat = setInterval(() => {
      beats++;
      for (const socket of sockets) {
        socket.beat();
        if (beats % PROBE === 0) socket.probe();
      }
      for (const reader of events) reader.beat();
    }, BEAT).unref();
    // Before `watchReaders` ends it without a word.
    const patience = (config.readTimeout * 2) / 3;
    const look = setInterval(
      () => {
        const now = performance.now();
        for (const socket of sockets) if (socket.judge(now, patience)) gateway.metrics.recordRefusal('unread');
      },
      Math.min(LOOK, patience),
    ).unref();
    app.addHook('onClose', (_app, done) => {
      clearInterval(beat);
      clearInterval(look);
      done();
    });
    // An answer to a request for an upgrade has nobody that ends its connection.
    app.addHook('onSend', (request, reply, _payload, done) => {
      if (isUpgrade(request)) reply.header('connection', 'close');
      done();
    });
    app.addHook('onResponse', (request, _reply, done) => {
      if (isUpgrade(request)) request.raw.socket.destroySoon();
      done();
    });
    const preHandler = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
      refuseOrigin(request.headers.origin, request.headers.host, config.corsOrigins ?? []);
      if (!isUpgrade(request) && !wantsEvents(request)) {
        const message = 'this is a stream [upgrade] help: ask over WebSocket, or with `Accept: text/event-stream`';
        reply.header('upgrade', 'websocket');
        throw new OrchestratorError(426, 'upgrade_required', message);
      }
      const give = seats.take(readerOf(request).name);
      // An upgrade leaves the answer behind, and keeps its connection for itself.
      (isUpgrade(request) ? request.raw.socket : reply.raw).once('close', give);
      try {
        request.streams = await findStreams(frames, request);
      } catch (error) {
        give();
        throw error;
      }
    };
    const serve = {
      websocket: (socket: WebSocket, request: FastifyRequest): void => {
        const reader = new StreamSocket(frames, request.streams!, socket);
        sockets.add(reader);
        socket.on('close', () => sockets.delete(reader));
      },
      events: (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
        reply.hijack();
        const { raw } = reply;
        raw.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store', 'x-request-id': request.id });
        raw.flushHeaders();
        const reader = new StreamEvents(frames, request.streams!, raw);
        events.add(reader);
        raw.once('close', () => events.delete(reader));
        return reply;
      },
    };
    const Place = (description: string) => Type.Optional(Type.String({ description, maxLength: 16 }));
    const response = Object.fromEntries([401, 403, 404, 422, 426, 429, 503].map((status) => [status, OrchestratorErrorShape]));
    const produces = ['text/event-stream'];
    app.route({
      method: 'GET',
      url: '/stream/:id',
      config: READER,
      schema: {
        summary: 'the frames of a job or another stream, over WebSocket or as server-sent events',
        tags: TAGS,
        produces,
        params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 128 }) }),
        querystring: Type.Object({
          from: Place('number of the first frame; `new` = only what comes; else the oldest that is there'),
          after: Place('number of the last frame that was read; `Last-Event-ID` says the same'),
        }),
        response,
      },
      preHandler,
      handler: serve.events,
      wsHandler: serve.websocket,
    });
    app.route({
      method: 'GET',
      url: '/v1/stream',
      config: READER,
      schema: {
        summary: 'the frames of several streams, over WebSocket or as server-sent events',
        tags: TAGS,
        produces,
        querystring: Type.Object({
          streams: Type.String({
            description: '`all` = what comes from all that the caller may read; or names with commas between them',
            maxLength: 32_768,
          }),
          after: Type.Optional(
            Type.String({ description: '`<stream>:<seq>` with commas between them: the last frames that were read', maxLength: 65_536 }),
          ),
        }),
        response,
      },
      preHandler,
      handler: serve.events,
      wsHandler: serve.websocket,
    });
  });
}

function isUpgrade({ raw }: FastifyRequest): boolean {
  return raw.headers.upgrade?.toLowerCase() === 'websocket';
}

function wantsEvents({ headers }: FastifyRequest): boolean {
  return headers.accept?.includes('text/event-stream') ?? false;
}
