import type { Usage } from '../../schema/usage.ts';
import type { Meter } from '../backends/meter/meter.ts';
import type { UsageDropper } from '../backends/meter/usage-dropper.ts';
import type { AnswerBody } from './answer-body.ts';

/** A body that goes on as it came while a meter sees it go by; only the usage that nobody but the gateway asked for is taken out. */
export class MeteredBody implements AnswerBody {
  readonly #inner: AnswerBody;
  readonly #meter: Meter;
  readonly #dropper: UsageDropper | null;

  constructor(inner: AnswerBody, meter: Meter, dropper: UsageDropper | null) {
    this.#inner = inner;
    this.#meter = meter;
    this.#dropper = dropper;
  }

  get keepsLength(): boolean {
    return this.#inner.keepsLength;
  }

  get warnings(): readonly string[] {
    return this.#inner.warnings;
  }

  get events(): number {
    return this.#inner.events;
  }

  get usage(): Usage | null {
    return this.#meter.usage;
  }

  get characters(): number {
    return this.#meter.characters;
  }

  head(picked: string[], whole: Buffer | null): string[] {
    return this.#inner.head(picked, whole);
  }

  take(chunk: Buffer): Buffer | null {
    this.#meter.see(chunk);
    this.#inner.take(chunk);
    return this.#dropper === null ? chunk : this.#dropper.push(chunk);
  }

  finish(): Buffer | null {
    this.#meter.end();
    this.#inner.finish();
    return this.#dropper?.end() ?? null;
  }

  cut(words: string): Buffer | null {
    this.#meter.end();
    return this.#inner.cut(words);
  }

  isTerminated(): boolean {
    return this.#inner.isTerminated();
  }
}
