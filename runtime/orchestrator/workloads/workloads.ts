import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Kysely } from 'kysely';
import type { NodeState, PlacementReason, WorkloadRules } from '../../../schema/workload.ts';
import { claim } from '../../jobs/commands/claim.ts';
import type { Job, JobEvent } from '../../jobs/job.ts';
import type { JobHint } from '../../jobs/job-engine.ts';
import { makeId } from '../../jobs/make-id.ts';
import type { StoreEngine } from '../../jobs/store-engine.ts';
import type { Store } from '../../store/store.ts';
import type { OrchestratorError } from '../orchestrator-error.ts';
import type { StopResult } from '../runner.ts';
import { formsOf, type Workload } from '../workload.ts';
import { type Acceptance, accept, findBefore, type WorkloadRequest } from './accept.ts';
import { askToStop, forgetStop, type StopAsked } from './ask-to-stop.ts';
import { Control } from './control.ts';
import type { ControlDesk } from './control-desk.ts';
import { endStrays } from './end-strays.ts';
import { evictPod } from './evict-pod.ts';
import { giveUpHomes } from './give-up-homes.ts';
import { listNodes, type NodeList } from './list-nodes.ts';
import { listPods, type PodList } from './list-pods.ts';
import { findWorkload, listRuns, listWorkloads, type Remembered, type WorkloadFilter } from './list-workloads.ts';
import { closing, full, inFlight, keyReused, noNode, noRules, keptThere, overQuota, storeAway } from './refusals.ts';
import { ANYWHERE, GRACE, MOST_LIVE, WORKLOADS } from './settings.ts';
import type { WorkloadTables } from './tables.ts';
import type { Viewer } from '../../auth/viewer.ts';
import { nameRun, type RunRow, readRecord } from './workload-record.ts';

export interface WorkloadsOptions extends Omit<ControlDesk, 'tables' | 'engine'> {
  readonly engine: StoreEngine;
  readonly store: Store;
  /** Of the policy that serves now; null = its artifact says nothing of workloads. */
  rules(): WorkloadRules | null;
  /** How long this process may be silent before its workloads are looked after by others, ms. */
  readonly lease: number;
}

/** What a caller is told of what it asked. */
export interface Told {
  /** JSON. */
  readonly answer: string;
  readonly id: string;
  readonly replayed: boolean;
}

/** What became of an eviction. `asked`: another process has the run, and ends it soon. */
export type Eviction = 'stopped' | 'gone' | 'asked';

const CHANNEL = 'policyd_workloads';
/** How often this process looks for workloads that nobody told it of, ms. */
const LOOK = 1_000;
/** How often it looks for runs and machines that were given up, ms. */
const TIDY = 60_000;
/** Workloads that are claimed in one transaction. */
const TOGETHER = 128;

/** The workloads of this process: those it accepted, and those it took over. */
export class Workloads {
  readonly #options: WorkloadsOptions;
  readonly #desk: ControlDesk;
  readonly #tables: Kysely<WorkloadTables>;
  readonly #controls = new Map<string, Control>();
  readonly #running = new Set<Promise<void>>();
  /** Keys of requests that are being judged now. */
  readonly #inFlight = new Set<string>();
  #holder = nameHolder();
  #claiming: Promise<void> | null = null;
  #again = false;
  #beat: NodeJS.Timeout | undefined;
  #look: NodeJS.Timeout | undefined;
  #tidied = Number.NEGATIVE_INFINITY;
  #closed = false;

