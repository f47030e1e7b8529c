import type { BackendConfig } from '../../schema/manifest.ts';
import { Backend } from './backend.ts';
import type { BackendAddress } from './resolve-backend.ts';

/**
 * The backends that run. A router takes those it names and gives them back when it is dropped; one with the same configuration
 * and address as before is the same object, so that connections, health and measurements outlive a swap, and requests in flight
 * keep theirs to the end.
 */
export class Fleet {
  readonly #probeInterval: number;
  readonly #running = new Map<string, { readonly backend: Backend; users: number }>();

  constructor(probeInterval: number) {
    this.#probeInterval = probeInterval;
  }

  /** `started` settles when every new backend has been probed once. */
  take(configs: readonly BackendConfig[], addresses: readonly BackendAddress[]): { backends: Backend[]; started: Promise<unknown> } {
    const starts: Promise<void>[] = [];
    const backends = configs.map((config, row) => {
      const identity = JSON.stringify([config, addresses[row]]);
      let entry = this.#running.get(identity);
      if (!entry) {
        entry = { backend: new Backend(config, addresses[row], this.#probeInterval), users: 0 };
        this.#running.set(identity, entry);
        starts.push(entry.backend.start());
      }
      entry.users++;
      return entry.backend;
    });
    return { backends, started: Promise.all(starts) };
  }

  giveBack(backends: readonly Backend[]): void {
    for (const [identity, entry] of this.#running) {
      entry.users -= backends.filter((backend) => backend === entry.backend).length;
      if (entry.users > 0) continue;
      this.#running.delete(identity);
      void entry.backend.close();
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#running.values()].map((entry) => entry.backend.close()));
    this.#running.clear();
  }
}
