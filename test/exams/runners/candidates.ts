import type { Site } from './candidate.ts';
import { makeCluster } from './cluster.ts';
import { makeMachine } from './machine.ts';
import { makePeer } from './peers.ts';

/** Every kind of runner; null: not run here. */
export const CANDIDATES: Readonly<Record<string, (() => Promise<Site>) | null>> = {
  local: process.platform === 'linux' ? makeMachine : null,
  kubernetes: makeCluster,
  peer: process.platform === 'linux' ? makePeer : null,
};
