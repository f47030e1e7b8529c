import type { Manifest } from '../../schema/manifest.ts';
import type { Live, RouterModule } from '../../schema/router.ts';
import { type MetricsSnapshot, UNMEASURED } from '../../schema/snapshot.ts';

/** The world as a router saw it when it decided. */
export interface World {
  /** Of that router: what its rows stand for. */
  readonly manifest: Manifest;
  readonly snapshot: MetricsSnapshot;
  /** Set of `TARGET_STATE` bits by its target rows, index into `BUDGET_STATUSES` by its budget rows; what is missing is 0. */
  readonly state: ArrayLike<number>;
  readonly budgets: ArrayLike<number>;
}

/** By row of the router that looks, the row of the one whose world it is; -1 = it knows no such thing. */
interface Rows {
  readonly targets: readonly number[];
  readonly budgets: readonly number[];
  readonly callers: readonly number[];
}

/**
 * Live tables of a router in the world of another one, matched by names: what the other does not know is unmeasured and ready. It listens to
 * nobody and starts nothing. For the router itself it gives the very tables that it decided on.
 */
export class Mirror {
  readonly module: RouterModule;
  readonly manifest: Manifest;
  readonly #rows = new WeakMap<Manifest, Rows>();
  #laid: { readonly snapshot: MetricsSnapshot; readonly live: Live } | null = null;

  constructor({ module, manifest }: { readonly module: RouterModule; readonly manifest: Manifest }) {
    this.module = module;
    this.manifest = manifest;
  }

  /** The tables, until the next call. */
  see({ manifest, snapshot, state, budgets }: World): Live {
    const rows = this.#match(manifest);
    const live = this.#laid?.snapshot === snapshot ? this.#laid.live : this.#lay(rows, snapshot);
    rows.targets.forEach((row, own) => {
      const bits = row < 0 ? 0 : (state[row] ?? 0);
      if (live.state[own] !== bits) this.module.mark(live, own, bits);
    });
    rows.budgets.forEach((row, own) => {
      const status = row < 0 ? 0 : (budgets[row] ?? 0);
      if (live.budgets[own] !== status) this.module.charge(live, own, status);
    });
    return live;
  }

  /** Row of another router's caller here; -1 where this one does not know its key. */
  callerOf(manifest: Manifest, caller: number): number {
    if (this.manifest.callers.length === 0) return 0;
    return this.#match(manifest).callers.indexOf(caller);
  }

  #lay({ targets, budgets }: Rows, snapshot: MetricsSnapshot): Live {
    const { module } = this;
    const live = module.lay(
      module.rank({
        epoch: snapshot.epoch,
        targets: targets.map((row) => (row < 0 ? UNMEASURED : snapshot.targets[row])),
        budgets: budgets.map((row) => (row < 0 ? 0 : snapshot.budgets[row])),
      }),
    );
    this.#laid = { snapshot, live };
    return live;
  }

  #match(manifest: Manifest): Rows {
    const known = this.#rows.get(manifest);
    if (known) return known;
    const find = (theirs: readonly string[], ours: readonly string[]): number[] => {
      const rows = new Map(theirs.map((name, row) => [name, row]));
      return ours.map((name) => rows.get(name) ?? -1);
    };
    const rows = {
      targets: find(nameTargets(manifest), nameTargets(this.manifest)),
      budgets: find(nameBudgets(manifest), nameBudgets(this.manifest)),
      callers: find(nameCallers(manifest), nameCallers(this.manifest)),
    };
    this.#rows.set(manifest, rows);
    return rows;
  }
}

const nameTargets = ({ targets, backends }: Manifest): string[] =>
  targets.map(({ backend, model }) => `${backends[backend].name}/${model}`);
const nameBudgets = ({ budgets }: Manifest): string[] => budgets.map(({ name }) => name);
const nameCallers = ({ callers }: Manifest): string[] => callers.map(({ sha256 }) => sha256);
