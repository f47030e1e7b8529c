import { OrchestratorError } from '../../orchestrator/orchestrator-error.ts';

/** Readers of streams that there may be at once. */
export interface SeatLimits {
  readonly maxReaders: number;
  readonly maxReadersPerCaller: number;
}

/** Counts readers, over all callers and by caller. */
export class StreamSeats {
  readonly #limits: SeatLimits;
  readonly #byCaller = new Map<string, number>();
  #taken = 0;

  constructor(limits: SeatLimits) {
    this.#limits = limits;
  }

  get taken(): number {
    return this.#taken;
  }

  /**
   * @returns the way to give the seat back; more calls do nothing.
   * @throws OrchestratorError 429 where the caller has too many, 503 where all have.
   */
  take(caller: string): () => void {
    const { maxReaders, maxReadersPerCaller } = this.#limits;
    const own = this.#byCaller.get(caller) ?? 0;
    if (own >= maxReadersPerCaller) {
      const message = `\`${caller}\` reads ${own} streams at once [reader-limit] help: close one, or raise \`--max-readers-per-caller\``;
      throw new OrchestratorError(429, 'too_many_readers', message, { retryAfter: 5 });
    }
    if (this.#taken >= maxReaders) {
      const message = `${maxReaders} readers of streams are connected [reader-limit] help: retry in a moment, or raise \`--max-readers\``;
      throw new OrchestratorError(503, 'too_many_readers', message, { retryAfter: 5 });
    }
    this.#taken++;
    this.#byCaller.set(caller, own + 1);
    let given = false;
    return () => {
      if (given) return;
      given = true;
      this.#taken--;
      const left = this.#byCaller.get(caller)! - 1;
      if (left > 0) this.#byCaller.set(caller, left);
      else this.#byCaller.delete(caller);
    };
  }
}
