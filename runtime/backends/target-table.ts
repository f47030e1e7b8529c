import { Circuit } from './circuit.ts';
import { TargetMeter } from './target-meter.ts';

/** What a backend remembers of one model that it serves. */
export interface TargetRecord {
  readonly meter: TargetMeter;
  readonly circuit: Circuit;
  inFlight: number;
  /** Announces the end of a time out of service. */
  timer: NodeJS.Timeout | null;
}

/** Records at once: policies come and go, and a backend that stays would remember the models of each. */
const MOST = 2_048;

/** Records by the model's name at its backend; made at the first request, the oldest that serves nobody goes where there are too many. */
export class TargetTable {
  readonly #records = new Map<string, TargetRecord>();
  readonly #most: number;

  constructor(most = MOST) {
    this.#most = most;
  }

  get size(): number {
    return this.#records.size;
  }

  /** Undefined where nothing is known of it yet. */
  find(upstream: string): TargetRecord | undefined {
    return this.#records.get(upstream);
  }

  of(upstream: string): TargetRecord {
    const known = this.#records.get(upstream);
    if (known) return known;
    if (this.#records.size >= this.#most) this.#dropOldest();
    const record: TargetRecord = { meter: new TargetMeter(), circuit: new Circuit(), inFlight: 0, timer: null };
    this.#records.set(upstream, record);
    return record;
  }

  [Symbol.iterator](): IterableIterator<TargetRecord> {
    return this.#records.values();
  }

  #dropOldest(): void {
    for (const [upstream, record] of this.#records) {
      if (record.inFlight > 0) continue;
      if (record.timer) clearTimeout(record.timer);
      this.#records.delete(upstream);
      return;
    }
  }
}
