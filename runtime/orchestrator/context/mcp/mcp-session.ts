import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, Transport } from '@modelcontextprotocol/client';
import type { Logger } from 'pino';
import type { McpServerConfig } from './mcp-config.ts';

/** Longest wait for a connection, in ms: a program may have to be installed first. */
const CONNECT = 30_000;
/** Between two looks whether a server is there, and longest wait for its answer, in ms. */
const LOOK = 15_000;
const LOOK_PATIENCE = 5_000;
/** First wait before it is connected anew, doubling to the last, in ms. */
const RETRY = [500, 30_000] as const;
/** Calls at once; more are refused. */
const MOST_CALLS = 16;
const MOST_TOOLS = 512;

/** What a server could not do. */
export class McpError extends Error {
  override readonly name = 'McpError';
}

interface Live {
  readonly client: Client;
  readonly tools: ReadonlySet<string>;
}

/**
 * A connection to an MCP server that is made again whenever it is lost: its program ended, its address does not answer, or it does not know
 * its session any more. Then client and transport are new ones: neither can be used again.
 */
export class McpSession {
  readonly config: McpServerConfig;
  readonly #log: Logger;
  readonly #onConnect: (session: McpSession) => void;
  readonly #ending = new AbortController();
  #live: Live | null = null;
  #running: Promise<void> | null = null;
  /** Ends the wait of a connection that stands. */
  #lose: ((reason: string) => void) | null = null;
  #calls = 0;
  /** Why it is not connected; null = it is. */
  reason: string | null = 'not connected yet';

  constructor(config: McpServerConfig, log: Logger, onConnect: (session: McpSession) => void) {
    this.config = config;
    this.#log = log;
    this.#onConnect = onConnect;
  }

  get isConnected(): boolean {
    return this.#live !== null;
  }

  get tools(): ReadonlySet<string> {
    return this.#live?.tools ?? new Set();
  }

  begin(): void {
    this.#running ??= this.#run();
  }

  /** Calls a tool. @throws McpError where it is away, does not answer in time, or says that it failed. */
  async call(tool: string, args: Readonly<Record<string, unknown>>): Promise<Awaited<ReturnType<Client['callTool']>>> {
    const answer = await this.ask((client, options) => client.callTool({ name: tool, arguments: { ...args } }, options));
    if (answer.isError) {
      const said = answer.content.map((part) => (part.type === 'text' ? part.text : '')).join(' ');
      throw new McpError(`\`${tool}\` of \`${this.config.name}\` failed: ${said.slice(0, 300)}`);
    }
    return answer;
  }

