import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ReplicaJob } from './replica.ts';

/** A child process that runs `replica.ts`, and what it said. */
export class ReplicaProcess {
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #errors: string[] = [];

  constructor(job: ReplicaJob, prefix: readonly string[] = []) {
    const [command, ...rest] = [...prefix, process.execPath, fileURLToPath(new URL('./replica.ts', import.meta.url)), JSON.stringify(job)];
    this.#child = spawn(command, rest, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.stdin!.on('error', () => {});
    this.#child.stderr!.on('data', (data) => this.#errors.push(String(data)));
    const reader = createInterface({ input: this.#child.stdout! });
    reader.on('line', (line) => this.lines.push(line));
    // The pipe holds what a killed process wrote: its lines are all here once it is closed.
    this.#ended = new Promise((resolve) => reader.once('close', () => resolve()));
  }

  /** Words of all lines that begin with this one. */
  said(first: string): string[][] {
    return this.lines.map((line) => line.split(' ')).filter(([word]) => word === first);
  }

  /** Waits for a line. */
  async hear(line: string): Promise<void> {
    const end = Date.now() + 20_000;
    while (!this.lines.includes(line)) {
      if (this.#child.exitCode !== null || Date.now() > end) throw new Error(`no ${line}: ${this.#errors.join('')}${this.lines.slice(-3)}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  tell(line: string): void {
    this.#child.stdin!.write(`${line}\n`);
  }

  async kill(): Promise<void> {
    // What runs under a tracer outlives it, and is the one to kill.
    const traced = this.said('pid')[0]?.[1];
    if (traced === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null) this.#child.kill('SIGKILL');
    else process.kill(Number(traced), 'SIGKILL');
    await this.#ended;
  }

  async end(): Promise<void> {
    this.tell('end');
    await this.#ended;
  }
}
