import { hash } from 'node:crypto';
import type { NodeState } from '../../../schema/workload.ts';

/** A hash of what nodes are: what is free of them, and how busy they are, is no part of it. The order of nodes and labels is none, either. */
export function hashCapability(nodes: readonly NodeState[]): string {
  const lines = nodes.map(({ name, kind, labels, forms, total }) =>
    JSON.stringify([name, kind, Object.entries(labels).sort(), [...forms].sort(), total.cpuMillis, total.memoryBytes, total.gpus]),
  );
  return hash('sha256', lines.sort().join('\n'), 'hex');
}
