import { type ChildProcess, spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const CURL = fileURLToPath(new URL('curl.js', import.meta.url));
/** `curl` as a function, and the Node of this process first on the path. */
const PRELUDE = `set -eu; curl() { "${process.execPath}" "${CURL}" "$@"; }\n`;

export interface Ran {
  readonly code: number | null;
  /** Standard output and standard error, as they came. */
  readonly output: string;
}

/** A shell in a folder, with an environment of its own: what a reader of a page would type runs here. */
export class Shell {
  readonly #cwd: string;
  readonly #env: Readonly<Record<string, string>>;
  readonly #children: ChildProcess[] = [];

  constructor(cwd: string, env: Readonly<Record<string, string>>) {
    this.#cwd = cwd;
    this.#env = { PATH: `${dirname(process.execPath)}:${process.env.PATH ?? ''}`, HOME: process.env.HOME ?? '', NO_COLOR: '1', ...env };
  }

  /** Runs a script to its end. */
  async run(script: string): Promise<Ran> {
    const { child, output } = this.#spawn(script);
    const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
    return { code, output: output.join('') };
  }

  /** Starts a script that goes on, and waits until it has said `ready`. */
  async start(script: string, ready: RegExp): Promise<Ran> {
    const { child, output } = this.#spawn(script);
    this.#children.push(child);
    return new Promise((resolve, reject) => {
      child.stderr!.on('data', () => {
        if (ready.test(output.join(''))) resolve({ code: null, output: output.join('') });
      });
      child.on('close', (code) => reject(new Error(`${script.trim()} ended with ${code}: ${output.join('')}`)));
    });
  }

  /** Ends what was started, as Ctrl-C would, with everything that it started itself. */
  async stop(): Promise<void> {
    for (const child of this.#children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = new Promise((resolve) => child.once('close', resolve));
      process.kill(-child.pid!, 'SIGINT');
      await ended;
    }
  }

  #spawn(script: string): { child: ChildProcess; output: string[] } {
    const child = spawn('bash', ['-c', PRELUDE + script], {
      cwd: this.#cwd,
      env: this.#env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const output: string[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (part: string) => output.push(part));
    return { child, output };
  }
}
