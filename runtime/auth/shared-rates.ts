import type { CallerConfig } from '../../schema/manifest.ts';
import type { RateClerk, RateHint } from './rate-clerk.ts';
import type { RateKind, Rates } from './rates.ts';
import { SharedBucket } from './shared-bucket.ts';

/** How long a slice may be used without a word to the store, in ms. A process that stops for longer finds it void. */
const LEASE = 5_000;
/** Time between two looks at leases, and between two exchanges that nobody waits for, in ms. */
const TICK = 1_000;
const GAP = 50;
/** Longest wait of a request for what others hold, and of all for the store, before this process keeps to its own part, in ms. */
const PATIENCE = 250;
const SILENCE = 1_000;
/** Time before a slice is given up again for others, in ms: two that need all of it must not ask each other without end. */
const YIELD = 100;
const PRUNE = 600_000;

export interface SharedRatesOptions {
  readonly clerk: RateClerk;
  /** Name of this process, that no other has. */
  readonly holder: string;
  /** The store can be reached, or not any more. */
  readonly onStore?: (isThere: boolean, cause: string | null) => void;
}

/**
 * Keeps callers to the rates of their keys over all processes that share a store. Each holds slices of the rates and takes from them
 * without asking; requests wait only where a slice is dry and there may be more. All processes together never take more than one bucket
 * would give. While the store is away, each keeps to its part of every rate, filled from nothing.
 */
export class SharedRates implements Rates {
  readonly #options: SharedRatesOptions;
  readonly #buckets: Record<RateKind, Map<string, SharedBucket>> = { requests: new Map(), tokens: new Map() };
  #holders = 1;
  #isThere = true;
  #lostAt = 0;
  #running: Promise<void> | null = null;
  #again = false;
  #next: NodeJS.Immediate | null = null;
  #timer: NodeJS.Timeout | null = null;
  #lastAt = 0;
  #closed = false;
  #stop: (() => Promise<void>) | null = null;
  readonly #ticks: readonly NodeJS.Timeout[];

