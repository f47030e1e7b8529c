import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { Failure } from '../failure.ts';
import type { JobEngine, JobHint } from './job-engine.ts';
import { openEngine } from './open-engine.ts';

/** A call of an engine's method, or `open`, which is the first. */
export interface EngineCall {
  readonly id: number;
  readonly method: Exclude<keyof JobEngine, 'listen'> | 'open';
  readonly parameters: readonly unknown[];
}

export interface EngineAnswer {
  readonly id: number;
  readonly result?: unknown;
  readonly problem?: { readonly message: string; readonly failure: Pick<Failure, 'slug' | 'problems' | 'help'> | null };
}

/** The thread that keeps the record of jobs: it waits for the disk or the network, so that nobody else does. */
serve(parentPort!);

function serve(port: MessagePort): void {
  let engine: JobEngine;
  const open = async (): Promise<void> => {
    engine = await openEngine(workerData.location, workerData.options);
    await engine.listen((hint: JobHint) => port.postMessage({ hint }));
  };
  port.on('message', async ({ id, method, parameters }: EngineCall) => {
    try {
      const result = method === 'open' ? await open() : await (engine[method] as (...all: unknown[]) => Promise<unknown>)(...parameters);
      port.postMessage({ id, result } satisfies EngineAnswer);
    } catch (error) {
      const failure = error instanceof Failure ? { slug: error.slug, problems: error.problems, help: error.help } : null;
      port.postMessage({ id, problem: { message: (error as Error).message, failure } } satisfies EngineAnswer);
    }
    if (method === 'close') port.close();
  });
}
