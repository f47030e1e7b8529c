import type { Kysely } from 'kysely';
import type { Pod } from '../runner.ts';
import type { Places } from './places.ts';
import type { WorkloadTables } from './tables.ts';
import type { Viewer } from '../../auth/viewer.ts';
import { parseRun } from './workload-record.ts';

/** How long a place may take to tell what runs there, ms. */
const PATIENCE = 3_000;
/** Pods that are told of at once, and ids that one statement names. */
const MOST = 5_000;
const TOGETHER = 500;

export interface PodList {
  readonly items: readonly Pod[];
  /** Places that could not be asked. */
  readonly errors: readonly { readonly nodes: readonly string[]; readonly message: string }[];
  /** There are more than are told of. */
  readonly truncated: boolean;
}

/** What runs everywhere, as its places tell it. Who may not see everything sees the runs of its own workloads. */
export async function listPods(tables: Kysely<WorkloadTables>, places: Places, viewer: Viewer): Promise<PodList> {
  const { pods, errors } = await places.list(PATIENCE);
  const seen = viewer.all ? pods : await keepOwn(tables, pods, viewer.caller ?? '');
  const items = seen.toSorted((one, other) => (one.id < other.id ? -1 : one.id > other.id ? 1 : 0));
  return { items: items.slice(0, MOST), errors, truncated: items.length > MOST };
}

async function keepOwn(tables: Kysely<WorkloadTables>, pods: readonly Pod[], caller: string): Promise<readonly Pod[]> {
  const jobs = [...new Set(pods.flatMap((pod) => (pod.foreign ? [] : (parseRun(pod.id)?.job ?? []))))];
  const own = new Set<string>();
  for (let at = 0; at < jobs.length; at += TOGETHER) {
    const query = tables.selectFrom('workloads').select('job').where('caller', '=', caller);
    for (const { job } of await query.where('job', 'in', jobs.slice(at, at + TOGETHER)).execute()) own.add(job);
  }
  return pods.filter((pod) => !pod.foreign && own.has(parseRun(pod.id)?.job ?? ''));
}
