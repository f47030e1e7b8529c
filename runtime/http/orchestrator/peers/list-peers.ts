import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import type { Gateway } from '../../../gateway/gateway.ts';
import { PEER_STATES } from '../../../orchestrator/peers/peer-state.ts';
import { NodeShape, PEER_PROTOCOL } from '../../../orchestrator/peers/wire.ts';
import { answers, TAGS } from '../shapes.ts';

const Text = (description: string) => Type.Union([Type.String(), Type.Null()], { description });

const PeerShape = Type.Object({
  name: Type.String(),
  url: Type.String(),
  source: Type.Enum(['tailnet', 'static'], { description: 'what tells of it' }),
  state: Type.Enum([...PEER_STATES], { description: 'work goes to `up` only' }),
  reason: Text('why it is in that state'),
  instance: Text('what it calls itself'),
  version: Text('of its policyd'),
  protocol: Type.Union([Type.Integer(), Type.Null()]),
  policy: Text('hash of the policy that serves there'),
  capability: Text('hash of what its nodes are'),
  round_trip_ms: Type.Union([Type.Number(), Type.Null()]),
  seen_at: Text('when it last answered; ISO 8601'),
  nodes: Type.Array(NodeShape),
});

const PeersShape = Type.Object({
  self: Type.Union([Type.Object({ instance: Type.String(), protocol: Type.Integer(), hosted: Type.Integer() }), Type.Null()]),
  discovery: Type.Object({
    state: Type.Enum(['off', 'new', 'up', 'down'], { description: 'of the tailnet' }),
    reason: Text('why it is down'),
    at: Text('when it was last asked; ISO 8601'),
  }),
  items: Type.Array(PeerShape),
});

const toTime = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

/** `GET /v1/peers`: the peers, as this policyd sees them. */
export function listPeers(app: FastifyInstance, gateway: Gateway): void {
  const schema = { summary: 'other policyds, and what they have', tags: TAGS, response: answers({ 200: PeersShape }) };
  app.get('/v1/peers', { config: { scope: 'read:jobs' }, schema }, () => {
    const { peers } = gateway.orchestrator;
    if (peers === null) return { self: null, discovery: { state: 'off', reason: 'start with `--peers`', at: null }, items: [] };
    const { instance, directory, host } = peers;
    const { state, reason, at } = directory.discovery;
    return {
      self: { instance, protocol: PEER_PROTOCOL, hosted: host.size },
      discovery: { state, reason, at: toTime(at) },
      items: directory.all.map((peer) => ({
        name: peer.name,
        url: peer.client.url,
        source: peer.source,
        state: peer.state,
        reason: peer.reason,
        instance: peer.facts?.instance ?? null,
        version: peer.facts?.version ?? null,
        protocol: peer.facts?.protocol ?? null,
        policy: peer.facts?.policy ?? null,
        capability: peer.facts?.capability ?? null,
        round_trip_ms: peer.trip === null ? null : Math.round(peer.trip * 100) / 100,
        seen_at: toTime(peer.seenAt),
        nodes: peer.nodes(),
      })),
    };
  });
}
