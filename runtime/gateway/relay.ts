import type { ServerResponse } from 'node:http';
import type { Dispatcher } from 'undici';
import type { Timeouts } from '../../schema/policy-set.ts';
import { describeConnectionError } from '../backends/describe-connection-error.ts';
import { type Deadline, Deadlines } from './deadlines.ts';
import { pickResponseHeaders } from './response-headers.ts';
import { StreamWatch } from './stream-watch.ts';
import type { TimeoutPhase, UpstreamFailure } from './upstream-failure.ts';

/** Where an alternative exists, a connection is waited for no longer than this, so that failover takes less than 2 s. */
const IMPATIENT_CONNECT = 1_500;
/** Most bytes of an error's body that are held. */
const ERROR_LIMIT = 1 << 20;
/** An answer up to this many bytes goes out in one write with its head; beyond, copying it would cost more than a second part. */
const JOINED = 16_384;

const DEADLINES = new Deadlines();

/** How a call to a backend ended. Times are `performance.now()`. */
export type Outcome =
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure }
  | { readonly kind: 'aborted' }
  /** Bytes reached the caller; `cut` says why they are not all, null where they are. */
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly bytes: number;
      readonly firstByteAt: number;
      readonly endedAt: number;
      /** Events of a stream, 0 where the answer is none. */
      readonly events: number;
      readonly cut: string | null;
    };

export interface RelayOptions {
  readonly raw: ServerResponse;
  readonly timeouts: Timeouts;
  readonly backendName: string;
  readonly secret: string | null;
  /** Is there another target? Asked only where the connection is slow. */
  hasAlternative(): boolean;
  /** The gateway's own headers; asked once, right before the first byte goes out. Flat names and values. */
  begin(): string[];
}

/**
 * Passes one answer from a backend to the caller: bytes untouched, each chunk at once, backpressure both ways.
 *
 * Nothing is written before the first byte of a 2xx answer is here: until then the call can fail over to another target. After it a
 * lost stream ends with an error event and without `[DONE]`, a lost plain answer with a closed connection.
 */
export class Relay implements Dispatcher.DispatchHandler, Deadline {
  /** The next moment at which something is overdue; see `Deadlines`. */
  due: number;
  slot = -1;
  readonly outcome: Promise<Outcome>;
  readonly #options: RelayOptions;
  #settle!: (outcome: Outcome) => void;
  #settled = false;
  #controller: Dispatcher.DispatchController | null = null;
  #phase: TimeoutPhase = 'connect';
  readonly #started: number;
  /** When the whole call is overdue. */
  readonly #total: number;
  #status = 0;
  #headers: string[] = [];
  #length = -1;
  /** Null where the answer is no stream of events. */
  #stream: StreamWatch | null = null;
  #error: Buffer[] | null = null;
  #bytes = 0;
  #firstByteAt = 0;

