import type { NodeKind, NodeState } from '../../../schema/workload.ts';
import type { Pod, Runner } from '../runner.ts';
import { listWithin } from './list-within.ts';

/** All runners as one. */
export class Places {
  readonly runners: readonly Runner[];

  constructor(runners: readonly Runner[]) {
    this.runners = runners;
  }

  nodes(): readonly NodeState[] {
    return this.runners.length === 1 ? this.runners[0].nodes() : this.runners.flatMap((runner) => runner.nodes());
  }

  /** Who has a node: one that tells of it now, or one of its kind that did. */
  find(node: string, kind: NodeKind): Runner | null {
    const owner = this.runners.find((runner) => runner.nodes().some(({ name }) => name === node));
    if (owner !== undefined) {
      this.#known.set(node, owner);
      if (this.#known.size > MOST) this.#known.delete(this.#known.keys().next().value!);
      return owner;
    }
    return this.#known.get(node) ?? this.runners.find((runner) => runner.nodes().some((each) => each.kind === kind)) ?? null;
  }

  readonly #known = new Map<string, Runner>();

  /** What runs everywhere, and what could not be asked, within `ms`. */
  async list(
    ms: number,
  ): Promise<{ readonly pods: readonly Pod[]; readonly errors: readonly { nodes: readonly string[]; message: string }[] }> {
    const pods: Pod[] = [];
    const errors: { nodes: readonly string[]; message: string }[] = [];
    await Promise.all(
      this.runners.map(async (runner) => {
        try {
          pods.push(...(await listWithin(runner, ms)));
        } catch (error) {
          errors.push({ nodes: runner.nodes().map(({ name }) => name), message: (error as Error).message });
        }
      }),
    );
    return { pods, errors };
  }

  async close(): Promise<void> {
    await Promise.all(this.runners.map((runner) => runner.close().catch(() => {})));
  }
}

/** Nodes that are remembered when their runner tells of them no more. */
const MOST = 10_000;
