import type { Manifest } from '../../schema/manifest.ts';
import type { Live, RouterModule } from '../../schema/router.ts';
import type { MetricsSnapshot } from '../../schema/snapshot.ts';
import type { Backend } from '../backends/backend.ts';

/** Even without news the order is laid anew this often, in ms: measurements age. */
const AGEING = 60_000;

/**
 * What a router's decisions read of the world. State bits change in place, at the moment a backend's do; measured values only
 * through a new snapshot, ranked and laid off the request path and published as one reference.
 */
export class LiveState {
  readonly #module: RouterModule;
  readonly #manifest: Manifest;
  readonly #backends: readonly Backend[];
  readonly #release: (() => void)[];
  /** Called after a target's state changed: somebody may wait for it. */
  readonly onChange = new Set<() => void>();
  #epoch = 0;
  #laidAt = 0;
  #dirty = false;
  #live: Live;
  /** Index into `BUDGET_STATUSES`, by budget row. */
  readonly #budgets: number[];
  /** The same world for another router of the same targets; null where there is none. */
  readonly #beside: LiveState | null;

  constructor(module: RouterModule, manifest: Manifest, backends: readonly Backend[], beside: LiveState | null = null) {
    this.#beside = beside;
    this.#module = module;
    this.#manifest = manifest;
    this.#backends = backends;
    this.#budgets = manifest.budgets.map(() => 0);
    this.#live = this.#lay();
    this.#release = backends.map((backend, row) => backend.listen(() => this.#mark(row)));
  }

  get live(): Live {
    return this.#live;
  }

  /** A budget came to another status (index into `BUDGET_STATUSES`): decisions see it at once. */
  charge(budget: number, status: number): void {
    this.#beside?.charge(budget, status);
    if (this.#budgets[budget] === status) return;
    this.#budgets[budget] = status;
    this.#module.charge(this.#live, budget, status);
    this.#dirty = true;
    for (const notify of this.onChange) notify();
  }

  /** A measurement changed; the next `refresh` takes it in. */
  touch(): void {
    this.#beside?.touch();
    this.#dirty = true;
  }

  /** Ranks and lays anew where something changed. */
  refresh(): void {
    this.#beside?.refresh();
    if (!this.#dirty && Date.now() - this.#laidAt < AGEING) return;
    this.#live = this.#lay();
  }

  close(): void {
    this.#beside?.close();
    for (const release of this.#release) release();
    this.onChange.clear();
  }

  #lay(): Live {
    this.#dirty = false;
    this.#laidAt = Date.now();
    return this.#module.lay(this.#module.rank(this.#takeSnapshot(this.#laidAt)));
  }

  #takeSnapshot(now: number): MetricsSnapshot {
    const targets = this.#manifest.targets.map((target) => {
      return this.#backends[target.backend].measure(target.upstream, now);
    });
    return { epoch: this.#epoch++, targets, budgets: [...this.#budgets] };
  }

  #mark(backend: number): void {
    this.#dirty = true;
    let changed = false;
    this.#manifest.targets.forEach((target, row) => {
      if (target.backend !== backend) return;
      const state = this.#backends[backend].stateOf(target.upstream);
      if (this.#live.state[row] === state) return;
      this.#module.mark(this.#live, row, state);
      changed = true;
    });
    if (changed) for (const notify of this.onChange) notify();
  }
}
