import { Pool } from 'undici';
import type { BackendConfig } from '../../schema/manifest.ts';
import { TARGET_STATE, type TargetMetrics, UNMEASURED } from '../../schema/snapshot.ts';
import type { CircuitState } from './circuit.ts';
import type { Dialect, Health } from './dialect.ts';
import { describeKeyRefusal } from './describe-key-refusal.ts';
import { probe } from './probe.ts';
import type { BackendAddress } from './resolve-backend.ts';
import { DIALECTS } from './dialects.ts';
import { CIRCUIT_CONDITIONS, type TargetStatus } from './target-status.ts';
import { type TargetRecord, TargetTable } from './target-table.ts';

/** Requests at once where the policy sets no `max_in_flight`: bounds sockets and memory. */
const UNLIMITED = 1024;
const FIRST_RETRY = 500;
/** What is said where nobody knows how long a model takes to load, or a request that finds out whether a target works again. */
const GUESS = 1_000;

/** A backend that runs: its connections, its health, its load. Lives across policy swaps while its configuration stays the same. */
export class Backend {
  readonly config: BackendConfig;
  readonly address: BackendAddress;
  readonly dialect: Dialect;
  readonly capacity: number;
  readonly pool: Pool | null;
  #health: Health;
  #inFlight = 0;
  #resident: ReadonlySet<string> | null = null;
  readonly #loading = new Set<string>();
  readonly #targets = new TargetTable();
  readonly #listeners = new Set<() => void>();
  readonly #interval: number;
  #retry = FIRST_RETRY;
  #timer: NodeJS.Timeout | null = null;
  /** `performance.now()` of the next probe. */
  #probeAt = 0;
  #closed = false;
  #probing = false;
  /** The last probe said that it is up; the one after it is forgiven if it comes late. */
  #proven = false;

