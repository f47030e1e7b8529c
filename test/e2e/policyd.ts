import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compile } from '../../compiler/compile.ts';
import { watchAnswers } from './watch-answers.ts';

const BIN = fileURLToPath(new URL('../../runtime/bin.js', import.meta.url));

/** What `Policyd.chat` asks. */
export const HELLO = 'hello there';

/** A policy as the text of one file. */
export async function compileText(text: string): Promise<ReadonlyMap<string, string>> {
  const { artifact, diagnostics } = await compile([{ file: 'policies/policy.yaml', text }]);
  if (artifact === null) throw new Error(`the test's policy is wrong: ${JSON.stringify(diagnostics, null, 1)}`);
  return artifact.files;
}

/** Writes an artifact as the compiler does: each file beside its place, then renamed, the manifest last. */
export function writeArtifact(folder: string, files: ReadonlyMap<string, string>): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of files) {
    writeFileSync(join(folder, `${name}.tmp`), text);
    renameSync(join(folder, `${name}.tmp`), join(folder, name));
  }
}

export interface StartOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  /** The Node to run it with; this process's own where there is none. */
  readonly node?: string;
  /** Any free one where there is none. */
  readonly port?: number;
}

/** A real policyd in a process of its own, on a free port of loopback, serving a real artifact. */
export class Policyd {
  readonly url: string;
  /** Folder of the artifact. */
  readonly folder: string;
  readonly process: ChildProcess;
  readonly #output: string[];
  readonly #home: string;
  #temporary = false;

  constructor(url: string, folder: string, home: string, child: ChildProcess, output: string[]) {
    this.url = url;
    this.folder = folder;
    this.#home = home;
    this.process = child;
    this.#output = output;
  }

  static async start(policy: string, options: StartOptions = {}): Promise<Policyd> {
    const home = mkdtempSync(join(tmpdir(), 'policyd-'));
    const folder = join(home, 'generated');
    writeArtifact(folder, await compileText(policy));
    const policyd = await Policyd.run(home, folder, options);
    policyd.#temporary = true;
    return policyd;
  }

  static async run(home: string, folder: string, options: StartOptions = {}): Promise<Policyd> {
    const { child, output } = launch(
      ['--policy', folder, '--data', join(home, 'data'), '--port', String(options.port ?? 0), ...(options.args ?? [])],
      options.env,
      options.node,
    );
    const url = await new Promise<string>((resolve, reject) => {
      child.stderr!.on('data', () => {
        const found = /serving on (http:\/\/\S+)/.exec(output.join(''));
        if (found) resolve(found[1]);
      });
      child.on('exit', (code) => reject(new Error(`policyd ended with ${code}: ${output.join('')}`)));
    });
    await watchAnswers(url);
    return new Policyd(url, folder, home, child, output);
  }

  /** Everything it wrote so far, logs and words. */
  get output(): string {
    return this.#output.join('');
  }

  /** Lines of the log that say `msg`. */
  lines(msg: string): Record<string, unknown>[] {
    return this.output
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter((line) => line.msg === msg);
  }

  /** Compiles another policy and writes it over the one that serves. */
  async rewrite(policy: string): Promise<void> {
    writeArtifact(this.folder, await compileText(policy));
  }

  post(path: string, body: unknown, headers: Record<string, string> = {}, signal?: AbortSignal): Promise<Response> {
    return fetch(this.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
      ...(signal ? { signal } : {}),
    });
  }

  chat(model: string, more: object = {}, headers: Record<string, string> = {}): Promise<Response> {
    return this.post('/v1/chat/completions', { model, messages: [{ role: 'user', content: HELLO }], ...more }, headers);
  }

  async get<T>(path: string, headers: Record<string, string> = {}): Promise<T> {
    return (await (await fetch(this.url + path, { headers })).json()) as T;
  }

  /** Ends it as an operator would; the exit code. */
  async stop(): Promise<number | null> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return this.process.exitCode;
    const ended = new Promise<number | null>((resolve) => this.process.on('exit', resolve));
    this.process.kill('SIGTERM');
    const code = await ended;
    if (this.#temporary) rmSync(this.#home, { recursive: true, force: true });
    return code;
  }
}

/** Starts the program with nothing of this process's environment but the path. */
export function launch(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  node: string = process.execPath,
): { child: ChildProcess; output: string[] } {
  const child = spawn(node, [BIN, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...env },
  });
  // A test that fails must not leave it behind.
  const end = (): void => void child.kill('SIGKILL');
  process.once('exit', end);
  child.once('exit', () => process.off('exit', end));
  const output: string[] = [];
  child.stdout.on('data', (part: Buffer) => output.push(part.toString('utf8')));
  child.stderr.on('data', (part: Buffer) => output.push(part.toString('utf8')));
  return { child, output };
}

/** The body of an answer of ours that is no success. */
export interface ErrorBody {
  readonly error: { readonly message: string; readonly type: string; readonly param: string | null; readonly code: string | null };
  readonly context?: Record<string, unknown>;
  readonly rejection_reasons: { readonly agent_id: string; readonly reconciler: string; readonly suggested_action: string }[];
}

export async function readError(answer: Response): Promise<ErrorBody> {
  return (await answer.json()) as ErrorBody;
}

/** Waits until `look` gives something truthy. */
export async function until<T>(look: () => T | Promise<T>, what: string, ms = 10_000): Promise<NonNullable<T>> {
  const deadline = Date.now() + ms;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`waited ${ms} ms in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
