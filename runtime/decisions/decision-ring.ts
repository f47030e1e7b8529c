/** What the last decisions are asked for by; absent members let all pass. */
export interface DecisionFilter {
  readonly backend?: string;
  readonly policy?: string;
  readonly category?: string;
  readonly decision?: string;
  readonly model?: string;
  readonly caller?: string;
  readonly router?: string;
  readonly request_id?: string;
  /** `Date.now()` from which on. */
  readonly since?: number;
}

interface Kept {
  readonly at: number;
  readonly line: string;
}

/** The last decisions in memory, for `GET /v1/decisions`: bounded by number and by what their lines hold. */
export class DecisionRing {
  readonly #size: number;
  readonly #kept: Kept[] = [];
  #next = 0;

  /** @param size lines that are kept; one has about 700 characters. */
  constructor(size: number) {
    this.#size = size;
  }

  /** @param line a `DecisionLine`. */
  add(line: string): void {
    if (this.#size === 0) return;
    this.#kept[this.#next] = { at: Date.now(), line };
    this.#next = (this.#next + 1) % this.#size;
  }

  /** The lines of one request, oldest first. */
  find(requestId: string): string[] {
    const id = `"request_id":${JSON.stringify(requestId)},`;
    return this.#inOrder().flatMap(({ line }) => (line.includes(id) ? [line] : []));
  }

  /** Those that pass, oldest first, the last `limit` of them. Lines are parsed here: nobody pays for filters but who asks. */
  read(filter: DecisionFilter, limit: number): string[] {
    const all = this.#inOrder();
    const found: string[] = [];
    for (let at = all.length - 1; at >= 0 && found.length < limit; at--) if (passes(all[at], filter)) found.push(all[at].line);
    return found.reverse();
  }

  #inOrder(): readonly Kept[] {
    return this.#kept.length < this.#size ? this.#kept : [...this.#kept.slice(this.#next), ...this.#kept.slice(0, this.#next)];
  }
}

/** Does a line pass? Parsed only where something is asked of it. */
export function passesFilter(line: string, filter: Omit<DecisionFilter, 'since'>): boolean {
  return passes({ at: 0, line }, filter);
}

function passes({ at, line }: Kept, { since, ...fields }: DecisionFilter): boolean {
  if (since !== undefined && at < since) return false;
  const wanted = Object.entries(fields).filter(([, value]) => value !== undefined);
  if (wanted.length === 0) return true;
  const told = JSON.parse(line) as Record<string, unknown>;
  return wanted.every(([field, value]) => told[field] === value);
}
