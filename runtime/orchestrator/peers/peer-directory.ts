import type { Logger } from 'pino';
import { Peer, type PeerPlace } from './peer.ts';
import type { PeerMeter } from './peer-meter.ts';
import type { PeerSettings } from './peer-settings.ts';
import { readTailnet } from './read-tailnet.ts';
import type { Tailscale } from './tailscale.ts';

/** Most peers at once. */
const MOST = 64;
/** Ms that a peer is still told of when nothing tells of it any more. */
const REMEMBERED = 600_000;
/** Ms between two questions to a peer that somebody suspects. */
const SOON = 500;

export interface PeerDirectoryOptions {
  readonly settings: PeerSettings;
  readonly tailscale: Tailscale | null;
  readonly instance: string;
  /** Port of this server, for peers of the tailnet. */
  port(): number;
  /** Ms between two looks. */
  readonly interval: number;
  readonly log: Logger;
  readonly meter: PeerMeter;
}

/** How the tailnet was last seen. `off`: it is not looked at. */
export interface Discovery {
  readonly state: 'off' | 'new' | 'up' | 'down';
  readonly reason: string | null;
  readonly at: number | null;
}

/** All peers that this policyd knows of, looked for and asked from time to time. Only what is told here is ever called. */
export class PeerDirectory {
  readonly #options: PeerDirectoryOptions;
  readonly #peers = new Map<string, Peer>();
  readonly #suspected = new Map<string, NodeJS.Timeout>();
  #found: readonly PeerPlace[] = [];
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  discovery: Discovery;

  constructor(options: PeerDirectoryOptions) {
    this.#options = options;
    this.discovery = { state: options.tailscale === null ? 'off' : 'new', reason: null, at: null };
  }

  get all(): readonly Peer[] {
    return [...this.#peers.values()];
  }

  get(name: string): Peer | null {
    return this.#peers.get(name) ?? null;
  }

  /** Looks now, and from time to time. */
  async begin(): Promise<void> {
    if (this.#closed) return;
    await this.#discover();
    await Promise.all(this.all.map((peer) => this.#probe(peer)));
    if (this.#closed) return;
    const { interval } = this.#options;
    this.#timer = setTimeout(() => void this.begin(), interval * (0.9 + Math.random() * 0.2));
    this.#timer.unref();
  }

  /** Something went wrong with a peer: it is asked at once, and soon again. */
  suspect(name: string): void {
    const peer = this.#peers.get(name);
    if (peer === undefined || this.#closed || this.#suspected.has(name)) return;
    const timer = setTimeout(() => this.#suspected.delete(name), SOON);
    timer.unref();
    this.#suspected.set(name, timer);
    void this.#probe(peer);
  }

  /** Asks a peer now. */
  async refresh(name: string): Promise<void> {
    const peer = this.#peers.get(name);
    if (peer !== undefined) await this.#probe(peer);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const timer of this.#suspected.values()) clearTimeout(timer);
    await Promise.all(this.all.map((peer) => peer.close()));
  }

  async #discover(): Promise<void> {
    const { settings, tailscale, log } = this.#options;
    if (tailscale !== null) {
      const before = this.discovery.state;
      try {
        const { down, peers } = readTailnet(await tailscale.status(), settings.tag);
        this.discovery = { state: down === null ? 'up' : 'down', reason: down, at: Date.now() };
        // A machine that is offline is told of no peers, or of old ones: those of before are asked themselves.
        if (down === null) this.#found = peers.map((peer) => this.#place(peer));
      } catch (error) {
        this.discovery = { state: 'down', reason: (error as Error).message, at: Date.now() };
      }
      const { state, reason } = this.discovery;
      if (state !== before) log[state === 'up' ? 'info' : 'warn']({ state, reason, peers: this.#found.length }, 'tailnet');
    }
    const named = settings.named.map((peer): PeerPlace => ({ ...peer, source: 'static', absent: null }));
    this.#settle([...named, ...this.#found]);
  }

  #place({ name, address, online, lastSeen }: { name: string; address: string; online: boolean; lastSeen: string | null }): PeerPlace {
    const { settings, port } = this.#options;
    const host = address.includes(':') ? `[${address}]` : address;
    const absent = online ? null : `it is offline in the tailnet${lastSeen === null ? '' : `, last seen at ${lastSeen}`}`;
    return { name, url: `http://${host}:${settings.port ?? port()}`, source: 'tailnet', absent };
  }

  #settle(places: readonly PeerPlace[]): void {
    const { settings, instance, log } = this.#options;
    const told = new Map(places.slice(0, MOST).map((place) => [place.name, place]));
    if (places.length > MOST) log.warn({ peers: places.length, most: MOST }, 'more peers than are used');
    for (const place of told.values()) {
      const peer = this.#peers.get(place.name);
      if (peer === undefined) this.#peers.set(place.name, new Peer(place, settings.key, instance));
      else peer.move(place);
    }
    for (const [name, peer] of this.#peers) {
      if (told.has(name)) continue;
      const before = peer.state;
      peer.fail('gone', 'nothing tells of it any more');
      if (before !== 'gone') this.#report(peer);
      const old = Date.now() - peer.changedAt > REMEMBERED;
      if (!old && this.#peers.size <= 2 * MOST) continue;
      this.#peers.delete(name);
      void peer.close();
    }
  }

  async #probe(peer: Peer): Promise<void> {
    const { meter } = this.#options;
    if (peer.state === 'gone') return;
    const before = peer.state;
    await peer.probe((ms) => meter.observeTrip(ms));
    if (!this.#closed && peer.state !== before) this.#report(peer);
  }

  #report({ name, state, reason, facts }: Peer): void {
    const level = state === 'up' || state === 'self' ? 'info' : 'warn';
    this.#options.log[level]({ peer: name, state, reason, version: facts?.version ?? null, policy: facts?.policy ?? null }, 'peer');
  }
}
