import type { ReadableSpan, SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace';

/** Spans that wait for their way out; more are dropped, and counted. */
const MOST = 4_096;
/** Spans that go out at once, and longest time in ms that one waits for others. */
const BATCH = 512;
const WAIT = 1_000;
/** Calls to the receiver at once. */
const CALLS = 2;
/** Longest wait for the receiver at the end, in ms. */
const LAST = 5_000;

/** Ended spans on their way out, in batches, bounded. */
export class SpanQueue implements SpanProcessor {
  readonly #exporter: SpanExporter;
  readonly #count: (result: 'sent' | 'failed' | 'dropped', spans: number) => void;
  #waiting: ReadableSpan[] = [];
  #calls = 0;
  #timer: NodeJS.Timeout | null = null;
  #onIdle: (() => void) | null = null;

  constructor(exporter: SpanExporter, count: (result: 'sent' | 'failed' | 'dropped', spans: number) => void) {
    this.#exporter = exporter;
    this.#count = count;
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    if (this.#waiting.length >= MOST) {
      this.#count('dropped', 1);
      return;
    }
    this.#waiting.push(span);
    if (this.#waiting.length >= BATCH) this.#send();
    else if (this.#timer === null) {
      this.#timer = setTimeout(() => this.#send(), WAIT);
      this.#timer.unref();
    }
  }

  async forceFlush(): Promise<void> {
    this.#send();
    if (this.#calls === 0) return;
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([
      new Promise<void>((resolve) => (this.#onIdle = resolve)),
      new Promise<void>((resolve) => (timer = setTimeout(resolve, LAST))),
    ]);
    clearTimeout(timer);
  }

  async shutdown(): Promise<void> {
    await this.forceFlush();
    if (this.#waiting.length > 0) this.#count('dropped', this.#waiting.length);
    this.#waiting = [];
    await this.#exporter.shutdown();
  }

  #send(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    while (this.#calls < CALLS && this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, BATCH);
      this.#calls++;
      this.#exporter.export(batch, ({ code }) => {
        this.#calls--;
        this.#count(code === 0 ? 'sent' : 'failed', batch.length);
        this.#send();
        if (this.#calls === 0) this.#onIdle?.();
      });
    }
  }
}
