import { openStore } from '../../../runtime/store/open-store.ts';
import { SharedRates } from '../../../runtime/auth/shared-rates.ts';
import { StoreRateClerk } from '../../../runtime/auth/store-rate-clerk.ts';
import type { StoreLocation } from '../../../runtime/store/store-location.ts';
import type { CallerConfig } from '../../../schema/manifest.ts';

/** One process that asks for as much of a rate as it gets, for a while. */
export interface TakerJob {
  readonly location: StoreLocation;
  readonly holder: string;
  readonly most: number;
  readonly ms: number;
  /** How long it asks, and how often, in ms. */
  readonly length: number;
  readonly every: number;
}

const job = JSON.parse(process.argv[2]) as TakerJob;
const store = await openStore(job.location);
const rates = new SharedRates({ clerk: new StoreRateClerk(store), holder: job.holder });
await rates.open();
process.stdout.write('ready\n');
await new Promise((resolve) => process.stdin.once('data', resolve));
const caller = { name: 'app', rate: { requests: { most: job.most, ms: job.ms }, tokens: null } } as unknown as CallerConfig;
const taken: number[] = [];
const end = performance.now() + job.length;
const ask = async (): Promise<void> => {
  const drawn = rates.draw(caller, 'requests', 1);
  if (drawn !== null) await drawn;
  if (rates.take(caller, 'requests', 1) === 0) taken.push(performance.timeOrigin + performance.now());
};
const asked: Promise<void>[] = [];
while (performance.now() < end) {
  asked.push(ask());
  await new Promise((resolve) => setTimeout(resolve, job.every));
}
await Promise.all(asked);
await rates.close();
await store.close();
process.stdout.write(`${JSON.stringify(taken)}\n`);
process.exit(0);
