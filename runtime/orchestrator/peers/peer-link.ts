import type { Logger } from 'pino';
import type { RunStatus } from '../runner.ts';
import { readBootClock } from './boot-clock.ts';
import { fenceOf } from './fence.ts';
import type { Forward } from './forward-book.ts';
import { hasEnded } from './hosted-run.ts';
import type { Peer } from './peer.ts';
import type { PeerDirectory } from './peer-directory.ts';
import type { PeerMeter } from './peer-meter.ts';
import { OTHER, SYNC_RUNS, SyncedShape, type Synced } from './wire.ts';

/** Most ms that a peer is let wait before it answers although nothing happened, and that the answer may take beside. */
const LONGEST_WAIT = 10_000;
const SLACK = 3_000;
const PAUSE = 200;
const LONGEST_PAUSE = 2_000;

/** The last token of an instance, and when it came (boot clock): no lease that it renewed began later. */
interface Contact {
  token: string;
  at: number;
}

interface Followed {
  readonly forward: Forward;
  /** When this process first asked for it; whoever renewed it before did so before then. */
  readonly since: number;
  status: RunStatus | null;
  seen: string | null;
  /** Its peer did not answer the last time, and who hears of it knows. */
  away: boolean;
  readonly hear: Set<(status: RunStatus) => void>;
  readonly ended: Set<() => void>;
}

export interface PeerLinkOptions {
  readonly directory: PeerDirectory;
  readonly log: Logger;
  readonly meter: PeerMeter;
  /** A run has ended. */
  end(run: string): void;
}

/**
 * The runs of this policyd at one peer: one question, that the peer holds until something changes, renews all their leases and tells what
 * became of them. While nobody answers, they are taken for alive until their leases have surely ended.
 */
export class PeerLink {
  readonly #name: string;
  readonly #options: PeerLinkOptions;
  readonly #runs = new Map<string, Followed>();
  readonly #contacts = new Map<string, Contact>();
  #poll = new AbortController();
  #running = false;
  #closed = false;

  constructor(name: string, options: PeerLinkOptions) {
    this.#name = name;
    this.#options = options;
  }

  get size(): number {
    return this.#runs.size;
  }

