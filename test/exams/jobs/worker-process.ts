import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { WorkerOrder } from './worker.ts';

/** A process that runs `worker.ts`, and what it said. */
export class WorkerProcess {
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #errors: string[] = [];

  constructor(order: WorkerOrder, prefix: readonly string[] = []) {
    const [command, ...rest] = [...prefix, process.execPath, fileURLToPath(new URL('./worker.ts', import.meta.url)), JSON.stringify(order)];
    this.#child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child.stderr!.on('data', (data) => this.#errors.push(String(data)));
    const reader = createInterface({ input: this.#child.stdout! });
    reader.on('line', (line) => this.lines.push(line));
    this.#ended = new Promise((resolve) => reader.once('close', () => resolve()));
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Words of all lines that begin with this one. */
  said(first: string): string[][] {
    return this.lines.map((line) => line.split(' ')).filter(([word]) => word === first);
  }

  async hear(line: string, ms = 20_000): Promise<void> {
    const end = Date.now() + ms;
    while (!this.lines.includes(line)) {
      if (this.#child.exitCode !== null || Date.now() > end) throw new Error(`no ${line}: ${this.#errors.join('')}${this.lines.slice(-3)}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}
