import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Store } from '../../store/store.ts';
import { readStart } from '../local/process-identity.ts';
import { OrchestratorError } from '../orchestrator-error.ts';
import type { Frames } from '../stream/frames.ts';
import { checkCommand, type SpecOrder } from './check-command.ts';
import { findProgram } from './find-program.ts';
import { SELF } from './lock-file.ts';
import type { Task } from './parse-tasks.ts';
import type { SpecRun } from './run.ts';
import { RunBooks } from './run-books.ts';
import { type ChildEnd, type ChildOrder, runChild } from './run-child.ts';
import { readTasks, type TaskUpdate, type UpdatedTask, updateTask } from './update-task.ts';
import { WorkFolder } from './work-folder.ts';

/** Runs at once in this process: each is a program. */
const MOST_RUNS = 16;
/** How often runs without a policyd are looked for, in ms. */
const LOOK = 5_000;

/** A task whose mark was set, as streams and servers of context are told of it. */
export interface TaskEvent {
  readonly event: 'task';
  readonly feature: string;
  readonly task: string;
  readonly status: 'done' | 'open';
  readonly before: 'done' | 'open';
  readonly line: number;
  readonly text: string;
  readonly note: string | null;
  readonly hash: string;
  readonly changed: boolean;
  readonly by: string | null;
}

export interface SpecKitParts {
  /** `--spec-kit`; null = none was named. */
  readonly folder: string | null;
  /** Longest run, in ms. */
  readonly timeout: number;
  readonly path: string;
  readonly store: Store;
  readonly frames: Frames;
  readonly log: Logger;
  /** Tells the servers of context; resolves however that went. */
  notify(event: TaskEvent): Promise<void>;
}

/** A program as it would be run. */
export interface PlannedRun extends ChildOrder {
  readonly changes: boolean;
}

/** The work of Spec-Kit in one folder: tasks are ticked off, and its commands are run. */
export class SpecKit {
  readonly #parts: SpecKitParts;
  readonly #work: WorkFolder | null;
  readonly #books: RunBooks;
  readonly #stop = new AbortController();
  readonly #running = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | null = null;

  constructor(parts: SpecKitParts) {
    this.#parts = parts;
    this.#work = parts.folder === null ? null : new WorkFolder(parts.folder);
    this.#books = new RunBooks(parts.store);
  }

