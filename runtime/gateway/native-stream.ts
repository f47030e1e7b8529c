import type { Wire } from '../backends/meter/wire.ts';
import { TranslationError } from '../backends/translate/translator.ts';
import type { IngressStream } from '../ingress/ingress.ts';
import type { AnswerBody } from './answer-body.ts';
import { type EndWatch, openEndWatch } from './end-watch.ts';
import { lostStream } from './lost-stream.ts';
import { withoutLength } from './response-headers.ts';

/** A stream of another API that goes on as it came, and is looked at for whether it came to an end. */
export class NativeStream implements AnswerBody {
  readonly keepsLength = false;
  readonly usage = null;
  readonly characters = 0;
  readonly warnings: readonly string[] = [];
  readonly #watch: EndWatch;
  readonly #backendName: string;
  readonly #open: () => IngressStream;

  /** @param open a stream of the caller's API, for its words of failure. */
  constructor(wire: Wire, backendName: string, open: () => IngressStream) {
    this.#watch = openEndWatch(wire);
    this.#backendName = backendName;
    this.#open = open;
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
    this.#watch.finish();
    if (!this.#watch.isTerminated) throw new TranslationError(`\`${this.#backendName}\` ended it before the answer was whole`);
    return null;
  }

  cut(words: string): Buffer {
    const last = this.#open().fail(lostStream(words));
    return Buffer.concat([Buffer.from(this.#watch.gap), last]);
  }

  isTerminated(): boolean {
    return this.#watch.isTerminated;
  }
}
