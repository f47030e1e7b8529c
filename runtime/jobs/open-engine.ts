import { Failure } from '../failure.ts';
import { openStore } from '../store/open-store.ts';
import type { Store } from '../store/store.ts';
import type { StoreLocation } from '../store/store-location.ts';
import type { Delivery } from './delivery.ts';
import { DirectDelivery } from './direct-delivery.ts';
import { StoreEngine, type StoreEngineOptions } from './store-engine.ts';

export type EngineOptions = Omit<StoreEngineOptions, 'store' | 'delivery' | 'queues'> & {
  /** Queues, and the types of jobs in each. */
  readonly queues: Readonly<Record<string, readonly string[]>>;
};

/** The engine that belongs to a store, in this thread, which may wait for the disk. Throws a `Failure` where it cannot be opened. */
export async function openEngine(location: StoreLocation, { queues, ...options }: EngineOptions): Promise<StoreEngine> {
  const store = await openStore(location, true);
  try {
    return new StoreEngine({ ...options, store, delivery: await openDelivery(location, store, queues), queues: Object.keys(queues) });
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function openDelivery(location: StoreLocation, store: Store, queues: EngineOptions['queues']): Promise<Delivery> {
  if (location.kind === 'sqlite') return new DirectDelivery();
  try {
    // Only where it is needed: loading pg-boss takes longer than opening SQLite.
    const { BossDelivery } = await import('./boss-delivery.ts');
    return await BossDelivery.open({ url: location.url, schema: bossSchema(location.schema), queues }, () => {});
  } catch (cause) {
    const problem = `the tables of pg-boss in ${store.where} cannot be made: ${(cause as Error).message}`;
    throw new Failure('jobs', [problem], 'let the user of DATABASE_URL create schemas, or make `policyd_boss` for it');
  }
}

/** pg-boss keeps its tables in a schema of its own, beside ours. */
export function bossSchema(schema: string | undefined): string {
  return schema === undefined ? 'policyd_boss' : `${schema}_boss`;
}
