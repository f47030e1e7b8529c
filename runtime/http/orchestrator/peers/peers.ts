import type { FastifyInstance, FastifyReply } from 'fastify';
import { readKey } from '../../../auth/read-key.ts';
import type { Gateway } from '../../../gateway/gateway.ts';
import type { Peers } from '../../../orchestrator/peers/open-peers.ts';
import { OrchestratorError } from '../../../orchestrator/orchestrator-error.ts';
import { admitRequest } from '../../admit-request.ts';
import { listPeers } from './list-peers.ts';
import { servePeerRuns } from './peer-runs.ts';
import { servePeerSync } from './peer-sync.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who a peer is; empty where a route is for other callers. */
    peer: string;
  }
}

/** The routes that peers speak to each other, and `GET /v1/peers` for everybody else. */
export async function servePeers(root: FastifyInstance, gateway: Gateway): Promise<void> {
  listPeers(root, gateway);
  await root.register(async (app) => {
    app.decorateRequest('peer', '');
    // Their gate is the hook below: the API's description says what it takes.
    app.addHook('onRoute', (route) => {
      route.schema = { ...route.schema, security: [{ key: ['peer'] }] };
    });
    app.addHook('onRequest', async (request, reply) => {
      const { gate } = openPeers(gateway);
      const { remoteAddress, remotePort } = request.raw.socket;
      request.peer = await gate.identify(request.router, readKey(request.raw), remoteAddress, remotePort ?? 0);
      admitRequest(gateway);
      reply.raw.once('close', () => {
        gateway.admission.leave();
        gateway.admission.release(request.held);
        request.held = 0;
      });
    });
    servePeerSync(app, gateway);
    servePeerRuns(app, gateway);
  });
}

/** @throws OrchestratorError 404 where peers are off. */
export function openPeers(gateway: Gateway): Peers {
  const { peers } = gateway.orchestrator;
  if (peers !== null) return peers;
  throw new OrchestratorError(404, 'peers_off', 'this policyd has no peers [peers-off] help: start it with `--peers`');
}

/** Aborts when the caller goes away. */
export function watchCaller(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  return gone.signal;
}
