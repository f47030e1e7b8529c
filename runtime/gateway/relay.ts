import type { ServerResponse } from 'node:http';
import type { Dispatcher } from 'undici';
import type { Timeouts } from '../../schema/policy-set.ts';
import { TranslationError } from '../backends/translate/translator.ts';
import { describeConnectionError } from '../backends/describe-connection-error.ts';
import type { AnswerBody } from './answer-body.ts';
import { type Deadline, Deadlines } from './deadlines.ts';
import type { Outcome } from './outcome.ts';
import { pickResponseHeaders } from './response-headers.ts';
import type { StatusFailure, TimeoutPhase, UpstreamFailure } from './upstream-failure.ts';

/** Where an alternative exists, a connection is waited for no longer than this, so that failover takes less than 2 s. */
const IMPATIENT_CONNECT = 1_500;
/** Most bytes of an error's body that are held. */
const ERROR_LIMIT = 1 << 20;
/** An answer up to this many bytes goes out in one write with its head; beyond, copying it would cost more than a second part. */
const JOINED = 16_384;

const DEADLINES = new Deadlines();

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** Whose call it is. */
export interface RelayOwner {
  readonly backendName: string;
  readonly timeouts: Timeouts;
  /** The backend's key: no header that holds it is passed on. */
  readonly secret: string | null;
  /** What becomes of the body of a 2xx answer. */
  openBody(headers: Headers): AnswerBody;
  /** An answer outside 2xx, in words that the caller's API can repeat. */
  readFailure(failure: StatusFailure): StatusFailure;
  /** Is there another target? Asked only where the connection is slow. */
  hasAlternative(): boolean;
  /** The first byte goes out: adds the gateway's own headers to the flat list. */
  begin(headers: string[]): void;
  /** The call is over; told once. Must not throw. */
  end(outcome: Outcome): void;
}

/**
 * Passes one answer from a backend to the caller: each chunk at once, backpressure both ways.
 *
 * Nothing is written before the first byte of a 2xx answer is here: until then the call can fail over to another target. After it a
 * lost stream ends with an error event and without `[DONE]`, a lost plain answer with a closed connection.
 */
export class Relay implements Dispatcher.DispatchHandler, Deadline {
  /** The next moment at which something is overdue; see `Deadlines`. */
  due: number;
  slot = -1;
  readonly #owner: RelayOwner;
  readonly #raw: ServerResponse;
  #settled = false;
  #controller: Dispatcher.DispatchController | null = null;
  #phase: TimeoutPhase = 'connect';
  readonly #started: number;
  /** When the whole call is overdue. */
  readonly #total: number;
  #status = 0;
  #headers: string[] = [];
  #length = -1;
  #body: AnswerBody | null = null;
  #error: Buffer[] | null = null;
  /** Bytes have come in from the backend. */
  #fed = false;
  /** Bytes have gone out to the caller. */
  #begun = false;
  #firstByteAt = 0;
  /** The answer came in one piece. */
  #whole = false;

