import { Pool } from 'undici';
import type { BackendConfig } from '../../schema/manifest.ts';
import { TARGET_STATE } from '../../schema/snapshot.ts';
import type { Dialect, Health } from './dialect.ts';
import { DIALECTS } from './dialects.ts';
import { probe } from './probe.ts';
import type { BackendAddress } from './resolve-backend.ts';
import { TargetMeter } from './target-meter.ts';

/** Requests at once where the policy sets no `max_in_flight`: bounds sockets and memory. */
const UNLIMITED = 1024;
const FIRST_RETRY = 500;

/** A backend that runs: its connections, its health, its load. Lives across policy swaps while its configuration stays the same. */
export class Backend {
  readonly config: BackendConfig;
  readonly address: BackendAddress;
  readonly dialect: Dialect | null;
  readonly capacity: number;
  readonly pool: Pool | null;
  #health: Health;
  #inFlight = 0;
  #resident: ReadonlySet<string> | null = null;
  readonly #loading = new Set<string>();
  readonly #meters = new Map<string, TargetMeter>();
  readonly #listeners = new Set<() => void>();
  readonly #interval: number;
  #retry = FIRST_RETRY;
  #timer: NodeJS.Timeout | null = null;
  #closed = false;
  #probing = false;

  constructor(config: BackendConfig, address: BackendAddress, probeInterval: number) {
    this.config = config;
    this.address = address;
    this.dialect = DIALECTS[config.type];
    this.capacity = config.max_in_flight ?? UNLIMITED;
    this.#interval = probeInterval;
    const reason =
      this.dialect === null
        ? `dialect ${config.type} is not served by this version`
        : address.missingKey !== null
          ? `variable \`${address.missingKey}\` is not set`
          : null;
    this.#health = reason === null ? { state: 'up' } : { state: 'down', reason };
    // One connection more than requests, so that a full backend can still be probed. Timeouts are the relay's: it has four, apart.
    this.pool =
      reason === null
        ? new Pool(address.origin, {
            connections: Math.max(16, this.capacity + 1),
            pipelining: 1,
            headersTimeout: 0,
            bodyTimeout: 0,
            connect: { timeout: config.timeouts.connect },
          })
        : null;
  }

  get health(): Health {
    return this.#health;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get load(): number {
    return Math.min(1, this.#inFlight / this.capacity);
  }

  /** Set of `TARGET_STATE` bits of the target that serves `upstream` here. */
  stateOf(upstream: string): number {
    return (
      (this.#health.state === 'down' ? TARGET_STATE.DOWN : 0) |
      (this.#inFlight >= this.capacity ? TARGET_STATE.FULL : 0) |
      (this.#health.state === 'loading' || this.#loading.has(upstream) ? TARGET_STATE.LOADING : 0)
    );
  }

  meterOf(model: string): TargetMeter {
    let meter = this.#meters.get(model);
    if (!meter) this.#meters.set(model, (meter = new TargetMeter()));
    return meter;
  }

  /** Calls `listener` whenever a target's state may have changed. Returns the way to stop it. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A request begins. A model that its server does not hold in memory is loading from now until its first answer. */
  acquire(upstream: string): void {
    this.#inFlight++;
    const cold = this.#resident !== null && !this.#resident.has(upstream.replace(/:latest$/, ''));
    if (cold) this.#loading.add(upstream);
    if (cold || this.#inFlight === this.capacity) this.#announce();
  }

  /** The first byte of an answer is here: what was loading is loaded. */
  reportAnswer(upstream: string): void {
    this.#retry = FIRST_RETRY;
    if (!this.#loading.delete(upstream)) return;
    this.#resident = new Set(this.#resident).add(upstream.replace(/:latest$/, ''));
    this.#announce();
  }

  release(upstream: string): void {
    const wasFull = this.#inFlight === this.capacity;
    this.#inFlight--;
    if (this.#loading.delete(upstream) || wasFull) this.#announce();
  }

  /** A request could not be carried out for a reason that concerns every other request too; heals by a probe. */
  reportDown(reason: string): void {
    if (this.#closed) return;
    this.#setHealth({ state: 'down', reason });
    this.#schedule(this.#retry);
    this.#retry = Math.min(this.#interval, this.#retry * 2);
  }

  /** A connection broke before an answer: that may be its end, or chance. It is asked at once, and stays a candidate meanwhile. */
  reportSuspect(): void {
    if (!this.#closed && !this.#probing && this.#health.state === 'up') this.#schedule(0);
  }

  /** Asks the backend how it is, now and from now on at the interval. */
  async start(): Promise<void> {
    if (this.pool === null) return;
    await this.#probe();
  }

  /** Ends the probes at once, the connections when their requests have ended. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer) clearTimeout(this.#timer);
    this.#listeners.clear();
    await this.pool?.close();
  }

  async #probe(): Promise<void> {
    const { dialect, pool } = this;
    if (this.#closed || !dialect || !pool) return;
    this.#probing = true;
    const found = await probe(pool, dialect, this.address);
    this.#probing = false;
    if (this.#closed) return;
    if (found.resident !== undefined) this.#resident = found.resident;
    this.#setHealth(found.health);
    if (found.health.state === 'up') this.#retry = FIRST_RETRY;
    const wait = found.health.state === 'up' ? this.#interval : this.#retry;
    if (found.health.state !== 'up') this.#retry = Math.min(this.#interval, this.#retry * 2);
    this.#schedule(wait);
  }

  /** Jitter of ±20 %: many gateways must not probe one backend in step. */
  #schedule(wait: number): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#probe(), wait * (0.8 + 0.4 * Math.random()));
    this.#timer.unref();
  }

  #setHealth(health: Health): void {
    const changed = health.state !== this.#health.state;
    this.#health = health;
    if (changed) this.#announce();
  }

  #announce(): void {
    for (const listener of this.#listeners) listener();
  }
}