  constructor(options: RelayOptions) {
    this.#options = options;
    this.outcome = new Promise((resolve) => (this.#settle = resolve));
    const { connect, total } = options.timeouts;
    this.#started = performance.now();
    this.#total = this.#started + total;
    this.due = Math.min(this.#total, this.#started + Math.min(connect, IMPATIENT_CONNECT));
    DEADLINES.add(this);
  }

  /** A deadline has passed; called by `Deadlines`. */
  expire(): void {
    const now = performance.now();
    if (now >= this.#total) this.#expire('total');
    else if (this.#phase !== 'connect') this.#expire(this.#phase);
    else this.#connectSlowly(now);
  }

  /** The caller left. */
  abort(): void {
    if (!this.#settled) this.#finish({ kind: 'aborted' });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#settled) controller.abort(new Error('nobody waits for it'));
    else this.#await('first_token', performance.now());
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    if (this.#settled || status < 200) return;
    this.#controller = controller;
    this.#status = status;
    this.#headers = pickResponseHeaders(headers, this.#options.secret);
    if (status >= 300) {
      this.#error = [];
      return;
    }
    this.#length = typeof headers['content-length'] === 'string' ? Number(headers['content-length']) : -1;
    // An error event can only be written where the stream is plain text.
    const plain = headers['content-encoding'] === undefined && String(headers['content-type']).startsWith('text/event-stream');
    if (plain) this.#stream = new StreamWatch();
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#settled) return;
    if (this.#error) {
      this.#holdError(this.#error, chunk);
      return;
    }
    const { raw } = this.#options;
    if (this.#bytes === 0) {
      if (chunk.length === 0) return;
      this.#firstByteAt = performance.now();
      this.#await('idle', this.#firstByteAt);
      raw.writeHead(this.#status, this.#headers.concat(this.#options.begin()));
    } else this.#await('idle', performance.now());
    this.#bytes += chunk.length;
    this.#stream?.take(chunk);
    if (chunk.length === this.#length) {
      // Node writes head and body in one piece where the body is text; one byte a character leaves every byte as it is.
      if (chunk.length <= JOINED) raw.end(chunk.toString('latin1'), 'latin1');
      else raw.end(chunk);
      return;
    }
    if (raw.write(chunk)) return;
    controller.pause();
    // A caller that reads slowly is no idle backend.
    this.due = this.#total;
    raw.once('drain', () => {
      if (this.#settled) return;
      this.#await('idle', performance.now());
      controller.resume();
    });
  }

  onResponseEnd(): void {
    if (this.#settled) return;
    if (this.#error) this.#failStatus(Buffer.concat(this.#error));
    else if (this.#bytes === 0) {
      const words = `the answer of \`${this.#options.backendName}\` is empty`;
      this.#finish({ kind: 'failed', failure: { kind: 'empty', words } });
    } else if (this.#stream?.isWhole() === false) this.#cut(`\`${this.#options.backendName}\` ended it before the answer was whole`);
    else {
      if (!this.#options.raw.writableEnded) this.#options.raw.end();
      this.#answer(null);
    }
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#settled) return;
    const words = describeConnectionError(error);
    if (this.#bytes > 0) {
      this.#cut(words);
      return;
    }
    const kind = this.#phase === 'connect' ? 'connect' : 'reset';
    this.#finish({ kind: 'failed', failure: { kind, words: `\`${this.#options.backendName}\` can't be reached: ${words}` } });
  }

  #await(phase: 'first_token' | 'idle', now: number): void {
    this.#phase = phase;
    const { firstToken, idle } = this.#options.timeouts;
    this.due = Math.min(this.#total, now + (phase === 'idle' ? idle : firstToken));
  }

  #connectSlowly(now: number): void {
    const overdue = this.#started + this.#options.timeouts.connect;
    if (overdue <= now || this.#options.hasAlternative()) this.#expire('connect');
    else this.due = Math.min(this.#total, overdue);
  }

  #expire(phase: TimeoutPhase): void {
    if (this.#settled) return;
    const words = `\`${this.#options.backendName}\` exceeded its ${phase} timeout`;
    if (this.#bytes > 0) this.#cut(words);
    else this.#finish({ kind: 'failed', failure: { kind: 'timeout', phase, words } });
  }

  #holdError(held: Buffer[], chunk: Buffer): void {
    held.push(Buffer.from(chunk));
    this.#await('first_token', performance.now());
    if (held.reduce((sum, part) => sum + part.length, 0) > ERROR_LIMIT) this.#failStatus(null);
  }

  #failStatus(body: Buffer | null): void {
    const words = `\`${this.#options.backendName}\` answered ${this.#status}`;
    this.#finish({ kind: 'failed', failure: { kind: 'status', status: this.#status, headers: this.#headers, body, words } });
  }

  /** Bytes have reached the caller and no more will come. */
  #cut(words: string): void {
    const { raw } = this.#options;
    if (this.#stream?.isTerminated()) {
      // Nothing is lost: the caller has the last event, and a second one would contradict it.
      raw.end();
      this.#answer(null);
      return;
    }
    if (this.#stream) {
      const error = { message: `the stream was cut: ${words}`, type: 'upstream_error', param: null, code: 'upstream_connection_lost' };
      raw.end(`${this.#stream.between ? '' : '\n\n'}data: ${JSON.stringify({ error })}\n\n`);
    } else raw.destroy();
    this.#answer(words);
  }

  #answer(cut: string | null): void {
    this.#finish({
      kind: 'answered',
      status: this.#status,
      bytes: this.#bytes,
      firstByteAt: this.#firstByteAt,
      endedAt: performance.now(),
      events: this.#stream?.events ?? 0,
      cut,
    });
  }

  #finish(outcome: Outcome): void {
    this.#settled = true;
    DEADLINES.delete(this);
    this.#settle(outcome);
    const controller = this.#controller;
    this.#controller = null;
    // The backend must not go on working for nobody; once its answer is complete this does nothing.
    if (outcome.kind !== 'answered' || outcome.cut !== null) controller?.abort(new Error('nobody waits for it'));
  }
}
