import type { StoreLocation } from '../store/store-location.ts';
import { Ledger, type LedgerOptions } from './ledger.ts';
import { ThreadedClerk } from './threaded-clerk.ts';

/** The ledger of a gateway: its books are kept in a thread of its own. Throws a `Failure` where the store cannot be opened. */
export async function openLedger(location: StoreLocation, options: Omit<LedgerOptions, 'clerk'> = {}): Promise<Ledger> {
  const clerk = await ThreadedClerk.open(location);
  try {
    return await Ledger.open({ ...options, clerk });
  } catch (error) {
    await clerk.close('');
    throw error;
  }
}
