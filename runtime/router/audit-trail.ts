import type { RecentReport } from './try-recent.ts';

/** What happened to the policy that is in force: `rolled-back` by hand, `regressed` and rolled back by itself. */
export type AuditKind =
  | 'swapped'
  | 'refused'
  | 'rolled-back'
  | 'regressed'
  | 'kept'
  | 'superseded'
  | 'not-compiled'
  | 'canary-started'
  | 'canary-resized'
  | 'canary-passed'
  | 'canary-promoted'
  | 'canary-regressed'
  | 'canary-ended'
  | 'shadow-started'
  | 'shadow-ended';

/** One step of a swap, with both hashes. */
export interface AuditEvent {
  readonly event: AuditKind;
  readonly at: string;
  /** Hash of the router that served before it. */
  readonly from: string;
  /** Hash of the router that serves since, or, where one was refused, of that one; null where it never came so far as to have one. */
  readonly to: string | null;
  /** Who or what caused it: a caller's name, a folder, a signal, the watch window. */
  readonly by: string;
  readonly reason: string | null;
  /** What a new router made of recent decisions before it served; null where none was asked. */
  readonly recent: RecentReport | null;
}

/** Events that are remembered; the log has them all. */
const KEPT = 64;
/** Most characters of a reason. */
const TOLD = 4_096;

/** The last steps of all swaps, bounded. Whoever listens hears every one. */
export class AuditTrail {
  readonly #events: AuditEvent[] = [];
  readonly #listeners: ((event: AuditEvent) => void)[] = [];

  /** Newest first. */
  get events(): readonly AuditEvent[] {
    return this.#events.toReversed();
  }

  listen(listener: (event: AuditEvent) => void): void {
    this.#listeners.push(listener);
  }

  add(
    event: AuditKind,
    from: string,
    to: string | null,
    by: string,
    reason: string | null = null,
    recent: RecentReport | null = null,
  ): AuditEvent {
    const entry = Object.freeze({ event, at: new Date().toISOString(), from, to, by, reason: reason?.slice(0, TOLD) ?? null, recent });
    if (this.#events.length >= KEPT) this.#events.shift();
    this.#events.push(entry);
    for (const listener of this.#listeners) listener(entry);
    return entry;
  }
}
