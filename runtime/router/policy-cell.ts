import type { Fleet } from '../backends/fleet.ts';
import type { LiveRouter } from './live-router.ts';

/** Why the newest artifact is not the one that serves. */
export interface LoadError {
  readonly message: string;
  /** Null where it never came so far as to have one. */
  readonly hash: string | null;
  readonly at: string;
}

/**
 * The one cell that changes: which router serves, and which one beside it serves a part of the callers. The one before stays open; older
 * ones close when their last request ends.
 */
export class PolicyCell {
  readonly #fleet: Fleet;
  readonly #retired = new Set<LiveRouter>();
  readonly onSwap = new Set<() => void>();
  /** Another router serves beside the active one, or none does any more. */
  readonly onStage = new Set<() => void>();
  #canary: LiveRouter | null = null;
  #active: LiveRouter;
  #previous: LiveRouter | null = null;
  lastError: LoadError | null = null;

  constructor(fleet: Fleet, first: LiveRouter) {
    this.#fleet = fleet;
    this.#active = first;
  }

  get active(): LiveRouter {
    return this.#active;
  }

  get previous(): LiveRouter | null {
    return this.#previous;
  }

  /** The router that serves a part of the callers; null = the active one serves all. */
  get canary(): LiveRouter | null {
    return this.#canary;
  }

  /** A router that is open, by its hash. */
  find(hash: string): LiveRouter | null {
    const open = [this.#active, this.#canary, this.#previous, ...this.#retired];
    return open.find((router) => router?.hash === hash) ?? null;
  }

  /** Puts a router beside the active one, in place of the one that is there; null takes it away. */
  stage(canary: LiveRouter | null): void {
    if (this.#canary === canary) return;
    if (this.#canary) this.#retired.add(this.#canary);
    this.#canary = canary;
    this.sweep();
    for (const notify of this.onStage) notify();
  }

  /** A router that was beside the active one may be the next one; any other one ends. */
  swap(next: LiveRouter): void {
    if (this.#canary === next) this.#canary = null;
    if (this.#previous) this.#retired.add(this.#previous);
    this.#put(next, this.#active);
    this.lastError = null;
  }

  /**
   * The previous router serves again, with what was measured until now.
   *
   * @param keep The router that served becomes the previous one; else it is dropped and there is none.
   * @returns the router that serves now; null where there is none to go back to.
   */
  rollBack(keep: boolean): LiveRouter | null {
    const back = this.#previous;
    if (back === null) return null;
    back.state.touch();
    back.state.refresh();
    if (!keep) this.#retired.add(this.#active);
    this.#put(back, keep ? this.#active : null);
    return back;
  }

  /** Closes retired routers that no request uses any more. */
  sweep(): void {
    for (const router of this.#retired) {
      if (router.inFlight > 0) continue;
      this.#retired.delete(router);
      router.closed = true;
      router.state.close();
      this.#fleet.giveBack(router.backends);
    }
  }

  /** Ranks and lays anew what changed, in every router that may still decide. */
  refresh(): void {
    this.#active.state.refresh();
    this.#previous?.state.refresh();
    this.#canary?.state.refresh();
    for (const router of this.#retired) router.state.refresh();
    this.sweep();
  }

  fail(message: string, hash: string | null): LoadError {
    this.lastError = { message: message.slice(0, 4_096), hash, at: new Date().toISOString() };
    return this.lastError;
  }

  #put(active: LiveRouter, previous: LiveRouter | null): void {
    this.#previous = previous;
    this.#active = active;
    // What it was compared with serves no more.
    this.stage(null);
    this.sweep();
    for (const notify of this.onSwap) notify();
  }
}
