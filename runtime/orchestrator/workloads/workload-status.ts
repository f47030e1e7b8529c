/**
 * States of a workload. `pending`: it waits for room; `scheduled`: it has a node and is being started there. The last four are ends.
 */
export const WORKLOAD_STATUSES = ['pending', 'scheduled', 'running', 'succeeded', 'failed', 'cancelled', 'evicted'] as const;
export type WorkloadStatus = (typeof WORKLOAD_STATUSES)[number];

export function isOver(status: WorkloadStatus): boolean {
  return status === 'succeeded' || status === 'failed' || status === 'cancelled' || status === 'evicted';
}
