import type { Store } from '../../store/store.ts';
import { HostedRun } from './hosted-run.ts';
import type { PeerTables } from './tables.ts';

/** Runs that are remembered after their end, and for how long. */
const MOST = 10_000;
const AGE = 7 * 86_400_000;

/** The runs of peers as they are remembered, of one host. */
export class HostedBook {
  readonly #store: Store;
  readonly #host: string;

  constructor(store: Store, host: string) {
    this.#store = store;
    this.#host = host;
  }

  async add(hosted: HostedRun): Promise<void> {
    const { id, owner, run, job, name, node, needs, lease, trace } = hosted;
    const amounts = { cpu_millis: needs.cpuMillis, memory_bytes: needs.memoryBytes, gpus: needs.gpus };
    const row = { id, host: this.#host, owner, run, job, name, node, lease, ...amounts, trace, created_at: Date.now() };
    const status = { phase: 'pending' as const, reason: null, exit_code: null, started_at: null, ended_at: null };
    await this.#store.write<PeerTables, void>(async (transaction) => {
      await transaction
        .insertInto('peer_runs')
        .values({ ...row, ...status })
        .onConflict((conflict) => conflict.columns(['host', 'id']).doUpdateSet({ ...status, node, created_at: row.created_at }))
        .execute();
    });
  }

  async update({ id, status }: HostedRun): Promise<void> {
    if (status === null) return;
    const { phase, reason, exitCode, startedAt, endedAt } = status;
    await this.#store.write<PeerTables, void>(async (transaction) => {
      await transaction
        .updateTable('peer_runs')
        .set({ phase, reason, exit_code: exitCode, started_at: startedAt, ended_at: endedAt })
        .where('host', '=', this.#host)
        .where('id', '=', id)
        .execute();
    });
  }

  async find(id: string): Promise<HostedRun | null> {
    const rows = await this.#rows().where('id', '=', id).execute();
    return rows.length === 0 ? null : toRun(rows[0]);
  }

  /** Those that had not ended when they were last written down. */
  async open(): Promise<HostedRun[]> {
    const rows = await this.#rows().where('phase', 'in', ['pending', 'running']).execute();
    return rows.map(toRun);
  }

  /** Forgets ended runs that are old, or too many. */
  async prune(): Promise<void> {
    const newest = await this.#store
      .tables<PeerTables>()
      .selectFrom('peer_runs')
      .select('created_at')
      .where('host', '=', this.#host)
      .orderBy('created_at', 'desc')
      .offset(MOST)
      .limit(1)
      .executeTakeFirst();
    const before = Math.max(Date.now() - AGE, newest?.created_at ?? 0);
    await this.#store.write<PeerTables, void>(async (transaction) => {
      await transaction
        .deleteFrom('peer_runs')
        .where('host', '=', this.#host)
        .where('created_at', '<=', before)
        .where('phase', 'not in', ['pending', 'running'])
        .execute();
    });
  }

  #rows() {
    return this.#store.tables<PeerTables>().selectFrom('peer_runs').selectAll().where('host', '=', this.#host);
  }
}

function toRun(row: PeerTables['peer_runs']): HostedRun {
  const { owner, run, job, node, lease, trace, name } = row;
  const needs = { cpuMillis: row.cpu_millis, memoryBytes: row.memory_bytes, gpus: row.gpus };
  const hosted = new HostedRun(owner, { run, job, node, lease, trace }, { name, needs }, 0, null);
  hosted.status = { phase: row.phase, reason: row.reason, exitCode: row.exit_code, startedAt: row.started_at, endedAt: row.ended_at };
  return hosted;
}
