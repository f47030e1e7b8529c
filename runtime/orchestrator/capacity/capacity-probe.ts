import { availableParallelism, freemem, totalmem } from 'node:os';
import { readCapacity } from './read-capacity.ts';
import { type Gpu, readGpus } from './read-gpus.ts';

/** What this machine has and has left, as last measured. */
export interface Capacity {
  /** Cores that this process may use: a part of one is possible. */
  readonly cpuCores: number;
  readonly memoryBytes: number;
  readonly freeMemoryBytes: number;
  /** Share of those cores that was busy over the last seconds, 0..1. */
  readonly load: number;
  readonly gpus: readonly Gpu[];
}

/** Ms until the load is first known, between two measurements, and between two looks for GPUs. */
const FIRST = 250;
const MEASURE = 2_000;
const LOOK_FOR_GPUS = 60_000;

/** Measures this machine now and then, beside what it serves: who asks gets what was found last. */
export class CapacityProbe {
  readonly #root: string;
  readonly #timers: NodeJS.Timeout[] = [];
  #current: Capacity;
  #last: { readonly at: number; readonly busyMs: number | null };
  #gpus: readonly Gpu[] = [];
  #asking = false;

  /** `root`: where `/proc` and `/sys` are. */
  constructor(root = '/') {
    this.#root = root;
    this.#last = { at: performance.now(), busyMs: null };
    this.#current = { cpuCores: 1, memoryBytes: 0, freeMemoryBytes: 0, load: 0, gpus: [] };
    this.measure();
  }

  get current(): Capacity {
    return this.#current;
  }

  /** Measures from now on until `close`. Resolves when GPUs were looked for once. */
  async start(): Promise<void> {
    this.#timers.push(setTimeout(() => this.measure(), FIRST).unref());
    this.#timers.push(setInterval(() => this.measure(), MEASURE).unref());
    this.#timers.push(setInterval(() => void this.#lookForGpus(), LOOK_FOR_GPUS).unref());
    await this.#lookForGpus();
  }

  /** Reads a dozen small files of the kernel, which are in memory. `at`: ms on a clock that only goes on. */
  measure(at = performance.now()): void {
    const machine = { cpuCores: availableParallelism(), memoryBytes: totalmem(), freeMemoryBytes: freemem() };
    const { cpuCores, memoryBytes, freeMemoryBytes, busyMs } = readCapacity(machine, this.#root);
    const elapsed = at - this.#last.at;
    const before = this.#last.busyMs;
    // Ticks of the kernel are 10 ms: over less time than that a share says nothing.
    const known = busyMs !== null && before !== null && elapsed >= 100;
    const load = known ? Math.min(1, Math.max(0, (busyMs - before) / (elapsed * cpuCores))) : this.#current.load;
    if (known || before === null) this.#last = { at, busyMs };
    this.#current = { cpuCores, memoryBytes, freeMemoryBytes, load, gpus: this.#gpus };
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  async #lookForGpus(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    this.#gpus = await readGpus(this.#root);
    this.#asking = false;
    this.#current = { ...this.#current, gpus: this.#gpus };
  }
}
