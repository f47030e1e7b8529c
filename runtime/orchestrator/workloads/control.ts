import type { Job } from '../../jobs/job.ts';
import type { Lease } from '../../jobs/job-engine.ts';
import type { JobBatch } from '../../jobs/batch.ts';
import { type Runner, RunnerError, type RunStatus } from '../runner.ts';
import { formsOf, type Workload } from '../workload.ts';
import { beginRun, closeRun, noteRun } from './change-run.ts';
import type { ControlDesk } from './control-desk.ts';
import { endWorkload, type WorkloadEnd } from './end-workload.ts';
import { forgetStop } from './ask-to-stop.ts';
import { LogRelay } from './relay-logs.ts';
import { FREE_LOSSES, GRACE } from './settings.ts';
import { nameRun, type RunRow, readRecord, type WorkloadRow } from './workload-record.ts';
import { traceRun } from './trace-run.ts';
import { isOver } from './workload-status.ts';

/** Waits between attempts to reach a place, or to write the record, ms: doubling, with jitter. */
const RETRY = [100, 5_000] as const;
/** Waits before the next run of a workload that failed, ms: doubling, with jitter. */
const BACKOFF = [500, 60_000] as const;
/** How long a place may refuse to start a run before it is given up there, ms. */
const START_PATIENCE = 60_000;
/** How long output may come after the end of its run, ms. */
const LATE_OUTPUT = 5_000;
/** How long a run that was ended by force may take to tell so, ms. */
const STOP_PATIENCE = 30_000;
/** Longest delay of a timer of Node, ms. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** The job belongs to somebody else, or this process ends. */
class Dismissed extends Error {}

/** How a run ended, as far as its controller is concerned. */
type Followed = { readonly status: RunStatus; readonly fatal: boolean };

/** Looks after one workload from here to its end: finds it a place, starts it, follows it, and tells its stream. */
export class Control {
  readonly job: Job;
  readonly #desk: ControlDesk;
  readonly #workload: Workload;
  readonly #lease: Lease;
  readonly #leave = new AbortController();
  /** Aborted when the workload is to end before its time. */
  #stop = new AbortController();
  #asked: { readonly kind: 'cancel' | 'evict'; readonly reason: string } | null = null;
  #late = false;

  constructor(job: Job, desk: ControlDesk) {
    this.job = job;
    this.#desk = desk;
    this.#workload = JSON.parse(job.payload) as Workload;
    this.#lease = { id: job.id, token: job.token };
  }

  /** The run goes on, and is somebody else's from here on. */
  leave(): void {
    this.#leave.abort(new Dismissed());
  }

  /** The workload's record says that it is to end. */
  stop(kind: 'cancel' | 'evict', reason: string): void {
    this.#asked ??= { kind, reason };
    this.#stop.abort(new Error(reason));
  }

