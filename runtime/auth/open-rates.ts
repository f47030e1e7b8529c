import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { Gauge, type Registry } from 'prom-client';
import type { Store } from '../store/store.ts';
import { RateLimiter } from './rate-limiter.ts';
import type { Rates } from './rates.ts';
import { SharedRates } from './shared-rates.ts';
import { StoreRateClerk } from './store-rate-clerk.ts';

/** Rates over all processes that share a PostgreSQL; in this process alone where the store is a file, which one process has. */
export async function openRates(store: Store, log: Logger, registry: Registry): Promise<Rates> {
  let isShared = store.kind === 'postgres';
  new Gauge({
    name: 'policyd_rates_shared',
    help: '1 where the rates of keys hold over all processes, 0 where this one keeps to its own part or has no others',
    registers: [registry],
    collect() {
      this.set(isShared ? 1 : 0);
    },
  });
  if (!isShared) return new RateLimiter();
  const rates = new SharedRates({
    clerk: new StoreRateClerk(store),
    holder: randomUUID(),
    onStore: (isThere, cause) => {
      isShared = isThere;
      if (isThere) log.info('rates are shared with the other processes again');
      else log.warn({ cause }, 'rates cannot be shared: this process keeps to its part of each');
    },
  });
  await rates.open();
  return rates;
}