  /** @param started `performance.now()`. */
  constructor(owner: RelayOwner, raw: ServerResponse, started: number) {
    this.#owner = owner;
    this.#raw = raw;
    const { connect, total } = owner.timeouts;
    this.#started = started;
    this.#total = started + total;
    this.due = Math.min(this.#total, started + Math.min(connect, IMPATIENT_CONNECT));
    DEADLINES.add(this);
  }

  /** The backend has a connection to read the call from: it may work for it. */
  get isSent(): boolean {
    return this.#phase !== 'connect';
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

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: Headers): void {
    if (this.#settled || status < 200) return;
    this.#controller = controller;
    this.#status = status;
    this.#headers = pickResponseHeaders(headers, this.#owner.secret);
    if (status >= 300) {
      this.#error = [];
      return;
    }
    try {
      const body = (this.#body = this.#owner.openBody(headers));
      if (body.keepsLength && typeof headers['content-length'] === 'string') this.#length = Number(headers['content-length']);
    } catch (error) {
      this.#break(error as Error);
    }
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#settled) return;
    if (this.#error) {
      this.#holdError(this.#error, chunk);
      return;
    }
    if (chunk.length === 0) return;
    this.#fed = true;
    const now = performance.now();
    this.#await(this.#begun ? 'idle' : 'first_token', now);
    let out: Buffer | null;
    try {
      out = this.#body!.take(chunk);
    } catch (error) {
      this.#break(error as Error);
      return;
    }
    if (out === null || out.length === 0) return;
    this.#whole = out === chunk && chunk.length === this.#length;
    this.#begin(now, this.#whole ? out : null);
    if (this.#whole) this.#writeLast(out);
    else if (!this.#raw.write(out)) this.#pause(controller);
  }

  onResponseEnd(): void {
    if (this.#settled) return;
    if (this.#error) {
      this.#failStatus(Buffer.concat(this.#error));
      return;
    }
    let rest: Buffer | null;
    try {
      rest = this.#fed ? this.#body!.finish() : null;
    } catch (error) {
      this.#break(error as Error);
      return;
    }
    if (rest !== null && rest.length > 0) {
      this.#begin(performance.now(), this.#begun ? null : rest);
      this.#writeLast(rest);
    } else if (!this.#begun) {
      const words = `the answer of \`${this.#owner.backendName}\` is empty`;
      this.#fail({ kind: 'empty', words });
      return;
    }
    if (!this.#raw.writableEnded) this.#raw.end();
    this.#answer(null);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#settled) return;
    const words = describeConnectionError(error);
    if (this.#begun) {
      this.#cut(words);
      return;
    }
    const kind = this.#phase === 'connect' ? 'connect' : 'reset';
    this.#fail({ kind, words: `\`${this.#owner.backendName}\` can't be reached: ${words}` });
  }

  /** The first bytes go out. */
  #begin(now: number, whole: Buffer | null): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#firstByteAt = now;
    this.#await('idle', now);
    const headers = this.#body!.head(this.#headers, whole);
    this.#owner.begin(headers);
    this.#raw.writeHead(this.#status, headers);
  }

  #writeLast(bytes: Buffer): void {
    // Node writes head and body in one piece where the body is text; one byte a character leaves every byte as it is.
    if (bytes.length <= JOINED) this.#raw.end(bytes.toString('latin1'), 'latin1');
    else this.#raw.end(bytes);
  }

  #pause(controller: Dispatcher.DispatchController): void {
    controller.pause();
    // A caller that reads slowly is no idle backend.
    this.due = this.#total;
    this.#raw.once('drain', () => {
      if (this.#settled) return;
      this.#await('idle', performance.now());
      controller.resume();
    });
  }

  #await(phase: 'first_token' | 'idle', now: number): void {
    this.#phase = phase;
    const { firstToken, idle } = this.#owner.timeouts;
    this.due = Math.min(this.#total, now + (phase === 'idle' ? idle : firstToken));
  }

  #connectSlowly(now: number): void {
    const overdue = this.#started + this.#owner.timeouts.connect;
    if (overdue <= now || this.#owner.hasAlternative()) this.#expire('connect');
    else this.due = Math.min(this.#total, overdue);
  }

  #expire(phase: TimeoutPhase): void {
    if (this.#settled) return;
    const words = `\`${this.#owner.backendName}\` exceeded its ${phase} timeout`;
    if (this.#begun) this.#cut(words);
    else this.#fail({ kind: 'timeout', phase, words });
  }

  #holdError(held: Buffer[], chunk: Buffer): void {
    held.push(Buffer.from(chunk));
    this.#await('first_token', performance.now());
    if (held.reduce((sum, part) => sum + part.length, 0) > ERROR_LIMIT) this.#failStatus(null);
  }

  #failStatus(body: Buffer | null): void {
    const words = `\`${this.#owner.backendName}\` answered ${this.#status}`;
    this.#fail(this.#owner.readFailure({ kind: 'status', status: this.#status, headers: this.#headers, body, words, told: 'openai' }));
  }

  /** The answer is not what it should be. */
  #break(error: Error): void {
    if (this.#begun) this.#cut(error.message);
    else if (error instanceof TranslationError && error.answer !== null) {
      const { status, body, retryAfter } = error.answer;
      const headers = ['content-type', 'application/json', ...(retryAfter === null ? [] : ['retry-after', String(retryAfter)])];
      const words = `\`${this.#owner.backendName}\` answered ${status}`;
      this.#fail({ kind: 'status', status, headers, body, words, told: 'openai' });
    } else this.#fail({ kind: 'malformed', words: `\`${this.#owner.backendName}\` gave no answer: ${error.message}` });
  }

  #fail(failure: UpstreamFailure): void {
    this.#finish({ kind: 'failed', failure });
  }

  /** Bytes have reached the caller and no more will come. */
  #cut(words: string): void {
    if (this.#body!.isTerminated()) {
      this.#raw.end(this.#body!.finish() ?? undefined);
      this.#answer(null);
      return;
    }
    const last = this.#body!.cut(words);
    if (last === null) this.#raw.destroy();
    else this.#raw.end(last);
    this.#answer(words);
  }

  #answer(cut: string | null): void {
    const { events } = this.#body!;
    // An answer of one piece ended when it began: looking at the clock again would cost as much as a look-up.
    const endedAt = this.#whole ? this.#firstByteAt : performance.now();
    this.#finish({ kind: 'answered', status: this.#status, firstByteAt: this.#firstByteAt, endedAt, events, cut });
  }

  #finish(outcome: Outcome): void {
    this.#settled = true;
    DEADLINES.delete(this);
    const controller = this.#controller;
    this.#controller = null;
    // The backend must not go on working for nobody; once its answer is complete this does nothing.
    if (outcome.kind !== 'answered' || outcome.cut !== null) controller?.abort(new Error('nobody waits for it'));
    this.#owner.end(outcome);
  }
}
