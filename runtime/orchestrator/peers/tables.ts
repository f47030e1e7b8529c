import type { RunPhase } from '../runner.ts';

/** The tables of `store/migrations/0006-peers.ts`. Times are ms since 1970. */
export interface PeerTables {
  /** Runs that this policyd sent to peers: written before a peer is told to start one. */
  peer_forwards: {
    run: string;
    peer: string;
    /** As this policyd calls it: `<peer>/<its node>`. */
    node: string;
    /** The peer's own name. */
    instance: string;
    /** Ms that the run may live there without being heard of. */
    lease: number;
    /** 1 = the lease ends it even where policyd there is dead; 0 = only policyd there can. */
    fenced: number;
    created_at: number;
    /** When its end was heard of; null = not yet. */
    ended_at: number | null;
  };
  /** Runs that peers sent here. */
  peer_runs: {
    /** What it is called at the runner of this policyd. */
    id: string;
    /** The policyd that took it, by the name that it gave itself. */
    host: string;
    owner: string;
    /** What its owner calls it. */
    run: string;
    job: string;
    name: string;
    node: string;
    lease: number;
    cpu_millis: number;
    memory_bytes: number;
    gpus: number;
    trace: string;
    phase: RunPhase;
    reason: string | null;
    exit_code: number | null;
    started_at: number | null;
    ended_at: number | null;
    created_at: number;
  };
}
