import type { MessagePort } from 'node:worker_threads';
import { Failure } from './failure.ts';

/** A call of a method, or `open`, which is the first. */
export interface ThreadCall {
  readonly id: number;
  readonly method: string;
  readonly parameters: readonly unknown[];
}

export interface ThreadAnswer {
  readonly id: number;
  readonly result?: unknown;
  readonly problem?: { readonly message: string; readonly failure: Pick<Failure, 'slug' | 'problems' | 'help'> | null };
}

/** Who answers, once it is open. Every method returns a promise. */
type Opened = object;

/**
 * Answers what a `CalledThread` asks, in this thread: it waits for the disk or the network, so that nobody else does. `open` gets how to
 * tell the other side something unasked.
 */
export function answerCalls(port: MessagePort, open: (tell: (hint: unknown) => void) => Promise<Opened>): void {
  let opened: Opened | null = null;
  port.on('message', async ({ id, method, parameters }: ThreadCall) => {
    try {
      let result: unknown;
      if (method === 'open') opened = await open((hint) => port.postMessage({ hint }));
      else result = await (opened as Record<string, (...all: unknown[]) => Promise<unknown>>)[method](...parameters);
      port.postMessage({ id, result } satisfies ThreadAnswer);
    } catch (error) {
      const failure = error instanceof Failure ? { slug: error.slug, problems: error.problems, help: error.help } : null;
      port.postMessage({ id, problem: { message: (error as Error).message, failure } } satisfies ThreadAnswer);
    }
    if (method === 'close') port.close();
  });
}
