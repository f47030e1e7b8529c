import type { Store } from '../../store/store.ts';
import { OrchestratorError } from '../orchestrator-error.ts';
import type { SpecOrder } from './check-command.ts';
import { hasEnded, type Holder, SELF } from './lock-file.ts';
import type { RunState, SpecRun } from './run.ts';
import type { SpecKitTables } from './tables.ts';

type Row = SpecKitTables['spec_runs'];

/** How long runs that have ended are remembered, in ms, and how many are taken away at once. */
const RETENTION = 7 * 86_400_000;

/** The record of runs, and with it the locks of those that change something: a row that says `running` is the lock. */
export class RunBooks {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * @param lock what the run has for itself; null = nothing.
   * @throws OrchestratorError 409 where another one has it.
   */
  async begin(id: string, order: SpecOrder, lock: string | null, caller: string | null, expires: number): Promise<void> {
    const row: Row = {
      id,
      command: order.command,
      args: JSON.stringify(order.args),
      feature: order.feature,
      lock_key: lock,
      caller,
      state: 'running',
      holder: JSON.stringify(SELF),
      child: null,
      started_at: Date.now(),
      expires_at: expires,
      ended_at: null,
      exit_code: null,
    };
    const taken = await this.#insert(row);
    if (taken === null) return;
    const what = taken.feature === null ? 'the work folder' : `\`${taken.feature}\``;
    const message = `\`${taken.command}\` runs at ${what} [run-in-progress] help: wait for its end, GET /stream/${taken.id} tells it`;
    throw new OrchestratorError(409, 'run_in_progress', message, {
      reasons: [{ code: 'run_in_progress', run_id: taken.id, command: taken.command, feature: taken.feature }],
      retryAfter: 5,
    });
  }

  /** Null where it was inserted; else the run that has the lock. */
  async #insert(row: Row): Promise<Row | null> {
    for (;;) {
      // The unique index is the lock: of two that come at once, one inserts nothing.
      const tables = this.#store.tables<SpecKitTables>();
      const { numInsertedOrUpdatedRows } = await tables
        .insertInto('spec_runs')
        .values(row)
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirstOrThrow();
      if (numInsertedOrUpdatedRows !== 0n) return null;
      const holding = await tables
        .selectFrom('spec_runs')
        .selectAll()
        .where('lock_key', '=', row.lock_key)
        .where('state', '=', 'running')
        .executeTakeFirst();
      // It may have ended just now.
      if (holding !== undefined) return holding;
    }
  }

  async told(id: string, child: Holder): Promise<void> {
    await this.#store
      .tables<SpecKitTables>()
      .updateTable('spec_runs')
      .set({ child: JSON.stringify(child) })
      .where('id', '=', id)
      .execute();
  }

  /** False where somebody else has ended it before. */
  async end(id: string, state: RunState, exitCode: number | null): Promise<boolean> {
    const { numUpdatedRows } = await this.#store
      .tables<SpecKitTables>()
      .updateTable('spec_runs')
      .set({ state, ended_at: Date.now(), exit_code: exitCode })
      .where('id', '=', id)
      .where('state', '=', 'running')
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  }

  async read(id: string): Promise<SpecRun | null> {
    const row = await this.#store.tables<SpecKitTables>().selectFrom('spec_runs').selectAll().where('id', '=', id).executeTakeFirst();
    if (row === undefined) return null;
    const { command, args, feature, caller, state, started_at: startedAt, ended_at: endedAt, exit_code: exitCode } = row;
    return { id, command, args: JSON.parse(args) as string[], feature, caller, state, startedAt, endedAt, exitCode };
  }

  /** Runs whose policyd has ended, or whose time is over: with the process group that may be left of one that ran here. */
  async findLost(now: number): Promise<{ readonly id: string; readonly caller: string | null; readonly child: Holder | null }[]> {
    const rows = await this.#store.tables<SpecKitTables>().selectFrom('spec_runs').selectAll().where('state', '=', 'running').execute();
    return rows
      .filter(({ holder, expires_at }) => expires_at < now || hasEnded(JSON.parse(holder) as Holder))
      .map(({ id, caller, child }) => ({ id, caller, child: child === null ? null : (JSON.parse(child) as Holder) }));
  }

  async forget(now: number): Promise<void> {
    await this.#store
      .tables<SpecKitTables>()
      .deleteFrom('spec_runs')
      .where('ended_at', '<', now - RETENTION)
      .execute();
  }
}
