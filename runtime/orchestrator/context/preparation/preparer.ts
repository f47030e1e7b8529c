import { OrchestratorError } from '../../orchestrator-error.ts';
import { AskingThread } from '../asking-thread.ts';
import type { PreparedChunk } from './prepare-text.ts';

/** Most texts that wait to be made into chunks, over all requests. */
const MOST = 2_048;

/** Makes chunks of texts in a thread of its own, one after the other. */
export class Preparer {
  readonly #thread = new AskingThread(new URL('./preparing-thread.ts', import.meta.url), 'context', MOST);

  /** @throws OrchestratorError 503 where too many wait already. */
  prepare(text: string): Promise<readonly PreparedChunk[]> {
    if (this.#thread.waiting >= MOST) {
      const message = `${MOST} documents wait to be read [busy] help: send them again later`;
      throw new OrchestratorError(503, 'context_busy', message, { retryAfter: 5 });
    }
    return this.#thread.ask({ text });
  }

  close(): Promise<void> {
    return this.#thread.close();
  }
}
