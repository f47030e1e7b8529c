import { parentPort, workerData } from 'node:worker_threads';
import { answerCalls } from '../answer-calls.ts';
import { openStore } from '../store/open-store.ts';
import { StoreClerk } from './store-clerk.ts';

/** The thread that keeps the books. */
answerCalls(parentPort!, async (tell) => {
  const clerk = new StoreClerk(await openStore(workerData.location, true));
  await clerk.listen(tell);
  return clerk;
});
