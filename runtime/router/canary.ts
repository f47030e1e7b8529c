import { isSampled } from '../decisions/is-sampled.ts';
import type { Scope } from '../../schema/vocabulary.ts';
import type { AuditTrail } from './audit-trail.ts';
import { type Gates, judgeCanary } from './judge-canary.ts';
import type { LiveRouter } from './live-router.ts';
import type { PolicyCell } from './policy-cell.ts';
import type { Refusals } from './refusals.ts';
import type { RouterFigures, TallyMark } from './router-tally.ts';
import type { RecentReport } from './try-recent.ts';
import type { WatchWindow } from './watch-window.ts';

/** How often a canary is judged, in ms. */
const JUDGE = 100;
/** What is compared is at most two stretches old; this long each where swaps are not watched, in ms. */
const STRETCH = 300_000;

export interface CanaryLimits {
  /** Length of the watch window in ms; 0 = swaps are not watched, canaries are. */
  readonly window: number;
  readonly minDecisions: number;
  readonly gates: Gates;
}

/** A canary and how it fares, and in the end what became of it. */
export interface CanaryStatus {
  readonly hash: string;
  readonly state: 'open' | 'passed' | 'promoted' | 'aborted' | 'rolled-back' | 'superseded';
  /** Share of the callers, in percent. */
  readonly percent: number;
  readonly since: Date;
  readonly until: Date;
  /** Keys of the live policy whose callers it serves, of how many; null where there are no keys. */
  readonly keys: { readonly canary: number; readonly all: number } | null;
  readonly figures: RouterFigures;
  readonly live: RouterFigures;
  readonly reason: string | null;
}

/** Where both tallies stood when a stretch began. */
interface Marks {
  readonly at: number;
  readonly canary: TallyMark;
  readonly live: TallyMark;
}

/**
 * A new router for a part of the callers: a hash of the caller and the artifact says who, so that callers stay on their side, a higher share adds to
 * a lower one, and replicas agree. Judged against the live router over the same time, as long as it is there; what is surely worse than its
 * gates allow is taken away, and requests that it began end with it.
 */
export class Canary {
  readonly #cell: PolicyCell;
  readonly #trail: AuditTrail;
  readonly #refusals: Refusals;
  readonly #window: WatchWindow;
  readonly #limits: CanaryLimits;
  readonly #timer: NodeJS.Timeout;
  #status: Omit<CanaryStatus, 'figures' | 'live'> | null = null;
  /** Figures of one that is over. */
  #last: Pick<CanaryStatus, 'figures' | 'live'> | null = null;
  #marks: readonly Marks[] = [];
  /** By caller row of the live router: the row in the canary, -1 where the live router serves it. */
  #rows: Int32Array = new Int32Array(0);

