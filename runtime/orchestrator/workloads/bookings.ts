import type { NodeState, Resources } from '../../../schema/workload.ts';

/** What was promised to runs that their places do not count yet: two that are placed in the same moment must not get the same room. */
export class Bookings {
  readonly #booked = new Map<string, { readonly node: string; readonly needs: Resources }>();

  book(run: string, node: string, needs: Resources): void {
    this.#booked.set(run, { node, needs });
  }

  release(run: string): void {
    this.#booked.delete(run);
  }

  /** The nodes, with what is promised taken off what is free. */
  subtract(nodes: readonly NodeState[]): readonly NodeState[] {
    if (this.#booked.size === 0) return nodes;
    const sums = new Map<string, { cpuMillis: number; memoryBytes: number; gpus: number }>();
    for (const { node, needs } of this.#booked.values()) {
      const sum = sums.get(node) ?? { cpuMillis: 0, memoryBytes: 0, gpus: 0 };
      sum.cpuMillis += needs.cpuMillis;
      sum.memoryBytes += needs.memoryBytes;
      sum.gpus += needs.gpus;
      sums.set(node, sum);
    }
    return nodes.map((node) => {
      const sum = sums.get(node.name);
      return sum === undefined ? node : { ...node, free: less(node.free, sum) };
    });
  }
}

function less(free: Resources, taken: Resources): Resources {
  return {
    cpuMillis: Math.max(0, free.cpuMillis - taken.cpuMillis),
    memoryBytes: Math.max(0, free.memoryBytes - taken.memoryBytes),
    gpus: Math.max(0, free.gpus - taken.gpus),
  };
}
