import { AskingThread } from '../asking-thread.ts';
import { checkVectors } from './check-vectors.ts';
import { VectorError, type VectorErrorCode } from './vector-error.ts';
import type { VectorHit, VectorStore } from './vector-store.ts';
import type { VectorQuestion } from './vector-thread.ts';

/** Questions that wait for the thread; one more is refused. */
const MOST_WAITING = 1_024;
const ROWS = 1_000;

/** Vectors in a thread of this process: in memory, or with sqlite-vec in a file where one is named. */
export class ThreadedVectors implements VectorStore {
  readonly where: string;
  readonly forgets: boolean;
  readonly #thread: AskingThread;

  constructor(file?: string) {
    this.where = file === undefined ? 'memory' : `sqlite ${file}`;
    this.forgets = file === undefined;
    this.#thread = new AskingThread(
      new URL('./vector-thread.ts', import.meta.url),
      'vectors',
      MOST_WAITING,
      file === undefined ? {} : { file },
    );
  }

  async open(name: string, dimensions: number): ReturnType<VectorStore['open']> {
    await this.#ask({ verb: 'open', name, dimensions });
    const collection = {
      dimensions,
      upsert: async (rows) => void (await this.#ask({ verb: 'upsert', name, rows })),
      remove: async (ids) => void (await this.#ask({ verb: 'remove', name, ids })),
      search: (vector, k, filter) => this.#ask<VectorHit[]>({ verb: 'search', name, vector, k, filter }),
      count: () => this.#ask<number>({ verb: 'count', name }),
    } satisfies Awaited<ReturnType<VectorStore['open']>>;
    return checkVectors(collection, ROWS);
  }

  async close(): Promise<void> {
    if (!this.forgets) await this.#ask({ verb: 'close', name: '' }).catch(() => {});
    await this.#thread.close();
  }

  async #ask<Result>(question: VectorQuestion): Promise<Result> {
    const answer = await this.#thread.ask<Result | { problem: string; code: VectorErrorCode }>(question).catch((cause: Error) => {
      throw new VectorError('unreachable', cause.message, { cause });
    });
    if (answer !== null && typeof answer === 'object' && 'problem' in answer) throw new VectorError(answer.code, answer.problem);
    return answer as Result;
  }
}
