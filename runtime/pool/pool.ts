import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Logger } from 'pino';
import type { PoolConfig } from '../../schema/manifest.ts';
import type { TaskType } from '../../schema/vocabulary.ts';
import { EVERYBODY, maySee, type Viewer } from '../auth/viewer.ts';
import { type Choosable, chooseAgent } from '../jobs/choose-agent.ts';
import { hasEnded, type Job, type JobState } from '../jobs/job.ts';
import type { Claimed, Ended, JobEngine, JobHint, JobPage, JobStats, Lease, Offer, Seat } from '../jobs/job-engine.ts';
import { makeId } from '../jobs/make-id.ts';
import type { Service } from './agent-message.ts';
import type { Agent, AgentKind, Assignment } from './agent.ts';
import type { Outcome } from './agent-worker.ts';
import { Crew } from './crew.ts';
import { PoolError, queueFull, unknownAgent, unknownTask } from './pool-error.ts';
import type { Tracer } from '../telemetry/tracer.ts';
import type { PoolMeter } from './pool-meter.ts';
import { COORDINATION, findTypes } from './pool-settings.ts';
import type { Services } from './services.ts';

export interface PoolOptions {
  readonly engine: JobEngine;
  readonly services: Services;
  readonly log: Logger;
  readonly meter: PoolMeter;
  /** Null, or absent, where nobody asked for traces. */
  readonly tracer?: Tracer | null;
  settings(): PoolConfig;
  /** How long this process may be silent before its tasks go to others, ms. */
  readonly lease: number;
  /** MiB that an agent may hold. */
  readonly memory: number;
  /** A module of handlers; null = the built-in ones. */
  readonly handlers: string | null;
  /** Longest attempt, ms. */
  readonly taskTimeout: number;
  /** How long an agent's event loop may not answer, ms. */
  readonly stall: number;
  /** Whether discovery and migration tasks may run. */
  discoveryAvailable(): boolean;
}

export interface TaskRequest {
  readonly type: TaskType;
  readonly payload: unknown;
  readonly preferredAgent: string | null;
  readonly priority: number;
  /** 32 hexadecimal digits, as in `traceparent`. */
  readonly trace: string;
  readonly caller: string | null;
  readonly idempotency: { readonly key: string; readonly digest: string } | null;
}

/** What came of taking an agent out. */
export interface AgentFailure {
  readonly agent: Agent;
  readonly reassigned: Job | null;
  readonly dead: Job | null;
}

/** Tasks of the discovery service. */
const DISCOVERY: ReadonlySet<string> = new Set<TaskType>(['discovery', 'migration']);
const NOTHING: ReadonlySet<string> = new Set();
/** Wait before the next attempt where nobody else is free, doubling with each, in ms. */
const RETRY = [250, 30_000] as const;
/** How often agents that work are looked at, ms. */
const WATCH = 1_000;
/** How long an agent may take to stop, ms, before its thread is ended. */
const STOP = 1_000;
/** Share of its memory that an agent may keep after a task; above it leaks. */
const KEEPS = 0.8;
/** How long a full queue is believed to be full before the record is asked again, ms. */
const BELIEVED = 25;
/** Waits between attempts to tell the record what became of a task, while the store is away, in ms. */
const TELL = [100, 5_000] as const;

/** Most tasks that are looked after so that they do not wait for ever. */
const STARVING = 1_000;

/** The coordination pool of this process: its agents, and the tasks that it shares with all processes of the store. */
export class Pool {
  readonly engine: JobEngine;
  readonly crew: Crew;
  readonly #options: PoolOptions;
  readonly #log: Logger;
  readonly #offered = new Set<Agent>();
  #holder = nameHolder();
  /** Agents that are to be asked for, and the question that is on its way. */
  readonly #due = new Set<Agent>();
  #claiming: Promise<void> | null = null;
  #wake: NodeJS.Timeout | undefined;
  #watch: NodeJS.Timeout | undefined;
  #beat: NodeJS.Timeout | undefined;
  /** Tasks that wait, as far as is known, and when that was learnt. */
  #known = { pending: 0, at: Number.NEGATIVE_INFINITY };
  #asking = false;
  /** Tasks that failed here and wait for another agent. */
  readonly #starving = new Map<string, Job>();
  /** Submissions on their way that take a place in the queue. */
  #queueing = 0;
  #phase: 'open' | 'draining' | 'stopping' | 'closed' = 'open';

