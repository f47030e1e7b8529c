import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { RunPaths } from './run-paths.ts';

const LAUNCHER = fileURLToPath(new URL('./launch-shims.js', import.meta.url));
const SMALL = ['--max-old-space-size=64', '--max-semi-space-size=1'];

interface Waiting {
  readonly bury: boolean;
  onStart(): void;
  onError(error: Error): void;
  onEnd(code: number): void;
}

type Word = { readonly id: number } & ({ readonly started: true } | { readonly error: string } | { readonly code: number });

/** Starts shims through a small process of its own; that one is started anew where it has ended. */
export class Launcher {
  #child: ChildProcess | null = null;
  #asked = 0;
  /** Answers that are waited for. */
  #held = 0;
  #closed = false;
  readonly #waiting = new Map<number, Waiting>();

  constructor() {
    this.#open();
  }

  /**
   * Starts a shim in a session of its own, for it to live on when this process ends. Resolves when it runs. `onEnd`: it has ended, and this
   * process is still there. @throws Error where it cannot be started
   */
  start(paths: RunPaths, onEnd: () => void): Promise<void> {
    return new Promise((resolve, reject) => this.#ask(paths, { bury: false, onStart: resolve, onError: reject, onEnd }));
  }

  /** Ends what a dead shim left behind, and writes down that its run is lost. Resolves when that is done. @throws Error where it could not be done */
  bury(paths: RunPaths): Promise<void> {
    return new Promise((resolve, reject) => {
      const onEnd = (code: number): void => (code === 0 ? resolve() : reject(new Error(`the shim that clears up ended with ${code}`)));
      this.#ask(paths, { bury: true, onStart() {}, onError: reject, onEnd });
    });
  }

  /** Shims that were started go on. */
  close(): void {
    this.#closed = true;
    this.#child?.stdin?.end();
  }

  #ask({ folder }: RunPaths, waiting: Waiting): void {
    if (this.#closed) {
      waiting.onError(new Error('this runner was closed'));
      return;
    }
    const child = this.#child ?? this.#open();
    const id = this.#asked++;
    this.#waiting.set(id, waiting);
    this.#hold(1);
    child.stdin!.write(`${JSON.stringify({ id, folder, bury: waiting.bury })}\n`);
  }

  #open(): ChildProcess {
    const child = spawn(process.execPath, [...SMALL, LAUNCHER], {
      cwd: '/',
      detached: true,
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { PATH: process.env.PATH ?? '' },
    });
    this.#child = child;
    const lose = (error: Error): void => {
      if (this.#child !== child) return;
      this.#child = null;
      // What it was asked is not known to be done; whoever looks at the run asks again.
      for (const waiting of this.#waiting.values()) waiting.onError(error);
      this.#waiting.clear();
      this.#held = 0;
    };
    child.on('error', lose);
    child.on('exit', () => lose(new Error('the launcher of shims has ended')));
    child.stdin!.on('error', () => {});
    createInterface({ input: child.stdout! }).on('line', (line) => this.#hear(JSON.parse(line) as Word));
    child.unref();
    (child.stdin as Socket).unref();
    (child.stdout as Socket).unref();
    return child;
  }

  #hear(word: Word): void {
    const waiting = this.#waiting.get(word.id);
    if (waiting === undefined) return;
    if ('started' in word) {
      if (!waiting.bury) this.#hold(-1);
      waiting.onStart();
      return;
    }
    this.#waiting.delete(word.id);
    if (waiting.bury || 'error' in word) this.#hold(-1);
    if ('error' in word) waiting.onError(new Error(word.error));
    else waiting.onEnd(word.code);
  }

  /** This process does not end by itself while somebody waits for an answer; it does while shims only run. */
  #hold(more: 1 | -1): void {
    this.#held += more;
    const socket = this.#child?.stdout as Socket | undefined;
    if (this.#held > 0) socket?.ref();
    else socket?.unref();
  }
}
