import type { Kysely } from 'kysely';
import type { NodeState } from '../../../schema/workload.ts';
import type { Places } from './places.ts';
import type { WorkloadTables } from './tables.ts';
import type { Viewer } from '../../auth/viewer.ts';

/** Nodes that are told of at once. */
const MOST = 5_000;

export interface NodeList {
  readonly items: readonly NodeState[];
  /** There are more than are told of. */
  readonly truncated: boolean;
}

/** Every node as it was last measured; nobody is asked anew. Who may not see everything sees the nodes of its own workloads that have not ended. */
export async function listNodes(tables: Kysely<WorkloadTables>, places: Places, viewer: Viewer): Promise<NodeList> {
  const own = viewer.all ? null : await findOwn(tables, viewer.caller ?? '');
  const items = places.nodes().filter(({ name }) => own === null || own.has(name));
  return { items: items.slice(0, MOST), truncated: items.length > MOST };
}

async function findOwn(tables: Kysely<WorkloadTables>, caller: string): Promise<ReadonlySet<string>> {
  const held = tables
    .selectFrom('workloads')
    .innerJoin('workload_runs', (join) =>
      join.onRef('workload_runs.job', '=', 'workloads.job').onRef('workload_runs.attempt', '=', 'workloads.attempt'),
    )
    .select('workload_runs.node')
    .distinct()
    .where('workloads.caller', '=', caller)
    .where('workloads.held', '=', 1);
  return new Set((await held.execute()).map(({ node }) => node));
}
