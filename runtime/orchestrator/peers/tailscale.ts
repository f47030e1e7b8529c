import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { askLocalApi, LocalApiError } from './ask-local-api.ts';

const run = promisify(execFile);

/** Ms that tailscaled has for an answer. */
const TIMEOUT = 3_000;
const LONGEST = 16 << 20;

/** Who a caller of the tailnet is. */
export interface TailnetNode {
  /** Its DNS name without the dot at the end. */
  readonly name: string;
  readonly tags: readonly string[];
}

/** The Tailscale of this machine: its LocalAPI, or where that is not to be reached the program `tailscale`, which knows other ways to it. */
export class Tailscale {
  readonly #socket: string;

  constructor(socket: string) {
    this.#socket = socket;
  }

  /** As `ipn/ipnstate.Status` of github.com/tailscale/tailscale. */
  status(): Promise<unknown> {
    return this.#ask('/localapi/v0/status', ['status', '--json']);
  }

  /** @returns null where no node of the tailnet has this address. `port` stands for nodes whose calls come from this machine itself. */
  async whois(address: string, port: number): Promise<TailnetNode | null> {
    const at = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
    let said: unknown;
    try {
      said = await this.#ask(`/localapi/v0/whois?addr=${encodeURIComponent(at)}`, ['whois', '--json', at]);
    } catch (error) {
      if (error instanceof LocalApiError && error.status === 404) return null;
      throw error;
    }
    const { Name, Tags } = ((said as { Node?: unknown } | null)?.Node ?? {}) as { Name?: unknown; Tags?: unknown };
    if (typeof Name !== 'string' || Name === '') return null;
    return { name: Name.replace(/\.$/, ''), tags: Array.isArray(Tags) ? Tags.filter((tag) => typeof tag === 'string') : [] };
  }

  async #ask(path: string, args: readonly string[]): Promise<unknown> {
    try {
      return await askLocalApi(this.#socket, path, TIMEOUT);
    } catch (error) {
      if (error instanceof LocalApiError) throw error;
      return this.#run(args, error as Error);
    }
  }

  async #run(args: readonly string[], before: Error): Promise<unknown> {
    try {
      const { stdout } = await run('tailscale', [...args], { timeout: TIMEOUT, maxBuffer: LONGEST, killSignal: 'SIGKILL' });
      return JSON.parse(stdout);
    } catch (error) {
      const { code, stderr } = error as NodeJS.ErrnoException & { stderr?: string };
      const why = code === 'ENOENT' ? 'there is no program `tailscale`' : (stderr ?? '').trim().slice(0, 200) || (error as Error).message;
      if (args[0] === 'whois' && /no match for IP:port|peer not found/i.test(why)) throw new LocalApiError(404, why);
      throw new Error(`tailscaled is not to be reached at \`${this.#socket}\` (${before.message}), and ${why}`);
    }
  }
}
