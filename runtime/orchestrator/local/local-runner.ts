import { chown, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { NodeState, Resources } from '../../../schema/workload.ts';
import { type Pod, type Runner, RunnerError, type RunRequest, type RunStatus, type StopResult } from '../runner.ts';
import type { Confinement } from './confinement.ts';
import { followOutput } from './follow-output.ts';
import { makeOrder } from './make-order.ts';
import { isAlive } from './process-identity.ts';
import { isEnded, readRun } from './read-run.ts';
import { locateRun, type RunPaths } from './run-paths.ts';
import type { ProcessIdentity, StopOrder } from './run-record.ts';
import { makeShelf, RunShelf } from './run-shelf.ts';
import { FolderWatch } from './watch-folder.ts';
import { createDurably, readJson, syncFolder, writeDurably } from './durable.ts';

/** Name of the node that this machine is. */
export const LOCAL_NODE = 'local';

/** Ms between two looks at all runs, and at one that is watched and of which the system tells nothing. */
const SWEEP = 2_000;
const LOOK = 500;
/** Ms that a run may take to end after it was ended by force. */
const FORCE = 30_000;

const ID = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** What the machine offers to workloads, and how busy it is. */
export interface Offer {
  readonly total: Resources;
  readonly labels: Readonly<Record<string, string>>;
  /** Share of its CPU that is busy, 0..1. */
  readonly load: number;
  /** Bytes that are really free; what runs asked for counts beside it. */
  readonly freeMemoryBytes: number;
}

export interface LocalRunnerOptions {
  /** Of all runs. */
  readonly folder: string;
  readonly confinement: Confinement;
  /** Most bytes of a run's output that are kept. */
  readonly logLimit: number;
  /** How long output and folder of a run are kept after its end, in ms. */
  readonly retention: number;
  /** What is offered now, from memory. */
  offer(): Offer;
  /** Told what a sweep could not do. */
  report(what: string, id: string, error: unknown): void;
}

/** This machine: each run is a process group of its own, kept by a shim that outlives this process. */
export class LocalRunner implements Runner {
  readonly #options: LocalRunnerOptions;
  readonly #shelf: RunShelf;
  readonly #closing = new AbortController();
  #sweep: NodeJS.Timeout | null = null;

  private constructor(options: LocalRunnerOptions) {
    this.#options = options;
    this.#shelf = new RunShelf(options.folder, options.retention, options.report);
  }

  /** Finds every run that an earlier process started. */
  static async open(options: LocalRunnerOptions): Promise<LocalRunner> {
    const runner = new LocalRunner(options);
    await makeShelf(options.folder);
    await runner.#shelf.lookAtAll();
    runner.#sweepLater();
    return runner;
  }

  nodes(): readonly NodeState[] {
    const { total, labels, load, freeMemoryBytes } = this.#options.offer();
    const { held } = this.#shelf;
    const free = {
      cpuMillis: Math.max(0, total.cpuMillis - held.cpuMillis),
      memoryBytes: Math.max(0, Math.min(total.memoryBytes - held.memoryBytes, freeMemoryBytes)),
      gpus: Math.max(0, total.gpus - held.gpus),
    };
    return [{ name: LOCAL_NODE, kind: 'local', reachable: true, cordoned: false, labels, forms: ['process'], total, free, load }];
  }

  start(run: RunRequest): Promise<RunStatus> {
    return this.#attempt(async () => {
      const paths = this.#locate(run.id);
      if (run.workload.command.length === 0) {
        throw new RunnerError(
          'no_command',
          true,
          'a workload without a command cannot run as a process [no-command] help: give it a `command`',
        );
      }
      if ((await readRun(this.#options.folder, run.id)) === null) await this.#order(run, paths);
      const known = await this.#shelf.look(run.id);
      return known?.status ?? lose('its folder was taken away');
    });
  }

  async watch({ id }: Pick<RunRequest, 'id' | 'node'>, hear: (status: RunStatus) => void, signal: AbortSignal): Promise<void> {
    const paths = this.#locate(id);
    const until = AbortSignal.any([signal, this.#closing.signal]);
    // Watched before it is read, so that no change falls between.
    const changes = new FolderWatch(paths.state, LOOK);
    try {
      let last = '';
      while (!until.aborted) {
        const status = await this.#attempt(async () => (await this.#shelf.look(id))?.status ?? lose('there is no such run'));
        const seen = JSON.stringify(status);
        if (seen !== last && !until.aborted) hear(status);
        last = seen;
        if (isEnded(status)) return;
        await changes.next(until);
      }
    } finally {
      changes.close();
    }
  }

  async logs(
    { id }: Pick<RunRequest, 'id' | 'node'>,
    from: number,
    hear: (bytes: Buffer) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    const { output } = this.#locate(id);
    const until = AbortSignal.any([signal, this.#closing.signal]);
    const isOver = async (): Promise<boolean> => isEnded((await this.#shelf.look(id))?.status ?? lose('there is no such run'));
    await this.#attempt(() => followOutput(output, from, hear, isOver, until));
  }

  async stop(
    { id }: Pick<RunRequest, 'id' | 'node'>,
    { grace, evict, reason }: { grace: number; evict: boolean; reason: string },
  ): Promise<StopResult> {
    return this.#attempt(async () => {
      const paths = this.#locate(id);
      const known = await this.#shelf.look(id);
      if (known === null || known.keeping === 'ended') return { result: 'gone' };
      const order: StopOrder = { phase: evict ? 'evicted' : 'failed', reason: `${evict ? 'Evicted' : 'Stopped'}: ${reason}`, grace };
      await writeDurably(paths.stop, JSON.stringify(order));
      // Whoever takes it after this sees that it shall not begin.
      const claim = await readJson<ProcessIdentity>(paths.claim);
      if (claim !== null && isAlive(claim)) process.kill(claim.pid, 'SIGTERM');
      const ended = await this.#awaitEnd(id, grace + FORCE);
      if (!ended)
        throw new RunnerError('stop_timeout', false, `run \`${id}\` has not ended ${grace + FORCE} ms after it was told to [stop-timeout]`);
      return { result: 'stopped' };
    });
  }

  list(_signal: AbortSignal): Promise<readonly Pod[]> {
    return this.#attempt(async () => {
      await this.#shelf.lookAtAll();
      return this.#shelf.list();
    });
  }

  async close(): Promise<void> {
    if (this.#sweep !== null) clearTimeout(this.#sweep);
    this.#closing.abort();
    this.#shelf.close();
  }

  /** Makes the folder and the order of a run; of several that try at once one makes it, and all find it. */
  async #order(run: RunRequest, paths: RunPaths): Promise<void> {
    const { confinement, logLimit, folder } = this.#options;
    await mkdir(paths.folder, { recursive: true, mode: 0o711 });
    await mkdir(paths.state, { recursive: true, mode: 0o700 });
    const { identity } = confinement;
    for (const own of [paths.home, `${paths.home}/tmp`]) {
      await mkdir(own, { recursive: true, mode: 0o700 });
      if (identity !== null) await chown(own, identity.uid, identity.gid);
    }
    await createDurably(paths.run, JSON.stringify(makeOrder(run, paths, confinement, logLimit)));
    for (const at of [paths.folder, folder, dirname(folder)]) await syncFolder(at);
  }

  async #awaitEnd(id: string, most: number): Promise<boolean> {
    const signal = AbortSignal.any([AbortSignal.timeout(most), this.#closing.signal]);
    let ended = false;
    await this.watch({ id, node: LOCAL_NODE }, (status) => (ended = isEnded(status)), signal);
    return ended;
  }

  #locate(id: string): RunPaths {
    if (!ID.test(id)) throw new RunnerError('bad_run', true, `\`${id}\` is no name of a run [bad-run]`);
    return locateRun(this.#options.folder, id);
  }

  async #attempt<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof RunnerError) throw error;
      const { code, message } = error as NodeJS.ErrnoException;
      throw new RunnerError(code ?? 'local', false, `this machine could not do it: ${message} [local-runner]`, { cause: error });
    }
  }

  #sweepLater(): void {
    this.#sweep = setTimeout(async () => {
      await this.#shelf.lookAtAll().catch((error: unknown) => this.#options.report('runs could not be looked at', '', error));
      if (!this.#closing.signal.aborted) this.#sweepLater();
    }, SWEEP).unref();
  }
}

function lose(why: string): RunStatus {
  return { phase: 'lost', reason: `Lost: ${why}`, exitCode: null, startedAt: null, endedAt: null };
}
