import type { DecisionLine } from '../../../schema/decision-line.ts';

/** The newest decisions, each once, bounded: as many stay as somebody may scroll through, however many there were. */
export class DecisionHistory {
  readonly #most: number;
  /** In the order in which they came. */
  readonly #lines = new Map<string, DecisionLine>();
  /** All that were told, each counted once. */
  heard = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** @returns false where it is known already. */
  add(line: DecisionLine): boolean {
    const name = nameDecision(line);
    if (this.#lines.has(name)) return false;
    this.#lines.set(name, line);
    this.heard++;
    if (this.#lines.size > this.#most) this.#lines.delete(this.#lines.keys().next().value!);
    return true;
  }

  /** Newest first. */
  read(): DecisionLine[] {
    return [...this.#lines.values()].reverse();
  }
}

/** A request has one decision for each attempt. */
export function nameDecision({ request_id, excluded, time }: Pick<DecisionLine, 'request_id' | 'excluded' | 'time'>): string {
  return `${request_id} ${excluded.length} ${time}`;
}
