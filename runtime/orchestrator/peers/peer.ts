import type { NodeState } from '../../../schema/workload.ts';
import { PeerClient, PeerRefusal } from './peer-client.ts';
import type { PeerState } from './peer-state.ts';
import { FactsShape, PEER_PROTOCOL, type PeerFacts } from './wire.ts';

/** Ms that a peer has to say what it is. */
const TIMEOUT = 3_000;
/** A peer that went down so often within so many ms must answer as often in a row before it gets work: it is not to be relied on. */
const FLAPS = 120_000;
const MOST_PROOFS = 5;
/** Ms for which a peer is left alone that refuses what should fit: at first, and at most. */
const REST = 2_000;
const LONGEST_REST = 60_000;

export type PeerSource = 'tailnet' | 'static';

/** Where a peer is, as something told it. */
export interface PeerPlace {
  readonly name: string;
  readonly url: string;
  readonly source: PeerSource;
  /** Why it needs not be asked; null = it may be there. */
  readonly absent: string | null;
}

/** Another policyd, as this one sees it. */
export class Peer {
  readonly name: string;
  readonly source: PeerSource;
  state: PeerState = 'new';
  /** Why it is in its state, for people; null = nothing to say. */
  reason: string | null = null;
  /** What it last said of itself; null = never anything. */
  facts: PeerFacts | null = null;
  /** Ms that its last answer took. */
  trip: number | null = null;
  /** Ms since 1970 of its last answer, and of when its state last changed. */
  seenAt: number | null = null;
  changedAt = Date.now();
  #client: PeerClient;
  #absent: string | null;
  readonly #key: string | null;
  readonly #instance: string;
  /** `performance.now()` of when it went down, the latest ones. */
  readonly #downs: number[] = [];
  #proofs = 0;
  #rests = 0;
  #restsUntil = Number.NEGATIVE_INFINITY;
  #probing: Promise<void> | null = null;

  constructor({ name, url, source, absent }: PeerPlace, key: string | null, instance: string) {
    this.name = name;
    this.source = source;
    this.#absent = absent;
    this.#key = key;
    this.#instance = instance;
    this.#client = new PeerClient(url, key);
  }

  get client(): PeerClient {
    return this.#client;
  }

  /** Its nodes as this policyd may use them: with its name before theirs, and reachable only where it is up. */
  nodes(): NodeState[] {
    if (this.facts === null || this.state === 'self') return [];
    const resting = performance.now() < this.#restsUntil;
    return this.facts.nodes.map((node) => ({
      ...node,
      name: `${this.name}/${node.name}`,
      kind: 'peer',
      reachable: node.reachable && this.state === 'up',
      cordoned: node.cordoned || resting,
    }));
  }

  /** It does not take what should fit by all that it says: it is left alone for a while, longer each time. */
  rest(): void {
    const now = performance.now();
    if (now < this.#restsUntil) return;
    this.#rests = now > this.#restsUntil + LONGEST_REST ? 0 : this.#rests + 1;
    this.#restsUntil = now + Math.min(REST * 2 ** this.#rests, LONGEST_REST);
  }

  /** It is somewhere else, or is said to be away. */
  move({ url, absent }: PeerPlace): void {
    this.#absent = absent;
    if (this.state === 'gone') this.#turn('new', null);
    if (url === this.#client.url) return;
    void this.#client.close();
    this.#client = new PeerClient(url, this.#key);
  }

  /** Asks it what it is and has; calls that come meanwhile share the answer. */
  probe(observe: (ms: number) => void): Promise<void> {
    this.#probing ??= this.#probe(observe).finally(() => {
      this.#probing = null;
    });
    return this.#probing;
  }

  /** It said what it is, asked or not. */
  hear(facts: PeerFacts): void {
    this.seenAt = Date.now();
    if (facts.instance === this.#instance) {
      this.#turn('self', 'it is this policyd');
      return;
    }
    if (facts.protocol !== PEER_PROTOCOL) {
      this.facts = { ...facts, nodes: [] };
      this.#turn('incompatible', `it speaks protocol ${facts.protocol}, this policyd ${PEER_PROTOCOL}`);
      return;
    }
    this.facts = facts;
    this.#proofs++;
    const needed = this.#provenAfter();
    if (this.state === 'up' || this.#proofs >= needed) this.#turn('up', null);
    else
      this.#turn('unreachable', `it went down ${this.#downs.length} times lately: it answered ${this.#proofs} of ${needed} times in a row`);
  }

  fail(state: 'unreachable' | 'refused' | 'gone', reason: string): void {
    this.#proofs = 0;
    if (this.state === 'up') {
      this.#downs.push(performance.now());
      if (this.#downs.length > MOST_PROOFS) this.#downs.shift();
    }
    this.#turn(state, reason);
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  async #probe(observe: (ms: number) => void): Promise<void> {
    if (this.#absent !== null) return this.fail('unreachable', this.#absent);
    const client = this.#client;
    const began = performance.now();
    try {
      const facts = await client.ask({ method: 'GET', path: '/v1/peers/self', shape: FactsShape, timeout: TIMEOUT });
      this.trip = performance.now() - began;
      observe(this.trip);
      this.hear(facts);
    } catch (error) {
      if (client !== this.#client) return;
      if (!(error instanceof PeerRefusal)) return this.fail('unreachable', describe(error as Error));
      const closed = error.status === 401 || error.status === 403;
      const none = error.status === 404 ? 'it is no policyd with `--peers`' : error.message;
      this.fail(closed ? 'refused' : 'unreachable', none);
    }
  }

  #provenAfter(): number {
    const since = performance.now() - FLAPS;
    while (this.#downs.length > 0 && this.#downs[0] < since) this.#downs.shift();
    return Math.max(1, this.#downs.length);
  }

  #turn(state: PeerState, reason: string | null): void {
    if (state !== this.state) this.changedAt = Date.now();
    this.state = state;
    this.reason = reason;
  }
}

function describe(error: Error & { code?: string }): string {
  if (error.name === 'TimeoutError') return `it did not answer within ${TIMEOUT} ms`;
  return `it did not answer: ${error.code ?? error.message}`;
}
