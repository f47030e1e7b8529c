import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Resources } from '../../../schema/workload.ts';
import type { Pod } from '../runner.ts';
import { type KnownRun, readRun } from './read-run.ts';
import { ARCHIVE, locateRun } from './run-paths.ts';
import { Launcher } from './launcher.ts';

/** Most runs whose output and folder are kept after their end. */
export const MOST_KEPT = 256;
/** How long it is remembered that a run was, in ms, and of how many: until then it is not started a second time. */
const REMEMBERED = 30 * 86_400_000;
const MOST_REMEMBERED = 10_000;
/** Ms between two looks for those. */
const FORGET = 3_600_000;
/** Ms after which a folder that somebody began to make, and never did, is taken away. */
const ABANDONED = 3_600_000;
/** Ms until a shim that was started and did not take its run, though it has not ended, is started again. */
const PATIENCE = 10_000;

/** All runs of a folder, as last looked at. Others may start and look after runs in the same folder. */
export class RunShelf {
  readonly folder: string;
  readonly #retention: number;
  readonly #report: (what: string, id: string, error: unknown) => void;
  readonly #launcher = new Launcher();
  readonly #live = new Map<string, KnownRun>();
  /** Runs that have ended never change. */
  readonly #ended = new Map<string, Pod>();
  readonly #spawned = new Map<string, { readonly tries: number; readonly next: number }>();
  readonly #burials = new Map<string, Promise<void>>();
  #looking: Promise<void> | null = null;
  #forgetting = 0;
  #closed = false;

  /** `retention`: how long output and folders are kept after the end, in ms. */
  constructor(folder: string, retention: number, report: (what: string, id: string, error: unknown) => void) {
    this.folder = folder;
    this.#retention = retention;
    this.#report = report;
  }

  /** What runs that have not ended asked for. */
  get held(): Resources {
    let [cpuMillis, memoryBytes, gpus] = [0, 0, 0];
    for (const { order } of this.#live.values()) {
      cpuMillis += order.needs.cpuMillis;
      memoryBytes += order.needs.memoryBytes;
      gpus += order.needs.gpus;
    }
    return { cpuMillis, memoryBytes, gpus };
  }

  /** Reads a run and sees to it that it goes on: starts a shim where none came, buries it where its shim died. Null: it is not there. */
  async look(id: string): Promise<KnownRun | null> {
    const run = await readRun(this.folder, id);
    if (run === null) return null;
    if (run.keeping === 'orphaned' && !this.#closed) {
      await this.#bury(id);
      return this.#remember(id, (await readRun(this.folder, id)) ?? run);
    }
    if (run.keeping === 'unclaimed') await this.#keep(id);
    return this.#remember(id, run);
  }

  /** Looks at every run. Calls that come while it looks share it. */
  lookAtAll(): Promise<void> {
    this.#looking ??= this.#lookAtAll().finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  /** What is begun no more is begun by whoever looks next. */
  close(): void {
    this.#closed = true;
    this.#launcher.close();
  }

  list(): Pod[] {
    return [...[...this.#live].map(([id, run]) => toPod(id, run)), ...this.#ended.values()];
  }

  #remember(id: string, run: KnownRun): KnownRun {
    if (run.keeping === 'ended') {
      this.#live.delete(id);
      this.#spawned.delete(id);
      if (!run.archived && !this.#ended.has(id)) this.#ended.set(id, toPod(id, run));
    } else this.#live.set(id, run);
    return run;
  }

  /** A run whose shim died before it took it, or was never started. Any number of shims may be: one takes it. */
  async #keep(id: string): Promise<void> {
    const last = this.#spawned.get(id) ?? { tries: 0, next: 0 };
    if (this.#closed || performance.now() < last.next) return;
    const tries = last.tries + 1;
    this.#spawned.set(id, { tries, next: performance.now() + PATIENCE });
    // One that ends without taking it is followed by another, ever later where that does not help.
    const again = (): void => void this.#spawned.set(id, { tries, next: performance.now() + Math.min(PATIENCE, 50 * 2 ** tries) });
    await this.#launcher.start(locateRun(this.folder, id), () => this.#spawned.has(id) && again());
  }

  async #bury(id: string): Promise<void> {
    const under = this.#burials.get(id) ?? this.#launcher.bury(locateRun(this.folder, id)).finally(() => this.#burials.delete(id));
    this.#burials.set(id, under);
    await under;
  }

  async #lookAtAll(): Promise<void> {
    // What comes while the folder is read is not known to be gone.
    const before = [...this.#live.keys()];
    const names = await readdir(this.folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
    const there = new Set(names);
    for (const id of before) if (!there.has(id)) this.#live.delete(id);
    for (const id of [...this.#ended.keys()]) if (!there.has(id)) this.#ended.delete(id);
    for (const id of names) {
      if (id === ARCHIVE || this.#ended.has(id)) continue;
      try {
        if ((await this.look(id)) === null) await this.#clearAbandoned(id);
      } catch (error) {
        this.#report('a run could not be looked at', id, error);
      }
    }
    await this.#clear();
  }

  async #clearAbandoned(id: string): Promise<void> {
    const { folder } = locateRun(this.folder, id);
    if (Date.now() - (await stat(folder)).mtimeMs > ABANDONED) await rm(folder, { recursive: true, force: true });
  }

  /** First output and folder go, and much later the record. */
  async #clear(): Promise<void> {
    const now = Date.now();
    const endOf = (pod: Pod): number => pod.status.endedAt ?? 0;
    const newest = [...this.#ended.values()].sort((a, b) => endOf(b) - endOf(a));
    for (const [row, pod] of newest.entries()) {
      if (row < MOST_KEPT && now - endOf(pod) <= this.#retention) continue;
      await this.#archive(pod.id).catch((error: unknown) => this.#report('what a run left could not be taken away', pod.id, error));
    }
    if (performance.now() < this.#forgetting) return;
    this.#forgetting = performance.now() + FORGET;
    await this.#forget().catch((error: unknown) => this.#report('old runs could not be forgotten', '', error));
  }

  async #archive(id: string): Promise<void> {
    const paths = locateRun(this.folder, id);
    await rm(paths.home, { recursive: true, force: true });
    await rm(paths.output, { force: true });
    await mkdir(join(this.folder, ARCHIVE), { recursive: true, mode: 0o700 });
    await rename(paths.folder, join(this.folder, ARCHIVE, id));
    this.#ended.delete(id);
  }

  async #forget(): Promise<void> {
    const archive = join(this.folder, ARCHIVE);
    const names = await readdir(archive).catch(() => []);
    const aged: { readonly name: string; readonly at: number }[] = [];
    // It has not changed since it came here.
    for (const name of names) aged.push({ name, at: (await stat(join(archive, name))).ctimeMs });
    aged.sort((a, b) => b.at - a.at);
    for (const [row, { name, at }] of aged.entries()) {
      if (row >= MOST_REMEMBERED || Date.now() - at > REMEMBERED) await rm(join(archive, name), { recursive: true, force: true });
    }
  }
}

/** Makes the folder of all runs; others may pass it, and see nothing. */
export async function makeShelf(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o711 });
}

function toPod(id: string, { order, status }: KnownRun): Pod {
  return { id, job: order.job, name: order.name, node: order.node, status, foreign: false };
}
