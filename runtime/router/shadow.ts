import type { IncomingHttpHeaders } from 'node:http';
import type { Manifest } from '../../schema/manifest.ts';
import type { Live, RouterModule } from '../../schema/router.ts';
import { readHints } from '../gateway/read-hints.ts';
import type { Request, RequestTokens } from '../intent/request.ts';
import type { Artifact } from './artifact.ts';
import type { AuditTrail } from './audit-trail.ts';
import { Divergence, type DivergenceReport } from './divergence.ts';
import type { LiveRouter } from './live-router.ts';
import { Mirror, type World } from './mirror.ts';
import { verdictOf } from './try-recent.ts';

/** A first decision of the gateway, and all that it was made of. */
export interface Shadowed {
  readonly requestId: string;
  readonly router: LiveRouter;
  readonly asked: Request;
  readonly tokens: RequestTokens;
  readonly headers: IncomingHttpHeaders;
  readonly caller: number;
  readonly live: Live;
  /** Row of the traffic policy; -1 where the request's names were not even known. */
  readonly policy: number;
  readonly code: number;
}

/** Why a decision was not put to the shadow. */
export const SKIPS = ['too-many', 'too-large', 'unknown-caller', 'not-counted', 'failed'] as const;
export type Skip = (typeof SKIPS)[number];

/** What the shadow would have done, so far. */
export interface ShadowStatus extends DivergenceReport {
  readonly hash: string;
  readonly source: string;
  readonly since: Date;
  readonly skipped: Readonly<Record<Skip, number>>;
  /** Why the last decision failed in the shadow router. */
  readonly lastError: string | null;
}

/** Decisions, and bytes of their bodies, that wait for the shadow. */
const MOST_WAITING = 1_024;
const MOST_BYTES = 16 << 20;
/** Longest time that requests are held up at once, in ms. */
const SLICE = 1;

interface Waiting {
  readonly decision: Shadowed;
  readonly world: World;
}

interface Running {
  readonly mirror: Mirror;
  readonly hash: string;
  readonly source: string;
  readonly since: Date;
  readonly found: Divergence;
  readonly skipped: Record<Skip, number>;
  lastError: string | null;
}

/**
 * A router that decides the same requests as the live one, after they were sent, in the world as the live one saw it, and sends nothing: it has no
 * backends, needs no keys of theirs, and asks nobody how they are. A backend that only the shadow has counts as ready and unmeasured.
 */
export class Shadow {
  readonly #trail: AuditTrail;
  readonly #active: () => string;
  #running: Running | null = null;
  readonly #waiting: Waiting[] = [];
  #bytes = 0;
  #scheduled = false;

  /** @param active hash of the live router, for the audit trail. */
  constructor(trail: AuditTrail, active: () => string) {
    this.#trail = trail;
    this.#active = active;
  }

  get isRunning(): boolean {
    return this.#running !== null;
  }

  /** The policy that decides in the shadow; null where there is none. */
  get policy(): { readonly hash: string; readonly module: RouterModule; readonly manifest: Manifest } | null {
    if (this.#running === null) return null;
    const { hash, mirror } = this.#running;
    return { hash, module: mirror.module, manifest: mirror.manifest };
  }

  get status(): ShadowStatus | null {
    if (this.#running === null) return null;
    const { hash, source, since, found, skipped, lastError } = this.#running;
    return { hash, source, since, ...found.report(), skipped: { ...skipped }, lastError };
  }

  /** Puts a router into the shadow, in place of the one that is there. */
  start(artifact: Artifact, source: string, by: string): void {
    if (this.#running !== null) this.end(by);
    const { hash } = artifact.manifest;
    const skipped = Object.fromEntries(SKIPS.map((skip) => [skip, 0])) as Record<Skip, number>;
    this.#running = { mirror: new Mirror(artifact), hash, source, since: new Date(), found: new Divergence(), skipped, lastError: null };
    this.#trail.add('shadow-started', this.#active(), hash, by);
  }

  /** @returns false where there is none. */
  end(by: string): boolean {
    if (this.#running === null) return false;
    const { hash, found } = this.#running;
    const { decisions, different } = found.report();
    this.#trail.add('shadow-ended', hash, this.#active(), by, `${different} of ${decisions} decisions differed`);
    this.#running = null;
    this.#waiting.length = 0;
    this.#bytes = 0;
    return true;
  }

  /** Takes a decision that was just made; it is put to the shadow when what is under way has gone out. */
  offer(decision: Shadowed): void {
    const running = this.#running;
    if (running === null) return;
    const size = decision.asked.buffer.length;
    if (this.#waiting.length >= MOST_WAITING) running.skipped['too-many']++;
    else if (this.#bytes + size > MOST_BYTES) running.skipped['too-large']++;
    else {
      const { state, budgets, snapshot } = decision.live;
      // Those two change in place.
      this.#waiting.push({
        decision,
        world: { manifest: decision.router.manifest, snapshot, state: state.slice(), budgets: budgets.slice() },
      });
      this.#bytes += size;
      this.#schedule();
    }
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#drain();
    });
  }

  #drain(): void {
    const begun = performance.now();
    let done = 0;
    while (done < this.#waiting.length && (done === 0 || performance.now() - begun < SLICE)) {
      const { decision, world } = this.#waiting[done++];
      this.#bytes -= decision.asked.buffer.length;
      this.#decide(this.#running!, decision, world);
    }
    this.#waiting.splice(0, done);
    if (this.#waiting.length > 0) this.#schedule();
  }

  #decide(running: Running, decision: Shadowed, world: World): void {
    const { mirror, found, skipped } = running;
    const { asked, tokens, router, requestId } = decision;
    const caller = mirror.callerOf(router.manifest, decision.caller);
    if (caller < 0) {
      skipped['unknown-caller']++;
      return;
    }
    const { pending } = tokens;
    try {
      const intent = mirror.module.analyze(asked.body, readHints(decision.headers), caller, tokens);
      if (tokens.pending !== pending) {
        // It counts other tokens than the live one, and too many to do it here.
        tokens.pending = pending;
        skipped['not-counted']++;
        return;
      }
      const live = mirror.see(world);
      const other =
        intent.problem === 0
          ? verdictOf(mirror, intent.policy, mirror.module.decide(intent, live, mirror.module.none))
          : { target: null, zone: null, policy: null };
      const was = decision.policy < 0 ? { target: null, zone: null, policy: null } : verdictOf(router, decision.policy, decision.code);
      found.add(requestId, was, other);
    } catch (error) {
      // A router that breaks down here must not break anything else.
      skipped.failed++;
      running.lastError = (error as Error).message.slice(0, 256);
    }
  }
}
