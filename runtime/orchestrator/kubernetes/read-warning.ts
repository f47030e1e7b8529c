import type { ApiServer } from './api-server.ts';
import { type KubeEvent, type KubePod, toMillis } from './objects.ts';

/** Words of the scheduler, which the pod's own conditions say better. */
const SAID = new Set(['FailedScheduling']);

/** The last warning that the cluster noted about a pod: what holds it up where its own status is silent (a volume, a sandbox). */
export async function readWarning(
  server: ApiServer,
  namespace: string,
  { metadata }: KubePod,
  signal: AbortSignal,
): Promise<string | null> {
  const query = { fieldSelector: `involvedObject.uid=${metadata?.uid},type=Warning`, limit: '50' };
  const { items = [] } = await server.read<{ items?: KubeEvent[] }>(`/api/v1/namespaces/${namespace}/events`, query, signal);
  const told = items.filter(({ reason }) => reason !== undefined && !SAID.has(reason));
  const [latest] = told.sort((a, b) => timeOf(b) - timeOf(a));
  return latest === undefined ? null : `${latest.reason}: ${latest.message ?? ''}`.slice(0, 1_000);
}

const timeOf = ({ lastTimestamp, eventTime }: KubeEvent): number => toMillis(lastTimestamp) ?? toMillis(eventTime) ?? 0;