  constructor(config: BackendConfig, address: BackendAddress, probeInterval: number) {
    this.config = config;
    this.address = address;
    this.dialect = DIALECTS[config.type];
    this.capacity = config.max_in_flight ?? UNLIMITED;
    this.#interval = probeInterval;
    const reason = address.missingKey !== null ? `variable \`${address.missingKey}\` is not set` : null;
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

  /** Set of `TARGET_STATE` bits of the target that serves `upstream` here. One whose circuit is open is down. */
  stateOf(upstream: string): number {
    const circuit = this.#targets.find(upstream)?.circuit.stateAt(performance.now()) ?? 'closed';
    return (
      (this.#health.state === 'down' || CIRCUIT_CONDITIONS[circuit] !== null ? TARGET_STATE.DOWN : 0) |
      (this.#inFlight >= this.capacity ? TARGET_STATE.FULL : 0) |
      (this.#health.state === 'loading' || this.#loading.has(upstream) ? TARGET_STATE.LOADING : 0)
    );
  }

  /** What was measured of a target; the prior where nothing was. `now` is `Date.now()`. */
  measure(upstream: string, now: number): TargetMetrics {
    const state = this.stateOf(upstream);
    const record = this.#targets.find(upstream);
    return record ? record.meter.measure(now, this.load, state) : { ...UNMEASURED, load: this.load, state };
  }

  inFlightOf(upstream: string): number {
    return this.#targets.find(upstream)?.inFlight ?? 0;
  }

  /** Why a target can't serve, if it can't, and when it may. */
  describe(upstream: string): TargetStatus {
    const now = performance.now();
    const health = this.#health;
    if (health.state === 'down') {
      const waitMs = this.pool === null ? Number.POSITIVE_INFINITY : Math.max(0, this.#probeAt - now);
      return { condition: 'down', reason: health.reason, waitMs };
    }
    const record = this.#targets.find(upstream);
    const circuit = record?.circuit.stateAt(now) ?? 'closed';
    const condition = CIRCUIT_CONDITIONS[circuit];
    if (condition !== null) {
      const waitMs = circuit === 'trying' ? GUESS : record!.circuit.waitAt(now);
      return { condition, reason: WORDS[circuit]!(Math.ceil(waitMs / 1e3), record!.circuit.failures), waitMs };
    }
    if (this.#inFlight >= this.capacity) {
      const latency = record?.meter.latency(Date.now()) || GUESS;
      return { condition: 'full', reason: `all ${this.capacity} places are taken`, waitMs: latency / this.capacity };
    }
    if (health.state === 'loading') return { condition: 'loading', reason: health.reason, waitMs: Math.max(0, this.#probeAt - now) };
    if (this.#loading.has(upstream)) return { condition: 'loading', reason: 'the model is being loaded', waitMs: GUESS };
    return { condition: 'ready', reason: null, waitMs: 0 };
  }

  /** Calls `listener` whenever a target's state may have changed. Returns the way to stop it. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A request begins. A model that its server does not hold in memory is loading from now until its first answer. */
  acquire(upstream: string): void {
    const record = this.#targets.of(upstream);
    record.inFlight++;
    this.#inFlight++;
    const cold = this.#resident !== null && !this.#resident.has(upstream.replace(/:latest$/, ''));
    if (cold) this.#loading.add(upstream);
    const trial = !record.circuit.isClosed && record.circuit.begin(performance.now());
    if (cold || trial || this.#inFlight === this.capacity) this.#announce();
  }

  /** The first byte of an answer is here, to a request sent at `startedAt` (`performance.now()`): what was loading is loaded. */
  reportAnswer(upstream: string, startedAt: number): void {
    this.#retry = FIRST_RETRY;
    const closed = this.#targets.of(upstream).circuit.answer(startedAt);
    const loaded = this.#loading.delete(upstream);
    if (loaded) this.#resident = new Set(this.#resident).add(upstream.replace(/:latest$/, ''));
    if (loaded || closed) this.#announce();
  }

  /** A request sent at `startedAt` came to its end at `endedAt`; `ok` is false where the backend failed, not where its caller did. */
  reportOutcome(upstream: string, startedAt: number, endedAt: number, ok: boolean): void {
    const record = this.#targets.of(upstream);
    const now = Date.now();
    record.meter.recordOutcome(now, ok);
    if (ok) record.meter.recordLatency(now, endedAt - startedAt);
    if (record.circuit.record(endedAt, startedAt, ok)) this.#reviewLater(record);
  }

  /** The backend wants no request for this model for `ms`. */
  reportRest(upstream: string, ms: number): void {
    const record = this.#targets.of(upstream);
    record.circuit.rest(performance.now(), ms);
    this.#reviewLater(record);
  }

  /** Of a stream: ms to its first byte, and between its events; null where it had but one. */
  recordStream(upstream: string, firstToken: number, gap: number | null): void {
    const { meter } = this.#targets.of(upstream);
    meter.recordFirstToken(Date.now(), firstToken);
    if (gap !== null) meter.recordTokenGap(Date.now(), gap);
  }

  /** A request gives its place back; `startedAt` as above, left out where it was never sent. */
  release(upstream: string, startedAt = Number.POSITIVE_INFINITY): void {
    const wasFull = this.#inFlight === this.capacity;
    this.#inFlight--;
    const record = this.#targets.of(upstream);
    record.inFlight--;
    const vacated = record.circuit.giveUp(startedAt);
    if (this.#loading.delete(upstream) || wasFull || vacated) this.#announce();
  }

  /** A request could not be carried out for a reason that concerns every other request too; heals by a probe. */
  reportDown(reason: string): void {
    if (this.#closed) return;
    this.#setHealth({ state: 'down', reason });
    this.#schedule(this.#retry);
    this.#retry = Math.min(this.#interval, this.#retry * 2);
  }

  /** An answer said that the key is not valid (`Dialect.refusesKey`); heals by a probe. */
  reportKeyRefused(status: number): void {
    this.reportDown(describeKeyRefusal(this.config, status));
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
    for (const { timer } of this.#targets) if (timer) clearTimeout(timer);
    this.#listeners.clear();
    await this.pool?.close();
  }

  async #probe(): Promise<void> {
    const { dialect, pool } = this;
    if (this.#closed || !dialect || !pool) return;
    this.#probing = true;
    const found = await probe(pool, dialect, this.config, this.address);
    this.#probing = false;
    if (this.#closed) return;
    const forgiven = found.late === true && this.#proven && this.#health.state === 'up';
    this.#proven = found.health.state === 'up';
    if (forgiven) {
      this.#schedule(0);
      return;
    }
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
    const ms = wait * (0.8 + 0.4 * Math.random());
    this.#probeAt = performance.now() + ms;
    this.#timer = setTimeout(() => void this.#probe(), ms);
    this.#timer.unref();
  }

  /** Says now that a target's state changed, and once more when its time out of service is over. */
  #reviewLater(record: TargetRecord): void {
    if (record.timer) clearTimeout(record.timer);
    record.timer = null;
    const wait = record.circuit.waitAt(performance.now());
    if (wait > 0 && !this.#closed) {
      record.timer = setTimeout(() => this.#review(record), wait);
      record.timer.unref();
    }
    this.#announce();
  }

  /** A timer may fire a millisecond early. */
  #review(record: TargetRecord): void {
    if (record.circuit.waitAt(performance.now()) > 0) this.#reviewLater(record);
    else this.#announce();
  }

  #setHealth(health: Health): void {
    const changed = health.state !== this.#health.state;
    // Back from being down: what failed meanwhile may be tried at once.
    if (changed && health.state === 'up') for (const { circuit } of this.#targets) circuit.hasten(performance.now());
    this.#health = health;
    if (changed) this.#announce();
  }

  #announce(): void {
    for (const listener of this.#listeners) listener();
  }
}

type Words = (seconds: number, failures: number) => string;

/** Why a circuit keeps requests away. */
const WORDS: Readonly<Partial<Record<CircuitState, Words>>> = {
  resting: (seconds) => `it asked for no requests for another ${seconds} s`,
  open: (seconds, failures) => `its circuit is open for another ${seconds} s after ${failures} failures in a row`,
  trying: () => 'its circuit is half open: one request finds out whether it works again',
};