  /** A question to the server, bounded in time; asked once more where its session was lost meanwhile. */
  async ask<Result>(question: (client: Client, options: { timeout: number; signal: AbortSignal }) => Promise<Result>): Promise<Result> {
    const { name, timeout } = this.config;
    if (this.#calls >= MOST_CALLS) throw new McpError(`${MOST_CALLS} calls wait for \`${name}\``);
    this.#calls++;
    const end = performance.now() + timeout;
    try {
      for (let attempt = 1; ; attempt++) {
        const live = this.#live;
        if (live === null) throw new McpError(`\`${name}\` is away: ${this.reason}`);
        const signal = AbortSignal.any([this.#ending.signal, AbortSignal.timeout(Math.max(1, Math.ceil(end - performance.now())))]);
        try {
          return await question(live.client, { timeout, signal });
        } catch (error) {
          const message = describe(error);
          if (isLost(error)) this.#lose?.(message);
          if (attempt > 1 || !isLost(error) || !(await this.#waitFor(live, end))) throw new McpError(`\`${name}\`: ${message}`);
        }
      }
    } finally {
      this.#calls--;
    }
  }

  async close(): Promise<void> {
    this.#ending.abort();
    this.#lose?.('closing');
    await this.#running;
  }

  /** Waits for another connection than this one. */
  async #waitFor(old: Live, end: number): Promise<boolean> {
    while (performance.now() < end && !this.#ending.signal.aborted) {
      if (this.#live !== null && this.#live !== old) return true;
      await sleep(20);
    }
    return false;
  }

  async #run(): Promise<void> {
    for (let failures = 0; !this.#ending.signal.aborted; ) {
      try {
        this.#live = await this.#connect();
        this.reason = null;
        failures = 0;
        this.#log.info({ server: this.config.name, tools: this.#live.tools.size }, 'mcp server is connected');
        this.#onConnect(this);
        this.reason = await this.#stand(this.#live);
      } catch (error) {
        this.reason = describe(error);
      }
      const live = this.#live;
      this.#live = null;
      await live?.client.close().catch(() => {});
      if (this.#ending.signal.aborted) return;
      const wait = Math.min(RETRY[0] * 2 ** failures++, RETRY[1]) * (0.75 + Math.random() / 2);
      this.#log.warn({ server: this.config.name, reason: this.reason, retry_ms: Math.round(wait) }, 'mcp server is away');
      await sleep(wait, undefined, { signal: this.#ending.signal }).catch(() => {});
    }
  }

  async #connect(): Promise<Live> {
    // Only where there are servers: nobody else pays for loading it.
    const { Client, StreamableHTTPClientTransport } = await import('@modelcontextprotocol/client');
    const { address } = this.config;
    let transport: Transport;
    if (address.kind === 'http') {
      transport = new StreamableHTTPClientTransport(new URL(address.url), { requestInit: { headers: { ...address.headers } } });
    } else {
      const { getDefaultEnvironment, StdioClientTransport } = await import('@modelcontextprotocol/client/stdio');
      const { command, args, env, cwd } = address;
      // Nothing of this process's environment but what every program needs: it has keys.
      const parameters = { command, args: [...args], env: { ...getDefaultEnvironment(), ...env }, stderr: 'ignore' as const };
      transport = new StdioClientTransport(cwd === null ? parameters : { ...parameters, cwd });
    }
    const client = new Client({ name: 'policyd', version: '0.1.0' });
    try {
      await client.connect(transport, { timeout: CONNECT, signal: this.#ending.signal });
      const { tools } = client.getServerCapabilities()?.tools ? await client.listTools(undefined, { timeout: CONNECT }) : { tools: [] };
      return { client, tools: new Set(tools.slice(0, MOST_TOOLS).map(({ name }) => name)) };
    } catch (error) {
      await client.close().catch(() => {});
      throw error;
    }
  }

  /** Resolves with the reason when the connection is lost. */
  #stand({ client }: Live): Promise<string> {
    return new Promise((resolve) => {
      const timer = setInterval(() => {
        client.ping({ timeout: LOOK_PATIENCE }).catch((error: unknown) => end(describe(error)));
      }, LOOK).unref();
      const end = (reason: string): void => {
        clearInterval(timer);
        this.#lose = null;
        resolve(reason);
      };
      this.#lose = end;
      client.onclose = () => end('the connection was closed');
      if (this.#ending.signal.aborted) end('closing');
    });
  }
}

/** The connection is of no use any more: nobody is there, or its session is not known (404, and 400 of some servers). */
function isLost(error: unknown): boolean {
  const { code, status, name } = error as { code?: unknown; status?: unknown; name?: string };
  if (status === 404 || status === 400 || (typeof status === 'number' && status >= 500)) return true;
  return (
    code === 'CONNECTION_CLOSED' ||
    code === 'NOT_CONNECTED' ||
    code === 'SEND_FAILED' ||
    (name === 'TypeError' && /fetch failed/.test(describe(error)))
  );
}

function describe(error: unknown): string {
  const { message, cause } = error as Error;
  const why = cause instanceof Error ? `: ${cause.message}` : '';
  return `${message}${why}`.replace(/\s+/g, ' ').slice(0, 300);
}