  static async open(options: WorkloadsOptions): Promise<Workloads> {
    const workloads = new Workloads(options);
    await options.engine.join(workloads.#holder, options.lease);
    await options.engine.listen((hint) => workloads.#hear(hint));
    await options.store.subscribe(CHANNEL, (job) => void workloads.#checkStop([job]));
    return workloads;
  }

  private constructor(options: WorkloadsOptions) {
    this.#options = options;
    this.#tables = options.store.tables<WorkloadTables>();
    this.#desk = { ...options, tables: this.#tables };
  }

  /** Takes up what was under way, and looks after it from now on. */
  begin(): void {
    const { lease } = this.#options;
    this.#beat = setInterval(() => void this.#renew(), lease / 3);
    this.#beat.unref();
    this.#look = setInterval(() => void this.#lookAround(), LOOK);
    this.#look.unref();
    this.#pump();
  }

  /** Workloads that this process looks after. */
  get size(): number {
    return this.#controls.size;
  }

  /**
   * Judges a workload, and writes it down: on the disk when this resolves.
   *
   * @throws OrchestratorError 409 where policy, quota or nodes do not allow it, 422 where its key was another request's, 429 where too many
   * have not ended.
   */
  async schedule(asked: Omit<WorkloadRequest, 'id' | 'createdAt'>): Promise<Told> {
    const begun = performance.now();
    const rules = this.#options.rules();
    if (rules === null) throw this.#refuse(noRules());
    if (this.#closed) throw this.#refuse(closing());
    const { idempotency, caller } = asked;
    const key = idempotency === null ? null : `${caller ?? ''}\0${idempotency.key}`;
    if (key !== null && this.#inFlight.has(key)) throw this.#refuse(inFlight());
    if (key !== null) this.#inFlight.add(key);
    const createdAt = Date.now();
    const request: WorkloadRequest = { ...asked, id: makeId(createdAt), createdAt };
    try {
      const acceptance = await this.#judge(request, rules);
      const told = this.#answer(request, acceptance);
      if (acceptance.result !== 'accepted') return told;
      this.#options.meter.accepted(performance.now() - begun);
      if (acceptance.kind !== null) this.#options.meter.placed(acceptance.kind);
      await this.#announce(acceptance.job, told.answer);
      this.#take(acceptance.job);
      return told;
    } finally {
      if (key !== null) this.#inFlight.delete(key);
    }
  }

  async #judge(request: WorkloadRequest, rules: WorkloadRules): Promise<Acceptance> {
    const { room, bookings, home, engine } = this.#options;
    const { needs, privacy, nodeLabels: labels } = request.workload;
    const intent = { privacy, needs, labels, forms: formsOf(request.workload) };
    const run = nameRun(request.id, 1);
    const seat = { agent: this.#holder, holder: this.#holder };
    let accepted = false;
    try {
      // Most of those who ask again ask for what is there: they need not wait for the writers.
      const before = await findBefore(this.#tables, request);
      if (before !== null) return before;
      const acceptance = await engine.run((batch) =>
        accept(batch, request, { refuse: (held, asked) => rules.refuse(held, asked), seek: () => room.seek(run, intent), seat, home }),
      );
      accepted = acceptance.result === 'accepted';
      return acceptance;
    } catch (error) {
      this.#options.log.error({ trace_id: request.trace, error: (error as Error).message }, 'workload cannot be written down');
      throw this.#refuse(storeAway());
    } finally {
      if (!accepted) bookings.release(run);
    }
  }

  #answer({ id, caller, trace, workload }: WorkloadRequest, acceptance: Acceptance): Told {
    const about = { trace_id: trace, caller, name: workload.name };
    switch (acceptance.result) {
      case 'accepted':
        this.#options.log.info({ job: id, ...about }, 'workload accepted');
        return { answer: acceptance.answer, id, replayed: false };
      case 'replayed': {
        const { job_id } = JSON.parse(acceptance.answer) as { job_id: string };
        return { answer: acceptance.answer, id: job_id, replayed: true };
      }
      case 'conflict':
        throw this.#refuse(keyReused(), about);
      case 'full':
        throw this.#refuse(full(), about);
      case 'quota':
        throw this.#refuse(overQuota(acceptance.refusals), about);
      case 'no-node':
        throw this.#refuse(noNode(acceptance.reasons), about);
    }
  }

  /** The stream of the job begins: whoever is told of it finds it. */
  async #announce({ id, caller }: Job, answer: string): Promise<void> {
    const { status, placement, reasons } = JSON.parse(answer) as Record<string, unknown>;
    try {
      await this.#options.frames.append(id, caller, 'status', { status, placement, reasons });
    } catch (error) {
      this.#options.log.error({ job: id, error: (error as Error).message }, 'stream cannot be written');
    }
  }

  #refuse(error: OrchestratorError, about: Record<string, unknown> = {}): OrchestratorError {
    this.#options.meter.refused(error.code);
    this.#options.log.debug({ ...about, code: error.code }, 'workload refused');
    return error;
  }

  /** Asks a workload to end. Durable when it resolves; the run ends soon after. */
  async cancel(job: string, reason: string): Promise<StopAsked> {
    const asked = await this.#options.engine.run((batch) => askToStop(batch, job, 'cancel', reason));
    await this.#tellStop(job, asked);
    return asked;
  }

  /**
   * Evicts the run of a workload, where its place allows it.
   *
   * @throws OrchestratorError 429 where it does not.
   */
  async evict(job: string, reason: string): Promise<Eviction> {
    const { engine, places, home, log } = this.#options;
    const asked = await engine.run((batch) => askToStop(batch, job, 'evict', reason));
    if (asked !== 'asked') {
      await this.#tellStop(job, asked);
      return asked === 'ended' ? 'stopped' : 'gone';
    }
    const { run } = (await readRecord(this.#tables, job))!;
    const runner = run === null || (run.home !== null && run.home !== home) ? null : places.find(run.node, run.kind);
    if (runner === null) {
      await this.#tellStop(job, asked);
      return 'asked';
    }
    let stopped: StopResult;
    try {
      stopped = await runner.stop({ id: nameRun(job, run!.attempt), node: run!.node }, { grace: GRACE, evict: true, reason });
    } catch (error) {
      // It is written down: whoever looks after it asks again until its place answers.
      log.warn({ job, error: (error as Error).message }, 'place cannot be asked to evict');
      await this.#tellStop(job, asked);
      return 'asked';
    }
    if (stopped.result !== 'refused') {
      log.info({ job, reason, result: stopped.result }, 'workload evicted');
      await this.#tellStop(job, asked);
      return stopped.result;
    }
    await engine.run((batch) => forgetStop(batch, job));
    throw keptThere(stopped.reason);
  }

  /** As `evict`, by the name of the run, for who may. @throws OrchestratorError; see `evictPod`. */
  evictPod(viewer: Viewer, pod: string, reason: string): Promise<{ readonly job: string; readonly result: Eviction }> {
    return evictPod({ tables: this.#tables, workloads: this, rules: this.#options.rules() }, viewer, pod, reason);
  }

  nodes(): readonly NodeState[] {
    return this.#options.places.nodes();
  }

  listNodes(viewer: Viewer): Promise<NodeList> {
    return listNodes(this.#tables, this.#options.places, viewer);
  }

  /** Why a workload waits now, as this process sees the nodes; empty where it does not. */
  explain({ job, workload }: Remembered): readonly PlacementReason[] {
    if (workload.status !== 'pending') return [];
    const asked = JSON.parse(job.payload) as Workload;
    const intent = { privacy: asked.privacy, needs: asked.needs, labels: asked.nodeLabels, forms: formsOf(asked) };
    return this.#options.room.explain(nameRun(job.id, workload.attempt + 1), intent);
  }

  pods(viewer: Viewer): Promise<PodList> {
    return listPods(this.#tables, this.#options.places, viewer);
  }

  list(viewer: Viewer, filter: WorkloadFilter): Promise<{ readonly found: readonly Remembered[]; readonly cursor: number | null }> {
    return listWorkloads(this.#tables, viewer, filter);
  }

  /** Null = there is none for this viewer. */
  find(viewer: Viewer, id: string): Promise<Remembered | null> {
    return findWorkload(this.#tables, viewer, id);
  }

  async past(id: string): Promise<{ readonly runs: readonly RunRow[]; readonly history: readonly JobEvent[] }> {
    const [runs, history] = await Promise.all([listRuns(this.#tables, id), this.#options.engine.history(id)]);
    return { runs, history };
  }

  /** Whoever looks after a workload looks at its record. */
  async #tellStop(job: string, asked: StopAsked): Promise<void> {
    if (asked === 'ended') {
      this.#controls.get(job)?.leave();
      await this.#desk.tellEnd(job);
    } else if (asked === 'asked') {
      await this.#checkStop([job]);
      if (!this.#controls.has(job)) await this.#options.store.publish(CHANNEL, job).catch(() => {});
    }
  }

  /** Those of this process that are to end are told so. */
  async #checkStop(jobs: readonly string[] | null): Promise<void> {
    if (this.#controls.size === 0) return;
    try {
      let query = this.#tables
        .selectFrom('workloads')
        .select(['job', 'stop', 'stop_reason'])
        .where('held', '=', 1)
        .where('stop', 'is not', null);
      if (jobs !== null) query = query.where('job', 'in', jobs);
      for (const { job, stop, stop_reason } of await query.execute()) this.#controls.get(job)?.stop(stop!, stop_reason ?? 'it was stopped');
    } catch {
      // The store is away: the next look finds it.
    }
  }

  #take(job: Job): void {
    if (job.state !== 'in_progress' || job.holder !== this.#holder) {
      // The lease was lost while it was being written: it waits for whoever asks first.
      this.#pump();
      return;
    }
    if (this.#controls.has(job.id)) {
      this.#controls.get(job.id)!.leave();
    }
    const control = new Control(job, this.#desk);
    this.#controls.set(job.id, control);
    const running = control
      .run()
      .catch((error: Error) => this.#options.log.error({ job: job.id, error: error.stack }, 'workload is left alone: a fault of ours'))
      .finally(() => {
        this.#running.delete(running);
        if (this.#controls.get(job.id) === control) this.#controls.delete(job.id);
        this.#options.room.look();
      });
    this.#running.add(running);
  }

  #hear(hint: JobHint): void {
    if (hint.kind === 'work' && hint.queue === WORKLOADS) this.#pump();
    if (hint.kind === 'ended') {
      const control = this.#controls.get(hint.id);
      if (control !== undefined) void this.#leaveEnded(control);
    }
    if (hint.kind === 'expired' && hint.holder === this.#holder) void this.#renew();
  }

  async #leaveEnded(control: Control): Promise<void> {
    // Its own end is told by itself; that of somebody else ends what it waits for.
    const job = await this.#options.engine.get(control.job.id).catch(() => null);
    if (job !== null && job.state === 'cancelled') control.leave();
  }

  /** Takes workloads that nobody looks after. */
  #pump(): void {
    if (this.#closed) return;
    if (this.#claiming !== null) {
      this.#again = true;
      return;
    }
    this.#claiming = this.#claim()
      .catch((error: Error) => this.#options.log.error({ error: error.message }, 'workloads cannot be claimed'))
      .finally(() => {
        this.#claiming = null;
        if (!this.#again) return;
        this.#again = false;
        this.#pump();
      });
  }

  async #claim(): Promise<void> {
    const free = Math.min(TOGETHER, MOST_LIVE - this.#controls.size);
    if (free <= 0) return;
    const { engine, home } = this.#options;
    const offer = { agent: this.#holder, holder: this.#holder, types: [ANYWHERE, home], latency: {} };
    const { jobs, lost } = await engine.run((batch) =>
      claim(
        batch,
        WORKLOADS,
        Array.from({ length: free }, () => ({ ...offer })),
      ),
    );
    for (const job of jobs) {
      this.#options.log.info({ job: job.id, trace_id: job.trace, caller: job.caller }, 'workload taken over');
      this.#take(job);
    }
    if (lost.length > 0) {
      await this.#rejoin();
      this.#again = true;
    } else if (jobs.length === free) this.#again = true;
  }

  async #renew(): Promise<void> {
    if (this.#controls.size === 0 || this.#closed) return;
    try {
      if (!(await this.#options.engine.heartbeat(this.#holder))) {
        await this.#rejoin();
        this.#pump();
      }
    } catch (error) {
      this.#options.log.error({ error: (error as Error).message }, 'lease cannot be renewed');
    }
  }

  /** This process was given up: its workloads are others' by now. It begins anew under another name. */
  async #rejoin(): Promise<void> {
    const before = this.#holder;
    this.#holder = nameHolder();
    if (this.#controls.size > 0) this.#options.log.warn({ before, holder: this.#holder }, 'lease was lost');
    for (const control of this.#controls.values()) control.leave();
    await this.#options.engine.join(this.#holder, this.#options.lease);
  }

  async #lookAround(): Promise<void> {
    await this.#checkStop(null);
    try {
      const waiting = await this.#tables
        .selectFrom('jobs')
        .select('id')
        .where('queue', '=', WORKLOADS)
        .where('state', '=', 'pending')
        .where('type', 'in', [ANYWHERE, this.#options.home])
        .limit(1)
        .execute();
      if (waiting.length > 0) this.#pump();
      await this.#tellEnds();
      await this.#tidy();
    } catch {
      // The store is away: the next look finds what this one missed.
    }
  }

  /** See `giveUpHomes`. `gone`: ms for which nobody may be heard of. */
  giveUpHomes(gone?: number): Promise<number> {
    return giveUpHomes(this.#options.engine, this.#tables, this.#options.home, Date.now(), gone);
  }

  async #tidy(): Promise<void> {
    if (performance.now() - this.#tidied < TIDY) return;
    this.#tidied = performance.now();
    const { places, home, log } = this.#options;
    const strays = await endStrays(this.#tables, places, home);
    if (strays > 0) log.warn({ strays }, 'runs ended that their workloads are done with');
    const given = await this.giveUpHomes();
    if (given > 0) log.warn({ given }, 'workloads taken from machines that nobody hears of');
  }

  /** Ends that nobody lives to tell of. */
  async #tellEnds(): Promise<void> {
    const untold = await this.#tables
      .selectFrom('workloads')
      .innerJoin('jobs', 'jobs.id', 'workloads.job')
      .select('workloads.job')
      .where('workloads.held', '=', 0)
      .where('workloads.told', '=', 0)
      .where('jobs.ended_at', '<', Date.now() - UNTOLD)
      .limit(TOGETHER)
      .execute();
    for (const { job } of untold) await this.#desk.tellEnd(job);
  }

  /** Gives back what this process looks after; runs go on. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#beat);
    clearInterval(this.#look);
    await this.#claiming;
    for (const control of this.#controls.values()) control.leave();
    await Promise.allSettled(this.#running);
    this.#options.room.close();
    await this.#options.engine.close(this.#holder);
  }
}

/** How long the one who ended a workload has to tell its stream, ms. */
const UNTOLD = 10_000;

function nameHolder(): string {
  return `workloads-${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`;
}