  /** Looks for runs that were lost, now and from time to time. */
  begin(): void {
    if (this.#work === null) return;
    this.#look();
    this.#timer = setInterval(() => this.#look(), LOOK).unref();
  }

  /** Ends what runs. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#stop.abort();
    await Promise.all([...this.#running, this.#looking]);
  }

  tasks(feature: string): Promise<{ readonly tasks: readonly Task[]; readonly hash: string }> {
    return readTasks(this.#folder(), feature);
  }

  /** @throws OrchestratorError as `updateTask`. */
  async update(update: TaskUpdate, note: string | null, by: string | null): Promise<UpdatedTask> {
    const updated = await updateTask(this.#folder(), update);
    const { task, before, after, hash, changed } = updated;
    const event: TaskEvent = {
      event: 'task',
      feature: update.feature,
      task: task.id,
      status: after,
      before,
      line: task.line,
      text: task.text,
      note,
      hash,
      changed,
      by,
    };
    // Told again where nothing changed: who asks twice may not have been told the first time.
    await this.#parts.frames.append(streamOf(update.feature), null, 'status', event);
    this.#parts.notify(event).catch((error: Error) => this.#parts.log.warn({ problem: error.message }, 'context was not told of a task'));
    return updated;
  }

  /** What would be run. @throws OrchestratorError 422, 404, 403, 503. */
  async plan(order: SpecOrder): Promise<PlannedRun> {
    const command = checkCommand(order);
    const work = this.#folder();
    const root = await work.root();
    if (order.feature !== null) await (await work.holdFeature(order.feature)).handle.close();
    const { file, args } = await findProgram(root, order.command, command, this.#parts.path);
    const feature: Record<string, string> =
      order.feature === null ? {} : { SPECIFY_FEATURE: order.feature, SPECIFY_FEATURE_DIRECTORY: join(root, 'specs', order.feature) };
    return {
      file,
      args: [...args, ...order.args],
      cwd: root,
      env: {
        PATH: this.#parts.path,
        HOME: root,
        LANG: 'C.UTF-8',
        TERM: 'dumb',
        NO_COLOR: '1',
        GIT_TERMINAL_PROMPT: '0',
        ...feature,
      },
      timeout: this.#parts.timeout,
      changes: command.changes,
    };
  }

  /**
   * Starts a run: on record when this resolves, with the name of its stream. One that changes something is alone at its feature, or in the
   * whole folder.
   *
   * @throws OrchestratorError as `plan`; 409 where another one runs, 429 where too many do.
   */
  async run(order: SpecOrder, caller: string | null): Promise<string> {
    const planned = await this.plan(order);
    if (this.#stop.signal.aborted) throw new OrchestratorError(503, 'closing', 'the server goes down [closing] help: retry in a moment');
    if (this.#running.size >= MOST_RUNS) {
      const message = `${MOST_RUNS} runs are under way [run-limit] help: retry when one has ended`;
      throw new OrchestratorError(429, 'too_many_runs', message, { retryAfter: 5 });
    }
    const id = `spec-run-${randomUUID()}`;
    const lock = planned.changes ? (order.feature ?? '*') : null;
    await this.#endLost();
    await this.#books.begin(id, order, lock, caller, Date.now() + planned.timeout + 60_000);
    const { frames } = this.#parts;
    try {
      await frames.append(id, caller, 'status', { state: 'running', command: order.command, args: order.args, feature: order.feature });
    } catch (error) {
      await this.#books.end(id, 'failed', null);
      throw error;
    }
    const run = this.#carry(id, caller, planned).finally(() => this.#running.delete(run));
    this.#running.add(run);
    return id;
  }

  find(id: string): Promise<SpecRun | null> {
    return this.#books.read(id);
  }

  async #carry(id: string, caller: string | null, planned: PlannedRun): Promise<void> {
    const { frames, log } = this.#parts;
    const begun = performance.now();
    try {
      const end = await runChild(
        planned,
        (pid) => this.#books.told(id, { pid, start: readStart(pid) ?? 0, host: SELF.host }),
        (channel, text) => frames.append(id, caller, 'log', { channel, text }),
        this.#stop.signal,
      );
      await this.#finish(id, caller, end, performance.now() - begun);
    } catch (error) {
      log.warn({ run: id, problem: (error as Error).message }, 'a run of spec-kit failed');
      await this.#fail(id, caller, 'failed', `the program could not be run: ${(error as Error).message}`);
    }
  }

  async #finish(id: string, caller: string | null, end: ChildEnd, took: number): Promise<void> {
    const { frames, timeout } = this.#parts;
    const { exitCode, signal, timedOut, output, dropped } = end;
    if (timedOut) return this.#fail(id, caller, 'timed-out', `it was ended after ${timeout} ms`);
    if (this.#stop.signal.aborted && exitCode === null) return this.#fail(id, caller, 'lost', 'the server went down');
    await frames.append(id, caller, exitCode === 0 ? 'result' : 'error', {
      exit_code: exitCode,
      signal,
      duration_ms: Math.round(took),
      output_bytes: output,
      dropped_bytes: dropped,
    });
    await this.#books.end(id, exitCode === 0 ? 'succeeded' : 'failed', exitCode);
    await frames.end(id);
  }

  async #fail(id: string, caller: string | null, state: 'failed' | 'timed-out' | 'lost', message: string): Promise<void> {
    try {
      await this.#parts.frames.append(id, caller, 'error', { state, message });
      await this.#parts.frames.end(id);
    } finally {
      await this.#books.end(id, state, null);
    }
  }

  #look(): void {
    this.#looking ??= this.#endLost()
      .then(() => this.#books.forget(Date.now()))
      .catch((error: Error) => this.#parts.log.warn({ problem: error.message }, 'runs of spec-kit cannot be looked at'))
      .finally(() => {
        this.#looking = null;
      });
  }

  /** Ends runs whose policyd has: what is left of them on this machine, then on record. */
  async #endLost(): Promise<void> {
    for (const { id, caller, child } of await this.#books.findLost(Date.now())) {
      if (child !== null && child.host === SELF.host && readStart(child.pid) === child.start) {
        try {
          process.kill(-child.pid, 'SIGKILL');
        } catch {
          // It ended by itself.
        }
      }
      await this.#fail(id, caller, 'lost', 'its server went down');
    }
  }

  #folder(): WorkFolder {
    if (this.#work !== null) return this.#work;
    const message = 'no folder for Spec-Kit was named [spec-kit] help: start policyd with `--spec-kit <folder>`';
    throw new OrchestratorError(503, 'no_work_folder', message);
  }
}

/** What happens to the tasks of a feature. */
export function streamOf(feature: string): string {
  return `spec-${feature}`;
}
