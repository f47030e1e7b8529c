import type { NodeState, PlacementReason, WorkloadIntent, WorkloadRules } from '../../../schema/workload.ts';
import type { Bookings } from './bookings.ts';
import { mayEverTake } from './may-ever-take.ts';
import { boundReasons, namePlacement, type Placed } from './placed.ts';

/** What came of asking for a place. `never`: nothing that time alone changes would help. */
export type Sought =
  | { readonly result: 'placed'; readonly placed: Placed }
  | { readonly result: 'wait' | 'never'; readonly reasons: readonly PlacementReason[] };

interface Guest {
  readonly run: string;
  /** Order in which it came. */
  readonly order: number;
  readonly intent: WorkloadIntent;
  readonly take: (placed: Placed) => void;
  /** Why it had no place when it was last looked at. */
  reasons: readonly PlacementReason[];
}

export interface WaitingRoomOptions {
  /** Of the policy that serves now; null = it has none. */
  rules(): WorkloadRules | null;
  nodes(): readonly NodeState[];
  readonly bookings: Bookings;
}

/** How often those who wait are looked at where nothing tells of a change, ms. */
const LOOK = 500;

/**
 * Places for workloads, first come, first served: what could take somebody who waits is kept for him, so that small ones do not
 * overtake a large one for ever.
 */
export class WaitingRoom {
  readonly #options: WaitingRoomOptions;
  readonly #guests = new Map<string, Guest>();
  /** Nodes that somebody waits for. */
  #wanted = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: WaitingRoomOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#guests.size;
  }

  /** Seeks a place for a run now, and books it. */
  seek(run: string, intent: WorkloadIntent): Sought {
    return this.#seek(run, intent, this.#wanted);
  }

  /** Why a run has no place now, be it a guest or not; empty where it would get one. Books nothing. */
  explain(run: string, intent: WorkloadIntent): readonly PlacementReason[] {
    const guest = this.#guests.get(run);
    if (guest !== undefined) return guest.reasons;
    const { rules, nodes, bookings } = this.#options;
    const current = rules();
    if (current === null) return [];
    const all = keep(bookings.subtract(nodes()), this.#wanted);
    const placement = current.place(intent, all);
    return namePlacement(placement, all) === null ? boundReasons(placement.excluded) : [];
  }

  /** Waits for a place for a run, and books it; rejects when `signal` is aborted. `order`: less goes first. */
  wait(run: string, order: number, intent: WorkloadIntent, signal: AbortSignal): Promise<Placed> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#guests.delete(run);
        reject(signal.reason);
      };
      if (signal.aborted) {
        leave();
        return;
      }
      signal.addEventListener('abort', leave, { once: true });
      const take = (placed: Placed): void => {
        signal.removeEventListener('abort', leave);
        this.#guests.delete(run);
        resolve(placed);
      };
      this.#guests.set(run, { run, order, intent, take, reasons: [] });
      this.look();
    });
  }

  /** Something may have changed: everybody who waits is looked at, in order. */
  look(): void {
    clearTimeout(this.#timer);
    const wanted = new Set<string>();
    for (const guest of [...this.#guests.values()].sort((one, other) => one.order - other.order)) {
      const sought = this.#seek(guest.run, guest.intent, wanted);
      if (sought.result === 'placed') guest.take(sought.placed);
      else guest.reasons = sought.reasons;
    }
    this.#wanted = wanted;
    if (this.#guests.size === 0 || this.#closed) return;
    this.#timer = setTimeout(() => this.look(), LOOK);
    this.#timer.unref();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  /** Where there is no place, the nodes that could be one are `wanted` from here on. */
  #seek(run: string, intent: WorkloadIntent, wanted: Set<string>): Sought {
    const { rules, nodes, bookings } = this.#options;
    const current = rules();
    if (current === null) return { result: 'wait', reasons: [] };
    const all = keep(bookings.subtract(nodes()), wanted);
    const placement = current.place(intent, all);
    const placed = namePlacement(placement, all);
    if (placed !== null) {
      bookings.book(run, placed.node, intent.needs);
      return { result: 'placed', placed };
    }
    const possible = all.filter((node) => mayEverTake(node, intent.needs, placement.excluded));
    const reasons = boundReasons(placement.excluded);
    if (possible.length === 0) return { result: 'never', reasons };
    if (this.#guests.has(run)) for (const { name } of possible) wanted.add(name);
    return { result: 'wait', reasons };
  }
}

const NOTHING = { cpuMillis: 0, memoryBytes: 0, gpus: 0 };

/** Nodes that somebody waits for have nothing left. */
function keep(nodes: readonly NodeState[], wanted: ReadonlySet<string>): readonly NodeState[] {
  return nodes.map((node) => (wanted.has(node.name) ? { ...node, free: NOTHING } : node));
}