  /** Joins the engine, and starts the agents that there were when the process last ended. */
  static async open(options: PoolOptions): Promise<Pool> {
    const pool = new Pool(options);
    await options.engine.join(pool.#holder, options.lease);
    await options.engine.listen((hint) => pool.#hear(hint));
    return pool;
  }

  private constructor(options: PoolOptions) {
    this.#options = options;
    this.engine = options.engine;
    this.#log = options.log;
    this.crew = new Crew({
      settings: options.settings,
      holder: () => this.#holder,
      memory: options.memory,
      handlers: options.handlers,
      onOutcome: (agent, outcome) => this.#finish(agent, outcome),
      onHeld: (agent) => this.#hold(agent),
      onCall: (agent, service, body, signal) => this.#serve(agent, service, body, signal),
      onLog: (agent, message) => this.#log.info({ ...this.#about(agent), line: message }, 'agent said'),
      onDegraded: (agent, reason) => this.#lose(agent, reason),
      onReady: (agent) => {
        this.#log.info({ agent_id: agent.id, kind: agent.kind, types: agent.types }, 'agent started');
        this.#pump([agent]);
      },
    });
  }

  get settings(): PoolConfig {
    return this.#options.settings();
  }

  get phase(): 'open' | 'draining' | 'stopping' | 'closed' {
    return this.#phase;
  }

  /** Starts as many agents as there were before. */
  async restore(): Promise<void> {
    const size = Math.min(await this.engine.readSize(COORDINATION), this.settings.max_size);
    if (size > 0) await this.initialize(size);
  }

  /** Brings the number of agents to `size`; those that were started. */
  async initialize(size: number): Promise<readonly Agent[]> {
    const most = this.settings.max_size;
    if (size > most) {
      const message = `\`size\` is ${size}, more than the ${most} agents of the policy [bad-value] help: send less, or raise \`pools.coordination.max_size\``;
      throw new PoolError(422, 'BadSize', message);
    }
    this.#refuseWhileStopping();
    this.#phase = 'open';
    const missing = Math.max(0, size - this.crew.size);
    const started = await Promise.all(Array.from({ length: missing }, () => this.crew.spawn('thread')));
    await this.#remember();
    this.#log.info({ size: this.crew.size, started: started.length }, 'pool initialized');
    return started;
  }

  /** One more agent. `lease` in ms, of one elsewhere, which gets the tasks that its owner sees; threads are everybody's. */
  async spawn(kind: AgentKind, name?: string, lease?: number, owner: Viewer = EVERYBODY): Promise<Agent> {
    this.#refuseWhileStopping();
    const agent = await this.crew.spawn(kind, name, kind === 'external' ? owner : EVERYBODY);
    if (kind === 'external') {
      await this.engine.join(agent.holder, lease ?? this.#options.lease);
      this.#expect(agent, lease ?? this.#options.lease);
    } else await this.#remember();
    return agent;
  }

  /** @throws PoolError 429 where the queue is full, 422 where the key was used for something else, 503 while draining. */
  async submit(request: TaskRequest): Promise<Job> {
    if (this.#phase !== 'open') {
      throw new PoolError(
        503,
        'PoolDraining',
        'the pool takes no tasks now [pool-draining] help: POST /api/coordination/pool/initialize opens it again',
        5,
      );
    }
    const { queue_depth: depth, max_attempts: maxAttempts } = this.settings;
    const taker = await this.#chooseTaker(request, depth);
    const job = {
      id: makeId(),
      queue: COORDINATION,
      type: request.type,
      payload: JSON.stringify(request.payload ?? null),
      priority: request.priority,
      preferredAgent: request.preferredAgent,
      maxAttempts,
      trace: request.trace,
      caller: request.caller,
      createdAt: Date.now(),
      idempotency: request.idempotency,
      depth,
    };
    if (taker === null) this.#queueing++;
    let enqueued: Awaited<ReturnType<JobEngine['enqueue']>>;
    try {
      enqueued = await this.engine.enqueue(job, taker === null ? null : { agent: taker.id, holder: taker.holder });
    } catch (error) {
      if (taker !== null) this.#free(taker);
      throw error;
    } finally {
      if (taker === null) this.#queueing--;
    }
    this.#learn(enqueued.pending);
    const { result, job: recorded } = enqueued;
    if (taker !== null) this.#takeOver(taker, result === 'accepted' ? recorded : null);
    if (result === 'full') throw this.#full(depth);
    if (result === 'conflict') {
      const message = `\`Idempotency-Key\` was used for another task, \`${recorded!.id}\` [key-reused] help: use a new key for a new task`;
      throw new PoolError(422, 'KeyReused', message);
    }
    if (result === 'accepted' && recorded!.state === 'pending') {
      this.#log.info({ ...aboutJob(recorded!), pending: enqueued.pending }, 'task queued');
    }
    return recorded!;
  }

  /** A task, whoever works at it, is done or failed for good; saying the same twice is no mistake. */
  async end(id: string, success: boolean, result: string | null, token: number | null, error: string | null): Promise<Job> {
    const lease = { id, token };
    const ended = success
      ? await this.engine.complete(lease, result)
      : await this.engine.fail(lease, error ?? 'it was told to have failed', { seat: null, delay: 0, final: true });
    const job = refuseUnknown(id, ended);
    if (ended.result === 'stale' && job.state !== (success ? 'completed' : 'failed')) throw staleTask(job);
    if (ended.result === 'done') {
      this.#log.info({ ...aboutJob(job), by: 'caller' }, success ? 'task completed' : 'task failed');
      this.#takeAway(id, 'it was ended over HTTP', success);
    }
    return job;
  }

  /** One attempt failed, by the word of whoever made it: another agent tries. */
  async failAttempt(id: string, token: number | null, error: string): Promise<Job> {
    const before = this.#holderOf(id);
    const ended = await this.#fail({ id, token }, error, false, before?.assignment.job ?? null, before?.agent ?? null);
    const job = refuseUnknown(id, ended);
    if (ended.result === 'stale') throw staleTask(job);
    if (before !== null) this.#takeAway(id, 'the attempt was told to have failed', false, before.agent);
    return job;
  }

  async cancel(id: string, reason: string): Promise<Job> {
    const ended = await this.engine.cancel(id, reason);
    const job = refuseUnknown(id, ended);
    if (ended.result === 'stale' && job.state !== 'cancelled') throw staleTask(job);
    if (ended.result === 'done') {
      this.#log.info({ ...aboutJob(job), reason }, 'task cancelled');
      this.#takeAway(id, 'the task was cancelled', false);
    }
    return job;
  }

  async redrive(id: string): Promise<Job> {
    const depth = this.settings.queue_depth;
    const ended = await this.engine.redrive(id, depth);
    if (ended.result === 'full') throw this.#full(depth);
    const job = refuseUnknown(id, ended);
    if (ended.result === 'stale') {
      throw new PoolError(409, 'NotDead', `task \`${id}\` is ${job.state}, not failed [not-dead] help: only failed tasks are tried again`);
    }
    this.#log.info(aboutJob(job), 'task redriven');
    return job;
  }

  /** Takes an agent out, and gives its task to another. */
  async failAgent(id: string, reason: string, viewer: Viewer = EVERYBODY): Promise<AgentFailure> {
    const agent = this.crew.get(id);
    if (agent === null || !agent.isFor(viewer)) throw unknownAgent(id);
    const lost = [...agent.assignments.values()].filter(({ over }) => !over);
    for (const assignment of lost) {
      assignment.over = true;
      agent.count(assignment.job.type, false, 0);
    }
    const known = agent.state === 'degraded';
    this.crew.degrade(agent, reason);
    if (known) return { agent, reassigned: null, dead: null };
    const ended = await Promise.all(lost.map(({ job }) => this.#fail({ id: job.id, token: job.token }, reason, false, job, agent)));
    const jobs = ended.flatMap(({ result, job }) => (result === 'done' && job !== null ? [job] : []));
    return {
      agent,
      reassigned: jobs.find(({ state }) => state === 'in_progress') ?? null,
      dead: jobs.find(({ state }) => state === 'failed') ?? null,
    };
  }

  /** Tasks for an agent elsewhere, at most `most`. */
  async claim(id: string, most: number, viewer: Viewer = EVERYBODY): Promise<readonly Job[]> {
    const agent = this.#findExternal(id, viewer);
    if (this.#phase === 'stopping' || this.#phase === 'closed') return [];
    const offers = Array.from({ length: most }, () => agent.offer(this.#blocked));
    const { jobs, lost, pending } = await this.engine.claim(COORDINATION, offers);
    this.#learn(pending);
    if (lost.length > 0) this.#dismiss(agent);
    for (const job of jobs) {
      agent.begin(job, performance.now());
      this.#tellAssigned(agent, job);
    }
    if (jobs.length > 0) agent.state = 'executing';
    this.#expect(agent);
    return jobs;
  }

  /** An agent elsewhere is alive; the tasks that it still has. */
  async heartbeat(id: string, viewer: Viewer = EVERYBODY): Promise<readonly Job[]> {
    const agent = this.#findExternal(id, viewer);
    if (!(await this.engine.heartbeat(agent.holder))) this.#dismiss(agent);
    this.#expect(agent);
    return [...agent.assignments.values()].filter(({ over }) => !over).map(({ job }) => job);
  }

  /** @throws PoolError 404 where there is none for this viewer. */
  async get(id: string, viewer: Viewer = EVERYBODY): Promise<Job> {
    const job = await this.engine.get(id);
    if (job === null || job.queue !== COORDINATION || !maySee(viewer, job.caller)) throw unknownTask(id);
    return job;
  }

  list(filter: {
    states?: readonly JobState[];
    types?: readonly string[];
    agent?: string;
    caller?: string | null;
    limit: number;
    cursor?: number;
  }): Promise<JobPage> {
    return this.engine.list({ queue: COORDINATION, ...filter });
  }

  stats(): Promise<JobStats> {
    return this.engine.stats(COORDINATION);
  }

  /** Takes no more tasks; what waits is still done. */
  drain(): void {
    if (this.#phase === 'open') this.#phase = 'draining';
    this.#log.info({}, 'pool drains');
  }

  /** Ends the pool: what waits is cancelled, what is being done has `grace` ms, then it is given back. */
  async shutDown(grace: number): Promise<{ readonly agents: number; readonly cancelled: number; readonly returned: number }> {
    this.#refuseWhileStopping();
    this.#phase = 'stopping';
    try {
      const agents = this.crew.size;
      const cancelled = await this.engine.cancelPending(COORDINATION, 'the pool was shut down');
      await this.engine.writeSize(COORDINATION, 0);
      const returned = await this.#empty(grace);
      await this.crew.clear();
      this.#log.info({ agents, cancelled, returned }, 'pool shut down');
      return { agents, cancelled, returned };
    } finally {
      this.#phase = 'open';
      this.#known = { pending: 0, at: Number.NEGATIVE_INFINITY };
    }
  }

  /** The process ends: tasks have `grace` ms, then they are given back; nothing is cancelled. */
  async close(grace: number): Promise<void> {
    if (this.#phase === 'closed') return;
    this.#phase = 'stopping';
    const returned = await this.#empty(grace);
    this.#phase = 'closed';
    for (const timer of [this.#wake, this.#watch, this.#beat, ...this.#contacts.values()]) clearTimeout(timer);
    await this.crew.close();
    await this.#options.services.close();
    if (returned > 0) this.#log.info({ returned }, 'tasks given back');
    await this.engine.close(this.#holder);
  }

  /** The policy changed: who may take what is looked up anew. */
  configure(): void {
    for (const agent of this.crew.live) agent.types = findTypes(this.settings, agent.name);
    this.#pump();
  }

  /** Something that agents can do may have changed: the discovery service, for one. */
  wake(): void {
    this.#pump();
  }

  get #blocked(): ReadonlySet<string> {
    return this.#options.discoveryAvailable() ? NOTHING : DISCOVERY;
  }

  #idle(): Agent[] {
    return this.crew.live.filter((agent) => agent.kind === 'thread' && agent.state === 'idle' && !this.#offered.has(agent));
  }

  /** Reserves an idle agent for a task. */
  #chooseIdle(job: Choosable): Agent | null {
    if (this.#phase === 'stopping' || this.#phase === 'closed') return null;
    const idle = this.#idle();
    if (idle.length === 0) return null;
    const offers = idle.map((agent): Offer & { of: Agent } => ({ ...agent.offer(this.#blocked), of: agent }));
    const chosen = chooseAgent(job, offers)?.of ?? null;
    // From here on nobody else may choose it.
    if (chosen !== null) chosen.state = 'analyzing';
    return chosen;
  }

  /** Who takes a new task at once; null where it waits. @throws PoolError 429 where it may not. */
  async #chooseTaker({ type, preferredAgent, caller }: TaskRequest, depth: number): Promise<Agent | null> {
    const asked = { type, preferredAgent, caller, failedAgents: [] };
    const taker = this.#chooseIdle(asked);
    if (taker !== null) return taker;
    this.#refuseWhenFull(depth);
    // Somebody is idle, and is just being asked for: nothing waits, so that he will be free in a moment.
    if (this.#claiming === null || this.#known.pending > 0) return null;
    await this.#claiming;
    return this.#chooseIdle(asked);
  }

  /** Asks for tasks for these agents, by default for all that are idle; at most one question at a time. */
  #pump(agents: Iterable<Agent> = this.#idle()): void {
    if (this.#phase === 'stopping' || this.#phase === 'closed') return;
    for (const agent of agents) this.#due.add(agent);
    if (this.#claiming !== null) return;
    const idle = this.#idle().filter((agent) => this.#due.has(agent));
    this.#due.clear();
    if (idle.length === 0) return;
    for (const agent of idle) this.#offered.add(agent);
    const offers = idle.map((agent) => agent.offer(this.#blocked));
    this.#claiming = this.engine.claim(COORDINATION, offers).then(
      (claimed) => this.#take(idle, claimed),
      (error) => {
        for (const agent of idle) this.#offered.delete(agent);
        this.#claiming = null;
        this.#log.error({ error: (error as Error).message }, 'tasks cannot be claimed');
        this.#wakeIn(TELL[1]);
      },
    );
  }

  #take(idle: readonly Agent[], { jobs, wait, pending, lost }: Claimed): void {
    this.#learn(pending);
    for (const agent of idle) this.#offered.delete(agent);
    this.#claiming = null;
    for (const job of jobs) {
      const agent = idle.find(({ id }) => id === job.agent)!;
      this.#start(agent, job);
    }
    this.#feed();
    if (lost.includes(this.#holder)) void this.#rejoin();
    if (wait !== null) this.#wakeIn(wait);
    if (this.#due.size > 0) this.#pump([]);
  }

  /**
   * A task that every agent here failed at would wait for ever: one that is idle makes room for a fresh one, whose context knows nothing of
   * it. Tasks of agents that went with their process never starve: all that is alive is new to them.
   */
  #feed(): void {
    const { live } = this.crew;
    for (const [id, { type, failedAgents, notBefore }] of this.#starving) {
      if ((notBefore ?? 0) > Date.now()) continue;
      const fit = live.filter(({ kind, types }) => kind === 'thread' && (types as readonly string[]).includes(type));
      if (fit.length === 0 || fit.some((agent) => !failedAgents.includes(agent.id))) continue;
      const idle = fit.find((agent) => agent.state === 'idle' && !this.#offered.has(agent));
      if (idle === undefined) return;
      this.#starving.delete(id);
      this.#log.info({ agent_id: idle.id, task_id: id }, 'agent makes room for a fresh one');
      void this.crew.recycle(idle);
      return;
    }
  }

  #wakeIn(ms: number): void {
    clearTimeout(this.#wake);
    this.#wake = setTimeout(() => this.#pump(), ms + 1);
    this.#wake.unref();
  }

  /** A task was to go to this agent; null: it went nowhere, or elsewhere. */
  #takeOver(agent: Agent, job: Job | null): void {
    if (job !== null && job.state === 'in_progress' && job.agent === agent.id) this.#start(agent, job);
    else this.#free(agent);
  }

  #start(agent: Agent, job: Job): void {
    if (agent.state === 'degraded' || this.#phase === 'closed') {
      // It was lost while the task was on its way: nobody has begun.
      void this.#tell(() => this.engine.release({ id: job.id, token: job.token }), job);
      return;
    }
    this.#starving.delete(job.id);
    agent.begin(job, performance.now());
    agent.state = 'executing';
    this.#tellAssigned(agent, job);
    agent.worker!.run({
      id: job.id,
      type: job.type as TaskType,
      payload: JSON.parse(job.payload),
      trace: job.trace,
      attempt: job.attempts,
    });
    this.#watchOver();
  }

  #tellAssigned(agent: Agent, job: Job): void {
    this.#options.meter.assigned(job, this.settings.assignment_sla);
    this.#log.info({ ...aboutJob(job), agent_id: agent.id, latency_ms: job.assignmentLatency }, 'task assigned');
  }

  /** One attempt at a task, from its assignment to its end. Its services carry the same parent (`services.ts`). */
  #trace(agent: Agent, { id, type, trace, attempts }: Job, since: number, problem: string | null): void {
    const tracer = this.#options.tracer ?? null;
    if (tracer === null) return;
    const parent = { trace, span: trace.slice(0, 16), sampled: true };
    const attributes = { 'policyd.task_id': id, 'policyd.task_type': type, 'policyd.agent_id': agent.id, 'policyd.attempt': attempts };
    tracer.startSpan(`task ${type}`, parent, attributes, 'internal', since).end(problem);
  }

  #free(agent: Agent): void {
    if (agent.state !== 'degraded') agent.state = 'idle';
    this.#pump([agent]);
  }

  #hold(agent: Agent): void {
    const [assignment] = agent.assignments.values();
    if (assignment === undefined) return;
    if (assignment.over) this.#release(agent, assignment.job.id);
    else {
      assignment.held = true;
      this.#log.info({ ...aboutJob(assignment.job), agent_id: agent.id }, 'task held');
    }
  }

  /** An agent's own word on its task. */
  #finish(agent: Agent, outcome: Outcome): void {
    const [assignment] = agent.assignments.values();
    if (assignment === undefined) return;
    const { job, since, over } = assignment;
    agent.assignments.delete(job.id);
    const leaks = agent.memory.heap + agent.memory.external > this.#options.memory * 2 ** 20 * KEEPS;
    if (over) {
      if (leaks) this.crew.degrade(agent, describeLeak(agent));
      else this.#free(agent);
      return;
    }
    agent.count(job.type, outcome.kind === 'completed', performance.now() - since);
    this.#trace(agent, job, since, outcome.kind === 'completed' ? null : 'failed');
    if (!leaks) agent.state = 'idle';
    // The end of one task and the beginning of the next share a commit.
    const lease = { id: job.id, token: job.token };
    if (outcome.kind === 'completed') void this.#tellCompleted(agent, job, lease, outcome.result);
    else void this.#fail(lease, outcome.error, outcome.final, job, agent);
    if (leaks) this.crew.degrade(agent, describeLeak(agent));
    else this.#pump([agent]);
  }

  async #tellCompleted(agent: Agent, job: Job, lease: Lease, result: string | null): Promise<void> {
    const ended = await this.#tell(() => this.engine.complete(lease, result), job);
    if (ended === null) return;
    if (ended.result !== 'done') this.#log.warn({ ...aboutJob(job), agent_id: agent.id }, 'result came too late');
    else this.#log.info({ ...aboutJob(ended.job!), agent_id: agent.id }, 'task completed');
  }

  /** One attempt is over, without success: another idle agent, or the queue, or the end. */
  async #fail(lease: Lease, error: string, final: boolean, job: Job | null, from: Agent | null): Promise<Ended> {
    const failedAgents = [...(job?.failedAgents ?? []), ...(from === null ? [] : [from.id])];
    const taker =
      job === null || final || job.attempts >= job.maxAttempts
        ? null
        : this.#chooseIdle({ type: job.type, preferredAgent: null, caller: job.caller, failedAgents });
    const seat: Seat | null = taker === null ? null : { agent: taker.id, holder: taker.holder };
    const delay = Math.min(RETRY[0] * 2 ** Math.max(0, (job?.attempts ?? 1) - 1), RETRY[1]);
    const ended = await this.#tell(() => this.engine.fail(lease, error.slice(0, 4_000), { seat, delay, final }), job);
    if (taker !== null) this.#takeOver(taker, ended?.result === 'done' ? ended.job : null);
    if (ended?.result === 'done') {
      const { state, attempts, maxAttempts, notBefore } = ended.job!;
      const about = { ...aboutJob(ended.job!), agent_id: from?.id ?? null, error, attempts, max_attempts: maxAttempts };
      if (state === 'failed') this.#log.warn(about, 'task failed');
      else this.#log.warn({ ...about, not_before: notBefore }, 'task is tried again');
      if (state === 'pending') {
        if (this.#starving.size < STARVING) this.#starving.set(ended.job!.id, ended.job!);
        this.#wakeIn(delay);
      }
    }
    return ended ?? { result: 'stale', job };
  }

  /** Tells the record, again and again while the store is away; null where the pool was closed before. */
  async #tell<Result>(work: () => Promise<Result>, job: Job | null): Promise<Result | null> {
    for (let wait: number = TELL[0]; ; wait = Math.min(wait * 2, TELL[1])) {
      try {
        return await work();
      } catch (error) {
        this.#log.error({ ...(job === null ? {} : aboutJob(job)), error: (error as Error).message }, 'record cannot be written');
        if (this.#phase === 'closed') return null;
        await new Promise((resolve) => setTimeout(resolve, wait).unref());
      }
    }
  }

  /** Agents that were lost by themselves; `failAgent` looks after its own. */
  #lose(agent: Agent, reason: string): void {
    this.#offered.delete(agent);
    this.#log.warn({ ...this.#about(agent), reason }, 'agent degraded');
    this.#options.meter.lost();
    for (const { job, since, over } of agent.assignments.values()) {
      if (over) continue;
      agent.count(job.type, false, 0);
      this.#trace(agent, job, since, 'agent_lost');
      if (this.#phase !== 'closed') void this.#fail({ id: job.id, token: job.token }, reason, false, job, agent);
    }
    agent.assignments.clear();
    clearTimeout(this.#contacts.get(agent.id));
    this.#contacts.delete(agent.id);
  }

  /** A task of an agent here was ended by somebody else. */
  #takeAway(id: string, reason: string, completed: boolean, from?: Agent): void {
    const found = from === undefined ? this.#holderOf(id) : { agent: from, assignment: from.assignments.get(id) };
    if (found?.assignment === undefined || found.assignment.over) return;
    const { agent, assignment } = found as { agent: Agent; assignment: Assignment };
    assignment.over = true;
    agent.count(assignment.job.type, completed, performance.now() - assignment.since);
    if (assignment.held || agent.kind === 'external') {
      this.#release(agent, id);
      return;
    }
    agent.worker!.abort(reason);
    setTimeout(() => {
      if (agent.assignments.get(id) === assignment) this.crew.degrade(agent, 'it did not stop when its task was taken away');
    }, STOP).unref();
  }

  #release(agent: Agent, id: string): void {
    agent.assignments.delete(id);
    if (agent.state === 'degraded' || agent.assignments.size > 0) return;
    this.#free(agent);
  }

  #holderOf(id: string): { readonly agent: Agent; readonly assignment: Assignment } | null {
    for (const agent of this.crew.live) {
      const assignment = agent.assignments.get(id);
      if (assignment !== undefined) return { agent, assignment };
    }
    return null;
  }

  #serve(agent: Agent, service: Service, body: unknown, signal: AbortSignal): Promise<unknown> {
    const [assignment] = agent.assignments.values();
    if (assignment === undefined) return Promise.reject(new Error('the agent has no task'));
    return this.#options.services.call(service, body, assignment.job.trace, signal);
  }

  #hear(hint: JobHint): void {
    if (hint.kind === 'work') {
      if (hint.queue === COORDINATION) this.#pump();
    } else if (hint.kind === 'ended') {
      this.#starving.delete(hint.id);
      this.#takeAway(hint.id, 'the task was ended elsewhere', false);
    } else {
      this.#log.warn({ task_id: hint.id, agent_id: hint.agent, holder: hint.holder, state: hint.state }, 'lease ran out');
      this.#pump();
    }
  }

  #learn(pending: number): void {
    this.#known = { pending, at: performance.now() };
  }

  /** A queue that is full is refused from memory: what floods it must not wait for the disk, nor make it work. */
  #refuseWhenFull(depth: number): void {
    if (this.#known.pending + this.#queueing < depth) return;
    const before = this.#known;
    if (performance.now() - before.at > BELIEVED && !this.#asking && this.#queueing === 0) {
      this.#asking = true;
      this.engine
        .stats(COORDINATION)
        .then(({ pending }) => {
          // What was submitted or claimed meanwhile knows better: an older count would let in more than there is room for.
          if (this.#known === before && this.#queueing === 0) this.#learn(pending);
        })
        .catch(() => {})
        .finally(() => {
          this.#asking = false;
        });
    }
    throw this.#full(depth);
  }

  #full(depth: number): PoolError {
    this.#options.meter.refused();
    const times = this.crew.live.flatMap(({ averageTime }) => (averageTime === null ? [] : [averageTime]));
    const one = times.length === 0 ? 1_000 : times.reduce((sum, time) => sum + time, 0) / times.length;
    return queueFull(depth, Math.min(60, Math.max(1, Math.ceil(one / Math.max(1, this.crew.live.length) / 1_000))));
  }

  /** While somebody works: signs of life to the record, and looks at the agents. */
  #watchOver(): void {
    this.#beat ??= this.#every(this.#options.lease / 3, () => this.#beatOnce());
    this.#watch ??= this.#every(Math.min(WATCH, this.#options.stall), () => this.#look());
  }

  #every(ms: number, work: () => void): NodeJS.Timeout {
    const timer = setInterval(() => {
      if (this.crew.live.some(({ kind, assignments }) => kind === 'thread' && assignments.size > 0)) return work();
      clearInterval(timer);
      if (this.#beat === timer) this.#beat = undefined;
      if (this.#watch === timer) this.#watch = undefined;
    }, ms);
    timer.unref();
    return timer;
  }

  #beatOnce(): void {
    this.engine.heartbeat(this.#holder).then(
      (alive) => {
        if (!alive) void this.#rejoin();
      },
      (error) => this.#log.error({ error: (error as Error).message }, 'lease cannot be renewed'),
    );
  }

  /** This process was given up: its tasks are others' by now. It begins anew under another name. */
  async #rejoin(): Promise<void> {
    if (this.#phase === 'closed') return;
    const before = this.#holder;
    this.#holder = nameHolder();
    this.#log.warn({ before, holder: this.#holder }, 'lease was lost');
    for (const agent of this.crew.live) {
      if (agent.kind !== 'thread') continue;
      agent.holder = this.#holder;
      for (const id of [...agent.assignments.keys()]) this.#takeAway(id, 'the lease of this process ran out', false);
    }
    await this.#tell(() => this.engine.join(this.#holder, this.#options.lease), null);
    this.#pump();
  }

  #look(): void {
    for (const agent of this.crew.live) {
      const [assignment] = agent.assignments.values();
      if (agent.worker === null || assignment === undefined) continue;
      const { job, since, held, over } = assignment;
      if (!over && performance.now() - since > this.#options.taskTimeout) {
        const reason = `the attempt took longer than ${this.#options.taskTimeout} ms`;
        const taken = this.#fail({ id: job.id, token: job.token }, reason, false, job, agent);
        this.#takeAway(job.id, reason, false, agent);
        void taken;
      } else if (!held && !this.#pinged.has(agent)) void this.#ping(agent);
    }
  }

  readonly #pinged = new WeakSet<Agent>();

  async #ping(agent: Agent): Promise<void> {
    this.#pinged.add(agent);
    try {
      agent.memory = await agent.worker!.ping(this.#options.stall);
      if (agent.memory.external > this.#options.memory * 2 ** 20) this.crew.degrade(agent, describeLeak(agent));
    } catch (error) {
      this.crew.degrade(agent, (error as Error).message);
    } finally {
      this.#pinged.delete(agent);
    }
  }

  readonly #contacts = new Map<string, NodeJS.Timeout>();
  readonly #leases = new WeakMap<Agent, number>();

  /** An agent elsewhere must be heard of again within its lease. */
  #expect(agent: Agent, lease = this.#leases.get(agent)!): void {
    this.#leases.set(agent, lease);
    clearTimeout(this.#contacts.get(agent.id));
    const timer = setTimeout(() => {
      // Its tasks are under its own lease, which the engine looks after: in doubt it still has them.
      for (const assignment of agent.assignments.values()) assignment.over = true;
      this.crew.degrade(agent, `it was not heard of for ${lease} ms`);
    }, lease);
    timer.unref();
    this.#contacts.set(agent.id, timer);
  }

  #findExternal(id: string, viewer: Viewer): Agent {
    const agent = this.crew.get(id);
    if (agent === null || !agent.isFor(viewer)) throw unknownAgent(id);
    if (agent.kind !== 'external') {
      throw new PoolError(
        409,
        'NotExternal',
        `\`${id}\` is a thread of this process and is given its tasks [not-external] help: POST /api/coordination/agents with \`"kind": "external"\``,
      );
    }
    if (agent.state === 'degraded') throw goneAgent(id);
    return agent;
  }

  #dismiss(agent: Agent): never {
    for (const assignment of agent.assignments.values()) assignment.over = true;
    this.crew.degrade(agent, 'its lease ran out');
    throw goneAgent(agent.id);
  }

  /** Waits for tasks to end, then takes them away; how many were given back. */
  async #empty(grace: number): Promise<number> {
    const holding = (): Agent[] => this.crew.live.filter(({ assignments }) => assignments.size > 0);
    const end = performance.now() + grace;
    const works = (): boolean =>
      holding().some(({ assignments, kind }) => kind === 'thread' && [...assignments.values()].some(({ held, over }) => !held && !over));
    while (works() && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 10));
    let returned = 0;
    for (const agent of holding()) {
      for (const assignment of [...agent.assignments.values()]) {
        const { job, over } = assignment;
        assignment.over = true;
        agent.worker?.abort('the pool shuts down');
        agent.assignments.delete(job.id);
        if (over) continue;
        const ended = await this.#tell(() => this.engine.release({ id: job.id, token: job.token }), job);
        if (ended?.result === 'done') returned++;
      }
    }
    return returned;
  }

  #refuseWhileStopping(): void {
    if (this.#phase !== 'stopping' && this.#phase !== 'closed') return;
    throw new PoolError(503, 'PoolStopping', 'the pool is being shut down [pool-stopping] help: ask again in a few seconds', 5);
  }

  async #remember(): Promise<void> {
    await this.engine.writeSize(COORDINATION, this.crew.live.filter(({ kind }) => kind === 'thread').length);
  }

  #about(agent: Agent): Record<string, unknown> {
    const [assignment] = agent.assignments.values();
    return { agent_id: agent.id, ...(assignment === undefined ? {} : aboutJob(assignment.job)) };
  }
}

function nameHolder(): string {
  return `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`;
}

/** What a line of the log says of a task. */
function aboutJob({ id, type, trace, agent, state }: Job): Record<string, unknown> {
  return { task_id: id, task_type: type, trace_id: trace, agent_id: agent, state };
}

function refuseUnknown(id: string, { job }: { readonly job: Job | null }): Job {
  if (job === null || job.queue !== COORDINATION) throw unknownTask(id);
  return job;
}

function staleTask(job: Job): PoolError {
  const what = hasEnded(job.state) ? `is ${job.state} already` : `is in other hands now (\`${job.agent}\`)`;
  return new PoolError(
    409,
    'TaskNotYours',
    `task \`${job.id}\` ${what} [stale] help: GET /api/coordination/tasks/${job.id} says what became of it`,
  );
}

function goneAgent(id: string): PoolError {
  return new PoolError(
    409,
    'AgentGone',
    `agent \`${id}\` was not heard of in time and has lost its tasks [agent-gone] help: POST /api/coordination/agents makes a new one`,
  );
}

function describeLeak({ memory }: Agent): string {
  return `it kept ${Math.round((memory.heap + memory.external) / 2 ** 20)} MiB after its task`;
}