  /** Ends when the workload has, or is nobody's of this process any more. */
  async run(): Promise<void> {
    try {
      for (;;) if (await this.#advance()) return;
    } catch (error) {
      if (!(error instanceof Dismissed)) throw error;
    } finally {
      this.#leave.abort(new Dismissed());
    }
  }

  /** One run, from its place to its end. True: there is nothing left to do. */
  async #advance(): Promise<boolean> {
    const record = await this.#persist(() => readRecord(this.#desk.tables, this.job.id));
    if (record === null || isOver(record.workload.status)) return true;
    const { workload } = record;
    const unfinished = record.run !== null && record.run.ended_at === null ? record.run : null;
    if (unfinished === null && workload.stop !== null) return this.#end(stopEnd(workload, null), null);
    const placing = performance.now();
    const run = unfinished ?? (await this.#place(workload));
    if (run === null) return false;
    const started = performance.now();
    const { status, fatal } = await this.#follow(run, workload);
    if (this.#desk.tracer) traceRun(this.#desk.tracer, this.job, run, { placing, started }, status);
    return this.#judge(run, status, fatal);
  }

  /** Where the next run goes; null = it is to end instead. */
  async #place(workload: WorkloadRow): Promise<RunRow | null> {
    const desk = this.#desk;
    const attempt = workload.attempt + 1;
    const name = nameRun(this.job.id, attempt);
    const { needs, privacy, nodeLabels: labels } = this.#workload;
    const intent = { privacy, needs, labels, forms: formsOf(this.#workload) };
    const blamed = workload.failures + workload.losses;
    try {
      const signal = AbortSignal.any([this.#leave.signal, this.#stop.signal]);
      if (blamed > 0) await rest(spread(Math.min(BACKOFF[0] * 2 ** (blamed - 1), BACKOFF[1])), signal);
      const placed = await desk.room.wait(name, this.job.createdAt, intent, signal);
      const home = placed.kind === 'local' ? desk.home : null;
      await this.#change((batch) => beginRun(batch, this.#lease, attempt, placed, home));
      desk.meter.placed(placed.kind);
      await this.#tell('status', { status: 'scheduled', attempt, node: placed.node, kind: placed.kind, score: placed.score });
      return (await this.#persist(() => readRecord(desk.tables, this.job.id)))!.run;
    } catch (error) {
      desk.bookings.release(name);
      if (this.#leave.signal.aborted) throw new Dismissed();
      if (this.#stop.signal.aborted) return null;
      throw error;
    }
  }

  /** Starts a run or finds it, and follows it to its end. */
  async #follow(run: RunRow, workload: WorkloadRow): Promise<Followed> {
    const desk = this.#desk;
    const id = nameRun(this.job.id, run.attempt);
    const address = { id, node: run.node };
    if (workload.stop !== null) this.stop(workload.stop, workload.stop_reason ?? 'it was stopped');
    let runner: Runner;
    let status: RunStatus;
    try {
      ({ runner, status } = await this.#start(run, id));
    } catch (error) {
      if (!(error instanceof RunnerError)) throw error;
      // What may have been started all the same must not go on beside its successor.
      const gone = error.fatal || (await this.#forceStop(run, address));
      return { status: ended(gone ? (error.fatal ? 'failed' : 'lost') : 'failed', error.message), fatal: error.fatal || !gone };
    } finally {
      desk.settleBooking(id, run.kind);
    }
    const over = new AbortController();
    const signal = AbortSignal.any([this.#leave.signal, over.signal]);
    const logs = this.#relay(runner, address, run, signal);
    const stopping = this.#obey(runner, address, over.signal);
    const timing = this.#limit(run, runner, address);
    try {
      const last = await this.#watch(runner, address, run, status, timing.begin, signal);
      await Promise.race([logs, rest(LATE_OUTPUT, this.#leave.signal)]);
      return { status: last, fatal: false };
    } finally {
      over.abort(new Error('the run is over'));
      timing.end();
      await Promise.allSettled([logs, stopping]);
      desk.room.look();
    }
  }

  async #start(run: RunRow, id: string): Promise<{ runner: Runner; status: RunStatus }> {
    const desk = this.#desk;
    const request = { id, job: this.job.id, node: run.node, workload: this.#workload, trace: this.job.trace };
    const end = performance.now() + START_PATIENCE;
    for (let attempt = 0; ; attempt++) {
      try {
        const runner = desk.places.find(run.node, run.kind);
        if (runner === null) throw new RunnerError('no-runner', false, `nobody here speaks to \`${run.node}\``);
        if (attempt === 0) await desk.prepare?.(this.job, this.#workload, this.#leave.signal);
        const status = await desk.gate.pass(() => (this.#leave.signal.aborted ? Promise.reject(new Dismissed()) : runner.start(request)));
        desk.meter.started(this.job, run.attempt);
        return { runner, status };
      } catch (error) {
        if (this.#leave.signal.aborted) throw new Dismissed();
        const known = toRunnerError(error);
        desk.log.warn({ ...this.#about(run), error: known.message, code: known.code }, 'run cannot be started');
        if (known.fatal || performance.now() > end || this.#stop.signal.aborted) throw known;
        await this.#rest(backoff(attempt));
      }
    }
  }

  /** Hears the run until its end. */
  async #watch(
    runner: Runner,
    address: { id: string; node: string },
    run: RunRow,
    first: RunStatus,
    begin: (startedAt: number) => void,
    signal: AbortSignal,
  ): Promise<RunStatus> {
    let last = first;
    let noted: Promise<void> = Promise.resolve();
    let told = '';
    const hear = (status: RunStatus): void => {
      last = status;
      if (status.startedAt !== null) begin(status.startedAt);
      const state = JSON.stringify([status.phase, status.reason, status.startedAt]);
      if (state === told || isEnd(status)) return;
      told = state;
      noted = noted.then(() => this.#note(run, status));
      // It is waited for below.
      noted.catch(() => {});
    };
    hear(first);
    for (let attempt = 0; !isEnd(last); attempt++) {
      try {
        await runner.watch(address, hear, signal);
      } catch (error) {
        if (this.#leave.signal.aborted) throw new Dismissed();
        const known = toRunnerError(error);
        this.#desk.log.warn({ ...this.#about(run), error: known.message, code: known.code }, 'run cannot be watched');
        if (known.fatal) last = ended('lost', known.message);
      }
      if (this.#leave.signal.aborted) throw new Dismissed();
      if (!isEnd(last)) await this.#rest(backoff(attempt));
    }
    await noted;
    return last;
  }

  async #note(run: RunRow, status: RunStatus): Promise<void> {
    await this.#change((batch) => noteRun(batch, this.#lease, run.attempt, status));
    const phase = status.phase === 'running' ? 'running' : 'scheduled';
    await this.#tell('status', { status: phase, attempt: run.attempt, node: run.node, reason: status.reason });
  }

  /** The run's output goes to the stream of the job. */
  async #relay(runner: Runner, address: { id: string; node: string }, run: RunRow, signal: AbortSignal): Promise<void> {
    const desk = this.#desk;
    let at = await desk.findLogEnd(this.job.id, run.attempt);
    for (let attempt = 0; !signal.aborted; attempt++) {
      const relay = new LogRelay(at, async (piece) => {
        await this.#tell('log', { attempt: run.attempt, ...piece });
        at = piece.from + piece.bytes;
      });
      try {
        await runner.logs(address, at, (bytes) => relay.hear(bytes), signal);
        await relay.end();
        return;
      } catch (error) {
        if (signal.aborted) return;
        const known = toRunnerError(error);
        desk.log.warn({ ...this.#about(run), error: known.message, code: known.code }, 'output cannot be read');
        if (known.fatal) return;
        await rest(backoff(attempt), signal).catch(() => {});
      }
    }
  }

  /** Ends the run when its time is over. */
  #limit(run: RunRow, runner: Runner, address: { id: string; node: string }): { begin(startedAt: number): void; end(): void } {
    const { timeout } = this.#workload;
    let timer: NodeJS.Timeout | undefined;
    let end: number | null = run.started_at === null || timeout === null ? null : run.started_at + timeout;
    const tick = (): void => {
      const left = end! - Date.now();
      if (left > 0) {
        timer = setTimeout(tick, Math.min(left, LONGEST_TIMER));
        return;
      }
      this.#late = true;
      timer = setTimeout(tick, STOP_PATIENCE);
      runner.stop(address, { grace: GRACE, evict: false, reason: 'timeout' }).catch((error: Error) => {
        this.#desk.log.warn({ ...this.#about(run), error: error.message }, 'run cannot be ended');
      });
    };
    if (end !== null) tick();
    return {
      begin(startedAt) {
        if (timeout === null || end !== null) return;
        end = startedAt + timeout;
        tick();
      },
      end: () => clearTimeout(timer),
    };
  }

  /** Ends the run when the workload is to end. A place may refuse to evict it: it goes on then. */
  async #obey(runner: Runner, address: { id: string; node: string }, over: AbortSignal): Promise<void> {
    const signal = AbortSignal.any([over, this.#leave.signal]);
    for (let attempt = 0; ; attempt++) {
      await aborted(AbortSignal.any([this.#stop.signal, signal]));
      if (signal.aborted) return;
      const { kind, reason } = this.#asked!;
      try {
        const stopped = await runner.stop(address, { grace: GRACE, evict: kind === 'evict', reason });
        if (stopped.result === 'refused') {
          await this.#desk.engine.run((batch) => forgetStop(batch, this.job.id));
          this.#asked = null;
          this.#stop = new AbortController();
        } else await rest(STOP_PATIENCE, signal);
      } catch (error) {
        if (signal.aborted) return;
        this.#desk.log.warn({ ...this.#about(null), error: (error as Error).message }, 'run cannot be ended');
        await rest(backoff(attempt), signal).catch(() => {});
      }
    }
  }

  /** What the end of a run means for its workload. */
  async #judge(run: RunRow, status: RunStatus, fatal: boolean): Promise<boolean> {
    const record = await this.#persist(() => readRecord(this.#desk.tables, this.job.id));
    if (record === null) throw new Dismissed();
    const { workload } = record;
    const over = { attempt: run.attempt, status };
    if (status.phase === 'succeeded') return this.#end({ status: 'succeeded', reason: null, exitCode: status.exitCode }, over);
    if (workload.stop !== null) return this.#end(stopEnd(workload, status.exitCode), over);
    const byPlace = status.phase === 'lost' || status.phase === 'evicted';
    const mayFollow = byPlace
      ? workload.losses < FREE_LOSSES || workload.failures + workload.losses - FREE_LOSSES < this.#workload.retries
      : workload.failures < this.#workload.retries;
    const reason = this.#late && !byPlace ? `timeout: it ran longer than ${this.#workload.timeout} ms` : describeEnd(status);
    if (fatal || !mayFollow) return this.#end({ status: 'failed', reason, exitCode: status.exitCode }, over);
    this.#late = false;
    await this.#change((batch) => closeRun(batch, this.#lease, run.attempt, { ...status, reason }, byPlace ? 'place' : 'workload'));
    this.#desk.log.warn({ ...this.#about(run), reason }, 'workload is tried again');
    await this.#tell('status', { status: 'pending', attempt: run.attempt, node: run.node, phase: status.phase, reason });
    return false;
  }

  async #end(end: WorkloadEnd, run: { attempt: number; status: RunStatus } | null): Promise<boolean> {
    await this.#change((batch) => endWorkload(batch, this.#lease, end, run));
    this.#desk.log.info({ ...this.#about(null), status: end.status, reason: end.reason, exit_code: end.exitCode }, 'workload ended');
    await this.#desk.tellEnd(this.job.id);
    return true;
  }

  /** A run that could not be started for certain is ended for certain; false = nobody can tell. */
  async #forceStop(run: RunRow, address: { id: string; node: string }): Promise<boolean> {
    try {
      const runner = this.#desk.places.find(run.node, run.kind);
      if (runner === null) return false;
      await runner.stop(address, { grace: 0, evict: false, reason: 'it could not be started' });
      return true;
    } catch {
      return false;
    }
  }

  /** Writes to the record under the lease. @throws Dismissed where it is over. */
  async #change(command: (batch: JobBatch) => Promise<boolean>): Promise<void> {
    if (!(await this.#persist(() => this.#desk.engine.run(command)))) throw new Dismissed();
  }

  /** Again and again while the store is away. */
  async #persist<Result>(work: () => Promise<Result>): Promise<Result> {
    for (let attempt = 0; ; attempt++) {
      if (this.#leave.signal.aborted) throw new Dismissed();
      try {
        return await work();
      } catch (error) {
        this.#desk.log.error({ job: this.job.id, error: (error as Error).message }, 'record of workloads cannot be reached');
        await this.#rest(backoff(attempt));
      }
    }
  }

  async #tell(type: 'status' | 'log', payload: Readonly<Record<string, unknown>>): Promise<void> {
    await this.#persist(() => this.#desk.frames.append(this.job.id, this.job.caller, type, payload));
  }

  #rest(ms: number): Promise<void> {
    return rest(ms, this.#leave.signal).catch(() => {
      throw new Dismissed();
    });
  }

  #about(run: RunRow | null): Record<string, unknown> {
    const { id: job, trace, caller } = this.job;
    return { job, trace_id: trace, caller, ...(run === null ? {} : { attempt: run.attempt, node: run.node }) };
  }
}

function stopEnd({ stop, stop_reason: reason }: WorkloadRow, exitCode: number | null): WorkloadEnd {
  return { status: stop === 'evict' ? 'evicted' : 'cancelled', reason, exitCode };
}

function describeEnd({ phase, reason, exitCode }: RunStatus): string {
  if (phase === 'lost') return `its run was lost${reason === null ? '' : `: ${reason}`}`;
  if (phase === 'evicted') return `its run was evicted by its place${reason === null ? '' : `: ${reason}`}`;
  return reason ?? (exitCode === null ? 'it failed' : `it ended with code ${exitCode}`);
}

function isEnd({ phase }: RunStatus): boolean {
  return phase !== 'pending' && phase !== 'running';
}

function ended(phase: 'failed' | 'lost', reason: string): RunStatus {
  return { phase, reason, exitCode: null, startedAt: null, endedAt: Date.now() };
}

function toRunnerError(error: unknown): RunnerError {
  if (error instanceof RunnerError) return error;
  return new RunnerError('unknown', false, (error as Error).message, { cause: error });
}

function backoff(attempt: number): number {
  return spread(Math.min(RETRY[0] * 2 ** attempt, RETRY[1]));
}

/** Half of it to all of it: those who failed together do not come back together. */
function spread(ms: number): number {
  return ms * (0.5 + Math.random() / 2);
}

function rest(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', leave);
      resolve();
    }, ms);
    timer.unref();
    const leave = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    signal.addEventListener('abort', leave, { once: true });
  });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
