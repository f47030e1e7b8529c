import type { FastifyInstance } from 'fastify';
import type { Gateway } from '../../../gateway/gateway.ts';
import { FactsShape, type Sync, SyncedShape, SyncShape } from '../../../orchestrator/peers/wire.ts';
import { answers, TAGS } from '../shapes.ts';
import { openPeers, watchCaller } from './peers.ts';

/** `GET /v1/peers/self` and `POST /v1/peers/sync`: what this policyd is and has, and what became of a peer's runs here. */
export function servePeerSync(app: FastifyInstance, gateway: Gateway): void {
  const self = { summary: 'what this policyd is and has, for its peers', tags: TAGS, response: answers({ 200: FactsShape }, 404) };
  app.get('/v1/peers/self', { config: { scope: null }, schema: self }, ({ peer }) => openPeers(gateway).host.facts(peer));
  const sync = {
    summary: 'what became of runs that the calling peer sent here; renews their leases',
    tags: TAGS,
    body: SyncShape,
    response: answers({ 200: SyncedShape }, 404, 422),
  };
  app.post<{ Body: Sync }>('/v1/peers/sync', { config: { scope: null, audit: null }, schema: sync }, ({ body, peer }, reply) =>
    openPeers(gateway).host.sync(peer, body, watchCaller(reply)),
  );
}
