import { TranslationError } from '../backends/translate/translator.ts';
import type { AnswerBody } from './answer-body.ts';
import { withoutLength } from './response-headers.ts';
import { StreamWatch } from './stream-watch.ts';

/** A stream of server-sent events that goes on as it came, and is looked at for whether it came to an end. */
export class StreamBody implements AnswerBody {
  readonly keepsLength = false;
  readonly usage = null;
  readonly characters = 0;
  readonly warnings: readonly string[] = [];
  readonly #watch = new StreamWatch();
  readonly #backendName: string;

  constructor(backendName: string) {
    this.#backendName = backendName;
  }

  get events(): number {
    return this.#watch.events;
  }

  head(picked: string[]): string[] {
    return withoutLength(picked);
  }

  take(chunk: Buffer): Buffer {
    this.#watch.take(chunk);
    return chunk;
  }

  finish(): null {
    if (!this.#watch.isWhole()) throw new TranslationError(`\`${this.#backendName}\` ended it before the answer was whole`);
    return null;
  }

  cut(words: string): Buffer {
    const error = { message: `the stream was cut: ${words}`, type: 'upstream_error', param: null, code: 'upstream_connection_lost' };
    return Buffer.from(`${this.#watch.between ? '' : '\n\n'}data: ${JSON.stringify({ error })}\n\n`);
  }

  isTerminated(): boolean {
    return this.#watch.isTerminated();
  }
}