  constructor(cell: PolicyCell, trail: AuditTrail, refusals: Refusals, window: WatchWindow, limits: CanaryLimits) {
    this.#cell = cell;
    this.#trail = trail;
    this.#refusals = refusals;
    this.#window = window;
    this.#limits = limits;
    this.#timer = setInterval(() => this.#look(), JUDGE);
    this.#timer.unref();
    cell.onSwap.add(() => this.#supersede());
  }

  /** The canary that is there, else the last one; null before the first. */
  get status(): CanaryStatus | null {
    if (this.#status === null) return null;
    return { ...this.#status, ...(this.#cell.canary === null ? this.#last! : this.#read()) };
  }

  /** Puts a router beside the active one. */
  start(router: LiveRouter, percent: number, by: string, recent: RecentReport): void {
    const from = this.#cell.active.hash;
    if (this.#cell.canary !== null) this.#end('superseded', from, `another canary took its place`, by);
    const now = Date.now();
    this.#cell.stage(router);
    this.#marks = [this.#mark(now)];
    this.#last = this.#read();
    this.#status = {
      hash: router.hash,
      state: 'open',
      percent,
      since: new Date(now),
      until: new Date(now + (this.#limits.window || STRETCH)),
      keys: this.#share(percent),
      reason: null,
    };
    this.#trail.add('canary-started', from, router.hash, by, `${percent} % of the callers`, recent);
  }

  /** Gives the canary another share: a higher one keeps the callers that it has. */
  resize(percent: number, by: string): void {
    const status = this.#status!;
    const reason = `${percent} % of the callers, before ${status.percent} %`;
    this.#status = { ...status, percent, keys: this.#share(percent) };
    this.#trail.add('canary-resized', this.#cell.active.hash, status.hash, by, reason);
  }

  /** The canary serves all from now on, under the watch window. */
  promote(by: string): void {
    const { active, canary } = this.#cell;
    this.#last = this.#read();
    this.#status = { ...this.#status!, state: 'promoted' };
    this.#cell.swap(canary!);
    this.#trail.add('canary-promoted', active.hash, canary!.hash, by);
    this.#window.open(by);
  }

  abort(by: string): void {
    this.#end('aborted', this.#cell.active.hash, `aborted by ${by}`, by);
  }

  /**
   * The caller's row in the canary; -1 where the live router serves the request. A key that only one of the two policies knows, or allows this,
   * is the live one's: what a policy takes away or gives takes effect when it serves all.
   *
   * @param connection what tells callers apart where there are no keys.
   */
  rowOf(caller: number, scope: Scope, connection: () => string): number {
    const { canary, active } = this.#cell;
    if (canary === null) return -1;
    if (active.manifest.callers.length === 0) {
      return canary.manifest.callers.length === 0 && this.#isChosen(connection(), this.#status!.percent) ? 0 : -1;
    }
    const row = this.#rows[caller] ?? -1;
    if (row < 0 || canary.manifest.callers.length === 0) return row;
    return canary.manifest.callers[row].scopes.includes(scope) ? row : -1;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #isChosen(caller: string, percent: number): boolean {
    return isSampled(`${this.#cell.canary!.hash} ${caller}`, percent / 100);
  }

  /** Deals the callers out anew. */
  #share(percent: number): CanaryStatus['keys'] {
    const { active, canary } = this.#cell;
    const { callers } = active.manifest;
    this.#rows = Int32Array.from(callers, ({ name, sha256 }) => {
      if (!this.#isChosen(name, percent)) return -1;
      return canary!.manifest.callers.length === 0 ? 0 : (canary!.callers.get(sha256) ?? -1);
    });
    return callers.length === 0 ? null : { canary: this.#rows.filter((row) => row >= 0).length, all: callers.length };
  }

  #mark(at: number): Marks {
    return { at, canary: this.#cell.canary!.tally.mark(), live: this.#cell.active.tally.mark() };
  }

  #read(): Pick<CanaryStatus, 'figures' | 'live'> {
    const { active, canary } = this.#cell;
    const [since] = this.#marks;
    return { figures: canary!.tally.read(since.canary), live: active.tally.read(since.live) };
  }

  #look(): void {
    if (this.#cell.canary === null) return;
    const now = Date.now();
    const status = this.#status!;
    const { figures, live } = (this.#last = this.#read());
    const enough = figures.decisions >= this.#limits.minDecisions;
    const worse = enough ? judgeCanary(figures, live, this.#limits.gates) : null;
    if (worse !== null) {
      this.#rollBack(worse);
      return;
    }
    if (now - this.#marks.at(-1)!.at >= (this.#limits.window || STRETCH)) this.#marks = [this.#marks.at(-1)!, this.#mark(now)];
    if (status.state !== 'open' || now < status.until.getTime()) return;
    const reason = enough ? null : `too few decisions to judge it: ${figures.decisions} of ${this.#limits.minDecisions}`;
    this.#status = { ...status, state: 'passed', reason };
    this.#trail.add('canary-passed', this.#cell.active.hash, status.hash, 'watch window', reason);
  }

  #rollBack(worse: string): void {
    const { hash } = this.#cell.canary!;
    const reason = `rolled back: ${worse} [regression] help: correct the policy, or move the gate; this artifact is not taken again`;
    this.#refusals.add(hash, reason);
    this.#cell.fail(reason, hash);
    this.#end('rolled-back', this.#cell.active.hash, reason, 'watch window');
  }

  /** Another router serves all: what it is compared with is gone, and so is it. */
  #supersede(): void {
    if (this.#status === null || (this.#status.state !== 'open' && this.#status.state !== 'passed')) return;
    const { active } = this.#cell;
    // The cell has taken it away; its figures are those of the last look.
    this.#status = { ...this.#status, state: 'superseded', reason: 'another policy was put in force' };
    this.#trail.add('canary-ended', this.#status.hash, active.hash, 'policy', this.#status.reason);
  }

  #end(state: 'aborted' | 'rolled-back' | 'superseded', to: string, reason: string, by: string): void {
    const { hash } = this.#cell.canary!;
    this.#last = this.#read();
    this.#status = { ...this.#status!, state, reason };
    this.#cell.stage(null);
    this.#trail.add(state === 'rolled-back' ? 'canary-regressed' : 'canary-ended', hash, to, by, reason);
  }
}
