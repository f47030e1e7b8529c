import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { Failure } from '../failure.ts';
import { openStore } from '../store/open-store.ts';
import type { Clerk, Hint } from './clerk.ts';
import { StoreClerk } from './store-clerk.ts';

/** A call of a clerk's method, or `open`, which is the first. */
export interface ClerkCall {
  readonly id: number;
  readonly method: Exclude<keyof Clerk, 'listen'> | 'open';
  readonly parameters: readonly unknown[];
}

export interface ClerkAnswer {
  readonly id: number;
  readonly result?: unknown;
  readonly problem?: { readonly message: string; readonly failure: Pick<Failure, 'slug' | 'problems' | 'help'> | null };
}

/** The thread that keeps the books: it waits for the disk or the network, so that nobody else does. */
serve(parentPort!);

function serve(port: MessagePort): void {
  let clerk: StoreClerk;
  const open = async (): Promise<void> => {
    clerk = new StoreClerk(await openStore(workerData.location, true));
    await clerk.listen((hint: Hint) => port.postMessage({ hint }));
  };
  port.on('message', async ({ id, method, parameters }: ClerkCall) => {
    try {
      const result = method === 'open' ? await open() : await (clerk[method] as (...all: unknown[]) => Promise<unknown>)(...parameters);
      port.postMessage({ id, result } satisfies ClerkAnswer);
    } catch (error) {
      const failure = error instanceof Failure ? { slug: error.slug, problems: error.problems, help: error.help } : null;
      port.postMessage({ id, problem: { message: (error as Error).message, failure } } satisfies ClerkAnswer);
    }
    if (method === 'close') port.close();
  });
}
