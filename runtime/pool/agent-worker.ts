import { Worker } from 'node:worker_threads';
import type { AgentIdentity, AgentMemory, AgentTask, AgentView, FromAgent, Service, ToAgent } from './agent-message.ts';

/** How an agent's run of a task ended, by its own word. */
export type Outcome =
  | { readonly kind: 'completed'; readonly result: string | null }
  | { readonly kind: 'failed'; readonly error: string; readonly final: boolean };

/** What the pool does for an agent, and hears of it. */
export interface AgentHost {
  /** Its own word on the task of this run. */
  ended(outcome: Outcome, memory: AgentMemory): void;
  /** It keeps the task for whoever does the work. */
  held(): void;
  /** Asks a service for it; the signal is aborted when the task is no longer its own. */
  call(service: Service, body: unknown, signal: AbortSignal): Promise<unknown>;
  log(message: string): void;
  /** The thread is gone, by itself. */
  died(reason: string): void;
}

export interface WorkerLimits {
  /** MiB of its heap. */
  readonly memory: number;
  /** A module of the operator's own; null = none. */
  readonly handlers: string | null;
}

/** Longest start of a thread, in ms. */
const START = 20_000;
const YOUNG = 8;
const STACK = 4;

/** The thread of one agent, as the pool sees it. It shares nothing with the others: its heap is bounded, its environment is empty. */
export class AgentWorker {
  readonly #worker: Worker;
  readonly #host: AgentHost;
  readonly #pings = new Map<number, (message: FromAgent) => void>();
  #run = 0;
  #calls = new AbortController();
  #busy = false;
  #last = 0;
  #ended: string | null = null;
  #started: (problem: string | null) => void = () => {};
  readonly ready: Promise<void>;

  constructor(identity: AgentIdentity, { memory, handlers }: WorkerLimits, host: AgentHost) {
    this.#host = host;
    const module = new URL('./agent-thread.ts', import.meta.url).href;
    const worker = new Worker(new URL('../thread.js', import.meta.url), {
      workerData: { module, identity, handlers },
      name: identity.agent_id,
      env: {},
      argv: [],
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: memory, maxYoungGenerationSizeMb: YOUNG, stackSizeMb: STACK },
    });
    worker.unref();
    this.#worker = worker;
    // What it prints is a line of its task, so that it is known whose it is.
    for (const stream of [worker.stdout, worker.stderr]) stream.on('data', (part: Buffer) => host.log(part.toString('utf8').trimEnd()));
    worker.on('error', (error) => this.#end(describeDeath(error as NodeJS.ErrnoException)));
    worker.on('messageerror', (error) => this.#end(`its message cannot be read: ${error.message}`));
    worker.on('exit', (code) => this.#end(`its thread ended with code ${code}`));
    this.ready = new Promise((resolve, reject) => {
      const late = setTimeout(() => this.#end(`its thread did not start in ${START} ms`), START);
      this.#started = (problem) => {
        clearTimeout(late);
        if (problem === null) resolve();
        else reject(new Error(problem));
      };
    });
    this.ready.catch(() => {});
    worker.on('message', (message: FromAgent) => this.#take(message));
  }

  run(task: AgentTask): void {
    this.#busy = true;
    this.#calls = new AbortController();
    this.#post({ kind: 'run', run: ++this.#run, task });
  }

  /** The task is no longer the agent's: it is told to stop, what it asked for is given up, and its word on it counts for nothing. */
  abort(reason: string): void {
    this.#calls.abort(new Error(reason));
    this.#post({ kind: 'abort', run: this.#run, reason });
  }

  /** What it holds; rejects where its event loop does not answer within `ms`. */
  async ping(ms: number): Promise<AgentMemory> {
    const message = await this.#ask('ping', ms);
    return (message as Extract<FromAgent, { kind: 'pong' }>).memory;
  }

  /** What it sees of itself; rejects where its event loop does not answer within `ms`. */
  async look(ms: number): Promise<AgentView> {
    const message = await this.#ask('probe', ms);
    return (message as Extract<FromAgent, { kind: 'view' }>).view;
  }

  get thread(): number {
    return this.#worker.threadId;
  }

  /** Share of its time that its event loop was busy, since it was started. */
  get utilization(): number {
    return this.#ended === null ? this.#worker.performance.eventLoopUtilization().utilization : 0;
  }

  async stop(): Promise<void> {
    this.#ended ??= 'it was stopped';
    this.#calls.abort(new Error(this.#ended));
    this.#started(this.#ended);
    await this.#worker.terminate();
  }

  #ask(kind: 'ping' | 'probe', ms: number): Promise<FromAgent> {
    const ping = ++this.#last;
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        this.#pings.delete(ping);
        reject(new Error(`its event loop did not answer in ${ms} ms`));
      }, ms);
      late.unref();
      this.#pings.set(ping, (message) => {
        clearTimeout(late);
        resolve(message);
      });
      this.#post({ kind, ping });
    });
  }

  #post(message: ToAgent): void {
    if (this.#ended === null) this.#worker.postMessage(message);
  }

  #take(message: FromAgent): void {
    switch (message.kind) {
      case 'ready':
        this.#started(null);
        return;
      case 'pong':
      case 'view': {
        const answer = this.#pings.get(message.ping);
        this.#pings.delete(message.ping);
        answer?.(message);
        return;
      }
      case 'log':
        this.#host.log(message.message);
        return;
      case 'call':
        void this.#serve(message);
        return;
      case 'held':
        if (message.run === this.#run) this.#host.held();
        return;
      case 'completed':
      case 'failed': {
        if (message.run !== this.#run || !this.#busy) return;
        this.#busy = false;
        this.#calls.abort(new Error('the task is over'));
        const { memory, ...outcome } = message;
        this.#host.ended(outcome, memory);
      }
    }
  }

  async #serve({ call, run, service, body }: Extract<FromAgent, { kind: 'call' }>): Promise<void> {
    if (run !== this.#run) return;
    try {
      this.#post({ kind: 'answer', call, result: await this.#host.call(service, body, this.#calls.signal) });
    } catch (error) {
      const { message, status } = error as Error & { status?: number };
      this.#post({ kind: 'answer', call, problem: message, result: status ?? 0 });
    }
  }

  #end(reason: string): void {
    if (this.#ended !== null) return;
    this.#ended = reason;
    this.#calls.abort(new Error(reason));
    this.#started(reason);
    void this.#worker.terminate();
    this.#host.died(reason);
  }
}

function describeDeath({ code, message }: NodeJS.ErrnoException): string {
  return code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'it needed more memory than it may have' : `it threw outside of its task: ${message}`;
}