  /** A token came with another answer. */
  note(instance: string, token: string): void {
    this.#contacts.delete(instance);
    this.#contacts.set(instance, { token, at: readBootClock() });
    // A peer has one instance at a time; old ones matter until their runs are fenced off.
    if (this.#contacts.size > 16) this.#contacts.delete(this.#contacts.keys().next().value!);
  }

  /** Hears a run's status now and at each change, until it has ended or `signal`. */
  follow(forward: Forward, hear: (status: RunStatus) => void, signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#closed) return Promise.resolve();
    let followed = this.#runs.get(forward.run);
    if (followed === undefined) {
      const none = { status: null, seen: null, away: false, hear: new Set<(status: RunStatus) => void>(), ended: new Set<() => void>() };
      followed = { forward, since: readBootClock(), ...none };
      this.#runs.set(forward.run, followed);
      this.#poll.abort();
    } else if (followed.status !== null) hear(followed.status);
    const own = followed;
    return new Promise((resolve) => {
      const done = (): void => {
        signal.removeEventListener('abort', done);
        own.hear.delete(hear);
        own.ended.delete(done);
        if (own.ended.size === 0 && this.#runs.get(forward.run) === own) this.#runs.delete(forward.run);
        resolve();
      };
      own.hear.add(hear);
      own.ended.add(done);
      signal.addEventListener('abort', done, { once: true });
      void this.#loop();
    });
  }

  close(): void {
    this.#closed = true;
    this.#poll.abort();
    for (const { ended } of [...this.#runs.values()]) for (const done of [...ended]) done();
  }

  async #loop(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    let failures = 0;
    while (this.#runs.size > 0 && !this.#closed) {
      this.#poll = new AbortController();
      try {
        await this.#sync(this.#findPeer());
        failures = 0;
      } catch (error) {
        if (this.#poll.signal.aborted) continue;
        failures++;
        this.#turnAway(error as Error);
        const ms = Math.min(PAUSE * 2 ** Math.min(failures, 5), LONGEST_PAUSE) * (0.75 + Math.random() * 0.5);
        await new Promise((resolve) => setTimeout(resolve, ms).unref());
      }
      this.#fence();
    }
    this.#running = false;
  }

  #findPeer(): Peer {
    const peer = this.#options.directory.get(this.#name);
    if (peer === null || peer.state === 'gone' || peer.state === 'self') throw new Error(peer?.reason ?? 'nothing tells of it');
    return peer;
  }

  async #sync(peer: Peer): Promise<void> {
    const all = [...this.#runs.values()];
    const parts: Followed[][] = [];
    for (let from = 0; from < all.length; from += SYNC_RUNS) parts.push(all.slice(from, from + SYNC_RUNS));
    await Promise.all(parts.map((part) => this.#ask(peer, part)));
  }

  async #ask(peer: Peer, part: readonly Followed[]): Promise<void> {
    const fresh = part.some(({ seen, away }) => seen === null || away);
    const shortest = part.reduce((least, { forward }) => Math.min(least, forward.lease), Number.POSITIVE_INFINITY);
    const wait = fresh ? 0 : Math.min(LONGEST_WAIT, Math.floor(shortest / 3));
    const instance = peer.facts?.instance ?? part[0].forward.instance;
    const runs = part.map(({ forward, seen }) => ({ id: forward.run, seen }));
    const body = { token: this.#contacts.get(instance)?.token ?? null, wait, runs };
    const { signal } = this.#poll;
    const synced = await peer.client.ask({
      method: 'POST',
      path: '/v1/peers/sync',
      body,
      shape: SyncedShape,
      timeout: wait + SLACK,
      signal,
    });
    this.note(synced.facts.instance, synced.token);
    peer.hear(synced.facts);
    this.#take(synced, part);
  }

  #take({ facts, runs }: Synced, part: readonly Followed[]): void {
    const news = new Map(runs.map((row) => [row.id, row]));
    for (const followed of part) {
      const { run, instance } = followed.forward;
      const row = news.get(run);
      // What another instance says of it, or of another's run, is no word about it: only its lease is.
      if (facts.instance !== instance || row?.seen === OTHER) {
        this.#tellAway(followed, 'another policyd answers in its place');
        continue;
      }
      if (row !== undefined) {
        followed.seen = row.seen;
        followed.away = false;
        this.#tell(followed, row.status ?? lose('the peer does not have the run'));
      } else if (followed.away && followed.status !== null) {
        followed.away = false;
        this.#tell(followed, followed.status);
      }
    }
  }

  #turnAway(error: Error): void {
    const { directory, log } = this.#options;
    if (![...this.#runs.values()].every(({ away }) => away)) {
      log.warn({ peer: this.#name, runs: this.#runs.size, error: error.message }, 'peer does not answer for its runs');
    }
    directory.suspect(this.#name);
    for (const followed of this.#runs.values()) this.#tellAway(followed, error.message);
  }

  #tellAway(followed: Followed, why: string): void {
    if (followed.away) return;
    followed.away = true;
    const { status } = followed;
    if (status === null) return;
    const { lease, fenced } = followed.forward;
    const what = fenced === 1 ? `its lease on the run ends within ${fenceOf(lease)} ms` : "the run is its cluster's, and may go on";
    const reason = `PeerAway: \`${this.#name}\` does not answer (${why}); ${what}`;
    for (const hear of followed.hear) hear({ ...status, reason });
  }

  #fence(): void {
    const now = readBootClock();
    for (const followed of [...this.#runs.values()]) {
      const { forward, since } = followed;
      const contact = this.#contacts.get(forward.instance)?.at ?? 0;
      const fence = fenceOf(forward.lease);
      if (!followed.away || forward.fenced === 0 || now < Math.max(contact, since) + fence) continue;
      this.#options.meter.countForward('lost');
      this.#options.log.warn({ peer: this.#name, run: forward.run, fence }, 'run at a peer is lost');
      this.#tell(followed, lose(`\`${this.#name}\` did not answer for ${fence} ms, so that its lease on the run has ended`));
    }
  }

  #tell(followed: Followed, status: RunStatus): void {
    followed.status = status;
    for (const hear of [...followed.hear]) hear(status);
    if (!hasEnded(status)) return;
    this.#options.end(followed.forward.run);
    for (const done of [...followed.ended]) done();
  }
}

/** Runs no more, and nobody knows what became of it. */
export function lose(reason: string): RunStatus {
  return { phase: 'lost', reason: `PeerLost: ${reason}`, exitCode: null, startedAt: null, endedAt: Date.now() };
}
