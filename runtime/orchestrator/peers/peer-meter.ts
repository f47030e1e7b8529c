import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { PEER_STATES, type PeerState } from './peer-state.ts';

export type ForwardResult = 'started' | 'found' | 'refused' | 'unreachable' | 'failed' | 'lost';
export type OfferResult =
  | 'granted'
  | 'refused'
  | 'started'
  | 'expired'
  | 'succeeded'
  | 'failed'
  | 'evicted'
  | 'lost'
  | 'pending'
  | 'running';

export interface MeterSource {
  states(): readonly PeerState[];
  /** Runs of peers that live here, and own ones that live at peers. */
  hosted(): number;
  forwarded(): number;
}

/** Metrics of peers. No label is a name: their number would be that of the tailnet. */
export class PeerMeter {
  readonly #forwards: Counter<'result'>;
  readonly #offers: Counter<'result'>;
  readonly #trips: Histogram;
  #source: MeterSource | null = null;

  constructor(registry: Registry) {
    const registers = [registry];
    const source = (): MeterSource | null => this.#source;
    new Gauge({
      name: 'policyd_peers',
      help: 'peers by state',
      labelNames: ['state'],
      registers,
      collect() {
        const states = source()?.states() ?? [];
        for (const state of PEER_STATES) this.set({ state }, states.filter((own) => own === state).length);
      },
    });
    new Gauge({
      name: 'policyd_peer_runs',
      help: 'runs that live, by whether they came from a peer or are at one',
      labelNames: ['side'],
      registers,
      collect() {
        this.set({ side: 'here' }, source()?.hosted() ?? 0);
        this.set({ side: 'there' }, source()?.forwarded() ?? 0);
      },
    });
    this.#forwards = new Counter({
      name: 'policyd_peer_forwards_total',
      help: 'runs that were to go to a peer, by what became of it',
      labelNames: ['result'],
      registers,
    });
    this.#offers = new Counter({
      name: 'policyd_peer_offers_total',
      help: 'what became of the offers of peers, and of their runs',
      labelNames: ['result'],
      registers,
    });
    this.#trips = new Histogram({
      name: 'policyd_peer_round_trip_seconds',
      help: 'time of a question to a peer what it is and has',
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 3],
      registers,
    });
  }

  attach(source: MeterSource): void {
    this.#source = source;
  }

  countForward(result: ForwardResult): void {
    this.#forwards.inc({ result });
  }

  countOffer(result: OfferResult): void {
    this.#offers.inc({ result });
  }

  observeTrip(ms: number): void {
    this.#trips.observe(ms / 1e3);
  }
}
