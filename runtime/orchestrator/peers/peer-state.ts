/**
 * How this policyd sees a peer. `new`: not asked yet. `incompatible`: it speaks another protocol. `refused`: it does not let this policyd in.
 * `gone`: nothing tells of it any more, and it is forgotten soon. `self`: it is this very policyd. Work goes to `up` only.
 */
export const PEER_STATES = ['new', 'up', 'unreachable', 'refused', 'incompatible', 'gone', 'self'] as const;
export type PeerState = (typeof PEER_STATES)[number];
