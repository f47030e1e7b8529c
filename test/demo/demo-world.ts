import { type ChildProcess, spawn } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Upstream, type UpstreamOptions } from '../upstreams/upstream.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** What the pretended cloud takes for a key; it exists in the demo's own processes only. */
const KEY = 'sk-demo-4e1f0c';
/** Longest time to start serving, and for any change to show, in ms. */
const PATIENCE = 60_000;
/** Time between two health probes, in ms: short, so that the tale does not wait for them. */
const PROBE = 400;
const LOCAL_MODELS = ['llama3.2', 'qwen2.5-coder', 'nomic-embed-text'];
const WORKSTATION: UpstreamOptions = { models: LOCAL_MODELS, resident: LOCAL_MODELS };
const CLAUDE: UpstreamOptions = { models: ['claude-sonnet-4-5'], key: KEY };
const CLOUD: UpstreamOptions = { models: ['gpt-5', 'gpt-5-mini', 'text-embedding-3-small'], key: KEY };

/** Servers on loopback, a copy of the shipped policy in a folder of its own, and a gateway in front of them. */
export class DemoWorld {
  /** Where the gateway serves. */
  url = '';
  readonly #folder: string;
  #workstation: Upstream;
  #cloud: Upstream;
  #claude: Upstream;
  readonly #workstationPort: number;
  readonly #cloudPort: number;
  readonly #claudePort: number;
  #gateway: ChildProcess | null = null;
  #said = '';

  constructor(folder: string, workstation: Upstream, cloud: Upstream, claude: Upstream) {
    this.#folder = folder;
    this.#workstation = workstation;
    this.#cloud = cloud;
    this.#workstationPort = workstation.port;
    this.#claude = claude;
    this.#cloudPort = cloud.port;
    this.#claudePort = claude.port;
  }

  static async start(): Promise<DemoWorld> {
    const folder = await mkdtemp(join(tmpdir(), 'policyc-demo-'));
    await cp(join(ROOT, 'policies'), join(folder, 'policies'), { recursive: true });
    const world = new DemoWorld(folder, await startUpstream(WORKSTATION), await startUpstream(CLOUD), await startUpstream(CLAUDE));
    // The shipped policy names no addresses for the providers' own; these are the two lines in which the copy differs.
    for (const [type, variable] of [
      ['openai', 'DEMO_OPENAI_URL'],
      ['anthropic', 'DEMO_ANTHROPIC_URL'],
    ]) {
      await world.editPolicy('backends.yaml', `    type: ${type}\n`, `    type: ${type}\n    url: \${${variable}}\n`);
    }
    return world;
  }

  get workstationUrl(): string {
    return `http://127.0.0.1:${this.#workstationPort}`;
  }

  get cloudUrl(): string {
    return `http://127.0.0.1:${this.#cloudPort}`;
  }

  get claudeUrl(): string {
    return `http://127.0.0.1:${this.#claudePort}`;
  }

  /** Replaces `from`, which must be there, in a file of the copied policy. */
  async editPolicy(file: string, from: string, to: string): Promise<void> {
    const path = join(this.#folder, 'policies', file);
    const text = await readFile(path, 'utf8');
    if (!text.includes(from)) throw new Error(`policies/${file} no longer holds ${JSON.stringify(from)}: the demo must be adapted`);
    await writeFile(path, text.replace(from, to));
  }

  /** Runs `policyc compile` on the copy; what it says. */
  async compile(): Promise<string> {
    const child = spawn(process.execPath, [join(ROOT, 'compiler/cli/bin.js'), 'compile', 'policies', '--out', 'generated'], {
      cwd: this.#folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH, NO_COLOR: '1' },
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (part: string) => (said += part));
    const code = await new Promise((resolve) => child.on('close', resolve));
    if (code !== 0) throw new Error(`policyc compile ended with ${code}:\n${said}`);
    return said.trim();
  }

  async serve(): Promise<void> {
    const flags = { policy: 'generated', data: 'data', port: 0, 'log-level': 'warn', 'probe-interval': PROBE };
    const args = [join(ROOT, 'runtime/bin.js'), ...Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)])];
    const env = {
      PATH: process.env.PATH,
      OLLAMA_URL: this.workstationUrl,
      DEMO_OPENAI_URL: this.cloudUrl,
      DEMO_ANTHROPIC_URL: this.claudeUrl,
      OPENAI_API_KEY: KEY,
      ANTHROPIC_API_KEY: KEY,
    };
    const child = spawn(process.execPath, args, { cwd: this.#folder, stdio: ['ignore', 'ignore', 'pipe'], env });
    this.#gateway = child;
    child.stderr.setEncoding('utf8').on('data', (part: string) => (this.#said = (this.#said + part).slice(-8_192)));
    await this.until(() => {
      if (child.exitCode !== null) throw new Error(`policyd ended with ${child.exitCode}:\n${this.#said}`);
      this.url = /serving on (http:\/\/\S+)/.exec(this.#said)?.[1] ?? '';
      return this.url !== '';
    }, 'the gateway to serve');
  }

  /** The providers' servers are gone; connections to them are refused. */
  async stopCloud(): Promise<void> {
    await Promise.all([this.#cloud.stop(), this.#claude.stop()]);
  }

  async startCloud(): Promise<void> {
    this.#cloud = await startUpstream(CLOUD, this.#cloudPort);
    this.#claude = await startUpstream(CLAUDE, this.#claudePort);
    for (const name of ['openai', 'claude'])
      await this.until(async () => (await this.stateOf(name)) === 'up', `backend \`${name}\` to be up`);
  }

  async stopWorkstation(): Promise<void> {
    await this.#workstation.stop();
    await this.until(async () => (await this.stateOf('workstation')) === 'down', 'backend `workstation` to be down');
  }

  async startWorkstation(): Promise<void> {
    this.#workstation = await startUpstream(WORKSTATION, this.#workstationPort);
    await this.until(async () => (await this.stateOf('workstation')) === 'up', 'backend `workstation` to be up');
  }

  /** Hash of the router that serves. */
  async policy(): Promise<string> {
    const answer = await fetch(`${this.url}/v1/policy`, { signal: AbortSignal.timeout(PATIENCE) });
    return ((await answer.json()) as { active: { hash: string } }).active.hash;
  }

  async stateOf(backend: string): Promise<string> {
    const answer = await fetch(`${this.url}/health`, { signal: AbortSignal.timeout(PATIENCE) });
    const { backends } = (await answer.json()) as { backends: { name: string; state: string }[] };
    return backends.find(({ name }) => name === backend)?.state ?? 'unknown';
  }

  /** Waits until `look` holds; rejects when it does not in time. */
  async until(look: () => boolean | Promise<boolean>, what: string): Promise<void> {
    const deadline = Date.now() + PATIENCE;
    while (!(await look())) {
      if (Date.now() > deadline) throw new Error(`waited ${PATIENCE} ms in vain for ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Ends the gateway as an operator would, then the servers; the gateway's exit code, 0 where it never started. */
  async stop(): Promise<number | null> {
    const child = this.#gateway;
    if (child !== null && child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
    }
    await Promise.all(
      [this.#workstation, this.#cloud, this.#claude].map((server) => server.stop()).map((stopped) => stopped.catch(() => {})),
    );
    await rm(this.#folder, { recursive: true, force: true });
    return child === null ? 0 : child.exitCode;
  }
}

function startUpstream(options: UpstreamOptions, port = 0): Promise<Upstream> {
  return Upstream.start({ ...options, port });
}
