import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { fillTemplate } from './fill-template.ts';
import type { McpSession } from './mcp-session.ts';

/** Events that wait for a server; the oldest goes first. */
const MOST = 256;
/** Tries of one event that a server refuses, and wait for one that is away, in ms. */
const TRIES = 3;
const WAIT = 250;

/** Tells a server of events, in order, from memory: while it is away they wait, and beyond a bound they are lost. */
export class Notices {
  readonly #session: McpSession;
  readonly #log: Logger;
  readonly #waiting: Readonly<Record<string, unknown>>[] = [];
  readonly #ending = new AbortController();
  #running: Promise<void> | null = null;
  #lost = 0;

  constructor(session: McpSession, log: Logger) {
    this.#session = session;
    this.#log = log;
  }

  add(event: Readonly<Record<string, unknown>>): void {
    if (this.#session.config.notify === null || this.#ending.signal.aborted) return;
    this.#waiting.push(event);
    if (this.#waiting.length > MOST) {
      this.#waiting.shift();
      this.#lost++;
    }
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
    });
  }

  async close(): Promise<void> {
    this.#ending.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { name, notify } = this.#session.config;
    for (let tries = 0; this.#waiting.length > 0 && !this.#ending.signal.aborted; ) {
      if (!this.#session.isConnected) {
        await sleep(WAIT, undefined, { signal: this.#ending.signal, ref: false }).catch(() => {});
        continue;
      }
      const [event] = this.#waiting;
      try {
        await this.#session.call(notify!.tool, fillTemplate(notify!.arguments, event) as Record<string, unknown>);
      } catch (error) {
        if (!this.#session.isConnected) continue;
        if (++tries < TRIES) continue;
        this.#log.warn({ server: name, tool: notify!.tool, error: (error as Error).message }, 'mcp server was not told of an event');
      }
      tries = 0;
      if (this.#waiting[0] === event) this.#waiting.shift();
      if (this.#lost > 0) this.#log.warn({ server: name, events: this.#lost }, 'mcp server was away for too many events');
      this.#lost = 0;
    }
  }
}