  constructor(options: SharedRatesOptions) {
    this.#options = options;
    this.#ticks = [setInterval(() => this.#tick(), TICK), setInterval(() => void options.clerk.prune().catch(() => {}), PRUNE)];
    for (const tick of this.#ticks) tick.unref();
  }

  /** Hears the other processes, and is counted among them. */
  async open(): Promise<void> {
    try {
      this.#stop = await this.#options.clerk.listen((hint) => this.#hear(hint));
      const { holders } = await this.#options.clerk.exchange(this.#options.holder, [], LEASE);
      this.#holders = holders;
    } catch (error) {
      this.#lose((error as Error).message);
    }
  }

  configure(callers: readonly CallerConfig[]): void {
    for (const kind of ['requests', 'tokens'] as const) {
      const kept = new Set(callers.filter(({ rate }) => rate?.[kind]).map(({ name }) => name));
      // What a slice of theirs holds is nobody's after its lease.
      for (const [name, bucket] of this.#buckets[kind]) {
        if (kept.has(name)) continue;
        bucket.release();
        this.#buckets[kind].delete(name);
      }
    }
  }

  draw(caller: CallerConfig, kind: RateKind, amount: number): Promise<void> | null {
    const bucket = this.#bucketOf(caller, kind);
    if (bucket === null || !this.#isThere || this.#closed) return null;
    const now = performance.now();
    if (bucket.has(amount, now) || bucket.isDry(amount, now)) return null;
    return new Promise((resolve) => {
      bucket.waiting.push({ amount, until: now + PATIENCE, resolve });
      this.#ask();
    });
  }

  take(caller: CallerConfig, kind: RateKind, amount: number): number {
    const bucket = this.#bucketOf(caller, kind);
    if (bucket === null) return 0;
    const now = performance.now();
    const wait = this.#isThere ? bucket.take(amount, now) : bucket.takeAlone(amount, now, this.#holders, this.#lostAt + LEASE);
    if (bucket.dirty) this.#askSoon();
    return wait;
  }

  giveBack(caller: CallerConfig, kind: RateKind, amount: number): void {
    const bucket = this.#bucketOf(caller, kind);
    if (bucket === null || amount === 0) return;
    bucket.giveBack(amount, this.#holders);
    this.#askSoon();
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const tick of this.#ticks) clearInterval(tick);
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#next !== null) clearImmediate(this.#next);
    await this.#running;
    for (const bucket of this.#all()) bucket.release();
    await this.#stop?.().catch(() => {});
    const now = performance.now();
    const orders = this.#all().map((bucket) => bucket.order(now, this.#holders, true));
    try {
      if (orders.length > 0) await this.#options.clerk.exchange(this.#options.holder, orders, LEASE);
      await this.#options.clerk.leave(this.#options.holder);
    } catch {
      // What is held here is nobody's after its lease.
    }
  }

  #bucketOf({ name, rate: rates }: CallerConfig, kind: RateKind): SharedBucket | null {
    const rate = rates?.[kind];
    if (!rate) return null;
    let bucket = this.#buckets[kind].get(name);
    if (bucket === undefined) this.#buckets[kind].set(name, (bucket = new SharedBucket(name, kind, rate, performance.now())));
    bucket.rate = rate;
    return bucket;
  }

  #all(): SharedBucket[] {
    return [...this.#buckets.requests.values(), ...this.#buckets.tokens.values()];
  }

  /** Asks the store now, with all that wait by then. */
  #ask(): void {
    if (this.#running !== null) this.#again = true;
    else if (this.#next === null && !this.#closed) this.#next = setImmediate(() => this.#start());
  }

  #askSoon(): void {
    if (this.#timer !== null || this.#running !== null || this.#closed) return;
    this.#timer = setTimeout(() => this.#ask(), Math.max(1, this.#lastAt + GAP - performance.now()));
    this.#timer.unref();
  }

  #start(): void {
    this.#next = null;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#running !== null || this.#closed) return;
    this.#running = this.#exchange().finally(() => {
      this.#running = null;
      const wants = this.#all();
      if (this.#again || wants.some(({ yields }) => yields)) this.#ask();
      else if (wants.some(({ dirty, waiting }) => dirty || waiting.length > 0)) this.#askSoon();
      this.#again = false;
    });
  }

  /** One at a time: two on their way could be taken in the other order. */
  async #exchange(): Promise<void> {
    const { clerk, holder } = this.#options;
    const askedAt = (this.#lastAt = performance.now());
    const told = this.#all().filter((bucket) => this.#isDue(bucket, askedAt));
    const yielding = told.filter(({ yields }) => yields);
    const orders = told.map((bucket) => bucket.order(askedAt, this.#holders, false));
    for (const bucket of yielding) {
      bucket.yields = false;
      bucket.yieldedAt = askedAt;
    }
    const silence = setTimeout(() => {
      this.#lose(`no answer for ${SILENCE} ms`);
      for (const bucket of told) bucket.miss();
    }, SILENCE);
    silence.unref();
    try {
      const { answers, holders } = await clerk.exchange(holder, orders, LEASE);
      this.#holders = holders;
      this.#find();
      const now = performance.now();
      for (const bucket of told) {
        const answer = answers.find(({ caller, kind }) => caller === bucket.caller && kind === bucket.kind)!;
        if (bucket.hear(answer, askedAt, LEASE, now)) this.#tell('need', bucket);
      }
      for (const bucket of yielding) this.#tell('free', bucket);
    } catch (error) {
      this.#lose((error as Error).message);
      for (const bucket of told) bucket.miss();
    } finally {
      clearTimeout(silence);
    }
  }

  #isDue(bucket: SharedBucket, now: number): boolean {
    return bucket.dirty || bucket.yields || bucket.waiting.length > 0 || (bucket.hold(now) > 0 && bucket.leaseEnd - now < LEASE / 2);
  }

  #tick(): void {
    const now = performance.now();
    if (this.#all().some((bucket) => this.#isDue(bucket, now)) || now - this.#lastAt > LEASE / 2) this.#ask();
  }

  #tell(kind: RateHint['kind'], bucket: SharedBucket): void {
    const { clerk, holder } = this.#options;
    // The others poll, and give up what they do not use.
    void clerk.tell({ kind, from: holder, caller: bucket.caller, of: bucket.kind }).catch(() => {});
  }

  #hear({ kind, from, caller, of }: RateHint): void {
    if (from === this.#options.holder) return;
    const bucket = this.#buckets[of]?.get(caller);
    if (bucket === undefined) return;
    const now = performance.now();
    if (kind === 'need') {
      if (bucket.hold(now) <= 0 || now - bucket.yieldedAt < YIELD) return;
      bucket.yields = true;
    } else {
      bucket.wake();
      if (bucket.waiting.length === 0) return;
    }
    this.#ask();
  }

  #lose(cause: string): void {
    if (!this.#isThere) return;
    this.#isThere = false;
    this.#lostAt = performance.now();
    this.#options.onStore?.(false, cause);
  }

  #find(): void {
    if (this.#isThere) return;
    this.#isThere = true;
    for (const bucket of this.#all()) bucket.rejoin();
    this.#options.onStore?.(true, null);
  }
}
