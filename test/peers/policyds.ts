import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileText, Policyd, until, writeArtifact } from '../e2e/policyd.ts';

export interface PeerOptions {
  readonly policy: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Address of loopback. */
  readonly host?: string;
  readonly node?: string;
  /** Any free one of the address where there is none. */
  readonly port?: number;
}

/** What `GET /v1/peers` says, as far as tests look at it. */
export interface PeersView {
  readonly self: { readonly instance: string; readonly hosted: number } | null;
  readonly discovery: { readonly state: string; readonly reason: string | null };
  readonly items: readonly {
    readonly name: string;
    readonly url: string;
    readonly source: string;
    readonly state: string;
    readonly reason: string | null;
    readonly nodes: readonly { readonly name: string; readonly reachable: boolean; readonly free: { readonly cpuMillis: number } }[];
  }[];
}

/** A policyd that can be killed and come back at the same address with what it remembers. */
export class PeerProcess {
  readonly #home = mkdtempSync(join(tmpdir(), 'policyd-peer-'));
  readonly #options: PeerOptions;
  readonly port: number;
  #policyd: Policyd | null = null;

  private constructor(options: PeerOptions, port: number) {
    this.#options = options;
    this.port = port;
  }

  static async start(options: PeerOptions): Promise<PeerProcess> {
    const peer = new PeerProcess(options, options.port ?? (await findPort(options.host ?? '127.0.0.1')));
    writeArtifact(join(peer.#home, 'generated'), await compileText(options.policy));
    await peer.again();
    return peer;
  }

  get policyd(): Policyd {
    return this.#policyd!;
  }

  get address(): string {
    return `${this.#options.host ?? '127.0.0.1'}:${this.port}`;
  }

  /** Starts it, after it was stopped or killed too. */
  async again(): Promise<void> {
    const { host, args = [], env, node } = this.#options;
    this.#policyd = await Policyd.run(this.#home, join(this.#home, 'generated'), {
      args: [...(host === undefined ? [] : ['--host', host]), '--probe-interval', '500', ...args],
      port: this.port,
      ...(env === undefined ? {} : { env }),
      ...(node === undefined ? {} : { node }),
    });
  }

  signal(name: NodeJS.Signals): void {
    this.policyd.process.kill(name);
  }

  async kill(): Promise<void> {
    const { process } = this.policyd;
    const ended = new Promise((resolve) => process.once('exit', resolve));
    process.kill('SIGKILL');
    await ended;
  }

  peers(headers: Record<string, string> = {}): Promise<PeersView> {
    return this.policyd.get<PeersView>('/v1/peers', headers);
  }

  /** Waits until a peer is in a state. */
  async sees(address: string, state: string, headers: Record<string, string> = {}): Promise<PeersView['items'][number]> {
    let last: unknown;
    return until(
      async () => {
        const view = await this.peers(headers);
        last = view;
        return view.items?.find((peer) => (peer.name === address || peer.url.endsWith(address)) && peer.state === state);
      },
      `${address} to be ${state}`,
      60_000,
    ).catch((error: Error) => {
      throw new Error(`${error.message}: ${JSON.stringify(last)}`);
    });
  }

  /** Ends it and every run that it still has. */
  async remove(): Promise<void> {
    this.signal('SIGCONT');
    await this.policyd.stop();
    await endRuns(join(this.#home, 'data', 'runs'));
    rmSync(this.#home, { recursive: true, force: true });
  }
}

/** Ends what still runs of a folder of runs: a shim that is told to ends its run. */
async function endRuns(folder: string): Promise<void> {
  const { existsSync, readFileSync, readdirSync, writeFileSync } = await import('node:fs');
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    const state = join(folder, name, 'state');
    try {
      const record = JSON.parse(readFileSync(join(state, 'state.json'), 'utf8')) as { phase: string };
      if (!['pending', 'running'].includes(record.phase)) continue;
      const claim = JSON.parse(readFileSync(join(state, 'claim.json'), 'utf8')) as { pid: number };
      writeFileSync(join(state, 'stop.json'), JSON.stringify({ phase: 'failed', reason: 'the test is over', grace: 0 }));
      process.kill(claim.pid, 'SIGTERM');
      await until(() => !existsSync(`/proc/${claim.pid}`), 'the shim to end', 30_000);
    } catch {
      // It has ended, or never begun.
    }
  }
}

function findPort(host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, host, () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
