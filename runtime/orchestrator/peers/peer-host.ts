import type { Logger } from 'pino';
import type { NodeState, Resources } from '../../../schema/workload.ts';
import type { PolicyCell } from '../../router/policy-cell.ts';
import { OrchestratorError } from '../orchestrator-error.ts';
import { type Pod, type Runner, RunnerError, type RunStatus, type StopResult } from '../runner.ts';
import { readBootClock } from './boot-clock.ts';
import { hashCapability } from './hash-capability.ts';
import { addUp, atMost, holdingOf, leftOf } from './amounts.ts';
import type { HostedBook } from './hosted-book.ts';
import { hasEnded, HostedRun, nameHosted } from './hosted-run.ts';
import { judgeOffer } from './judge-offer.ts';
import type { LeaseFiles } from './lease-files.ts';
import type { PeerMeter } from './peer-meter.ts';
import { readPiece } from './read-piece.ts';
import { renewLease } from './renew-lease.ts';
import { readToken, sayToken } from './token.ts';
import { type Grant, type Offer, OTHER, PEER_NODES, PEER_PROTOCOL, type PeerFacts, type Sync, type Synced } from './wire.ts';

/** Runs of peers at once, and those that have ended and are still answered for from memory. */
const MOST_RUNS = 512;
const MOST_ENDED = 1_024;
/** Ms between two looks at the leases. */
const LOOK = 250;
/** Ms that a run has to end nicely when its lease is over. The owner waits for longer than this; see `fence.ts`. */
const LEASE_GRACE = 2_000;
const AGAIN = 1_000;

export interface PeerHostOptions {
  readonly instance: string;
  readonly version: string;
  readonly cell: PolicyCell;
  readonly log: Logger;
  readonly meter: PeerMeter;
  readonly book: HostedBook;
  readonly leases: LeaseFiles;
  /** Where runs of peers may go: places of this policyd's own. A run that came from a peer goes to none. */
  runners(): readonly Runner[];
}

/**
 * The side that takes runs of peers. A run needs a lease, which is judged by this policyd's own policy; it lives while its owner is heard
 * of, and ends when it is not: then the owner may start it elsewhere, and it never runs twice.
 */
export class PeerHost {
  readonly #options: PeerHostOptions;
  /** By id; those that have ended last are forgotten first. */
  readonly #runs = new Map<string, HostedRun>();
  readonly #waiters = new Set<() => void>();
  readonly #closed = new AbortController();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: PeerHostOptions) {
    this.#options = options;
  }

  /** Takes up the runs of before a restart, and looks after leases from now on. */
  async begin(): Promise<void> {
    const { book, leases } = this.#options;
    for (const hosted of await book.open()) {
      if (this.#runs.has(hosted.id)) continue;
      hosted.expires = leases.read(hosted.id);
      this.#runs.set(hosted.id, hosted);
      void this.#watch(hosted);
    }
    await book.prune();
    this.#timer = setInterval(() => this.#look(), LOOK);
    this.#timer.unref();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#closed.abort();
    this.#tell();
  }

  nodes(): NodeState[] {
    return this.#options
      .runners()
      .flatMap((runner) => runner.nodes().filter(({ kind }) => kind !== 'peer'))
      .slice(0, PEER_NODES);
  }

  /** What is free is what this peer may have of it, by the quotas of the policy. */
  facts(owner: string): PeerFacts {
    const { version, instance, cell } = this.#options;
    const nodes = this.nodes();
    const quotas = cell.active.manifest.workloads?.quotas;
    const all = leftOf(quotas, { jobs: 0, cpuMillis: 0, memoryBytes: 0 });
    const left = leftOf(quotas, holdingOf(owner, this.#live()));
    const shown = nodes.map((node) => ({
      ...node,
      forms: [...node.forms],
      total: atMost(node.total, all),
      free: atMost(this.#lessPromised(node), left),
      cordoned: node.cordoned || left.jobs < 1,
    }));
    return { protocol: PEER_PROTOCOL, version, instance, policy: cell.active.hash, capability: hashCapability(nodes), nodes: shown };
  }

  /** @throws OrchestratorError 409 with every reason why it is not taken. */
  async offer(owner: string, offer: Offer): Promise<Grant> {
    const { instance, cell, meter, log } = this.#options;
    if (offer.protocol !== PEER_PROTOCOL) {
      const detail = `it speaks protocol ${offer.protocol}, this policyd ${PEER_PROTOCOL}`;
      throw this.#refuse(owner, offer, [{ code: 'protocol', detail }]);
    }
    const there = await this.#find(owner, offer.run);
    if (there !== null) return { instance, token: sayToken(), status: there.status };
    // From here to the place it takes there is no await; another offer of the same run may have come meanwhile.
    const other = this.#runs.get(nameHosted(owner, offer.run));
    if (other !== undefined) return { instance, token: sayToken(), status: other.status };
    const node = this.nodes().find(({ name }) => name === offer.node);
    const live = this.#live();
    const capability = hashCapability(this.nodes());
    const reasons =
      live.length >= MOST_RUNS
        ? [{ code: 'too_many_runs', limit: MOST_RUNS }]
        : live.some(({ run }) => run === offer.run)
          ? [{ code: 'run_taken', detail: 'a run of this name is here, of another owner' }]
          : offer.capability !== capability
            ? [{ code: 'stale_capability', detail: 'its nodes are not what they were when the offer was made', capability }]
            : node === undefined
              ? [{ code: 'no_node', node: offer.node, detail: 'there is no such node' }]
              : judgeOffer(cell.active.module.workloads, offer, node, holdingOf(owner, live), this.#promised(node.name));
    if (reasons.length > 0) throw this.#refuse(owner, offer, reasons);
    const { name, needs } = offer.workload;
    const hosted = new HostedRun(owner, offer, { name, needs }, readBootClock() + offer.lease, offer.workload);
    this.#runs.set(hosted.id, hosted);
    meter.countOffer('granted');
    log.info({ peer: owner, run: offer.run, job: offer.job, trace: offer.trace, node: offer.node, lease: offer.lease }, 'lease granted');
    return { instance, token: sayToken(), status: null };
  }

  /** @throws OrchestratorError 409 without a lease, 502 where the run cannot be started. */
  async start(owner: string, run: string, token: string): Promise<Grant & { readonly status: RunStatus }> {
    const { instance } = this.#options;
    const hosted = await this.#find(owner, run);
    if (hosted === null) throw new OrchestratorError(409, 'no_lease', 'there is no lease for this run [no-lease] help: offer it again');
    if (hosted.status === null) {
      this.#renew(hosted, token);
      hosted.starting ??= this.#start(hosted).finally(() => (hosted.starting = null));
      await hosted.starting;
    }
    return { instance, token: sayToken(), status: hosted.status! };
  }

  /** What became of runs, when something has, at the latest after `wait`; renews the leases that the token is for. */
  async sync(owner: string, { token, wait, runs }: Sync, signal: AbortSignal): Promise<Synced> {
    const deadline = readBootClock() + wait;
    const found = await Promise.all(runs.map(async ({ id, seen }) => ({ id, seen, hosted: await this.#find(owner, id) })));
    for (const { hosted } of found) if (hosted !== null && token !== null) this.#renew(hosted, token);
    for (;;) {
      const now = found.map(({ id, seen, hosted }) => ({
        id,
        seen,
        hosted,
        digest: hosted?.digest ?? (this.#isOthers(owner, id) ? OTHER : 'none'),
      }));
      const news = now.filter(({ seen, digest }) => digest !== seen);
      const left = deadline - readBootClock();
      if (news.length > 0 || left <= 0 || signal.aborted || this.#closed.signal.aborted) {
        const told = news.map(({ id, hosted, digest }) => ({ id, seen: digest, status: hosted?.status ?? null }));
        return { facts: this.facts(owner), token: sayToken(), runs: told };
      }
      await this.#change(left, signal);
    }
  }

  /** A piece of a run's output. @throws OrchestratorError 404 where it is not there. */
  async readLog(
    owner: string,
    run: string,
    from: number,
    wait: number,
    signal: AbortSignal,
  ): Promise<{ readonly bytes: Buffer; readonly end: boolean }> {
    const hosted = await this.#find(owner, run);
    if (hosted === null || hosted.status === null) throw unknownRun(run);
    const runner = this.#runnerOf(hosted.node);
    if (runner === null)
      throw new OrchestratorError(503, 'no_runner', 'its place is not there [no-runner] help: ask again', { retryAfter: 1 });
    return readPiece(runner, hosted, from, wait, AbortSignal.any([signal, this.#closed.signal])).catch((error: unknown) => {
      throw toAnswer(error);
    });
  }

  async stop(owner: string, run: string, options: { grace: number; evict: boolean; reason: string }): Promise<StopResult> {
    const { cell, log } = this.#options;
    const hosted = await this.#find(owner, run);
    if (hosted === null || hosted.ended) return { result: 'gone' };
    if (hosted.status === null && hosted.starting === null) {
      this.#runs.delete(hosted.id);
      return { result: 'gone' };
    }
    await hosted.starting?.catch(() => {});
    if (options.evict && cell.active.module.workloads?.protects(hosted.name)) {
      return { result: 'refused', reason: `the policy of the peer protects \`${hosted.name}\`` };
    }
    const runner = this.#runnerOf(hosted.node);
    if (runner === null)
      throw new OrchestratorError(503, 'no_runner', 'its place is not there [no-runner] help: ask again', { retryAfter: 1 });
    log.info({ peer: owner, run, job: hosted.job, trace: hosted.trace, reason: options.reason }, 'run of a peer is stopped by it');
    return runner.stop({ id: hosted.id, node: hosted.node }, options).catch((error: unknown) => {
      throw toAnswer(error);
    });
  }

  /** The runs of a peer that are here. */
  list(owner: string): Omit<Pod, 'foreign'>[] {
    return [...this.#runs.values()]
      .filter((hosted) => hosted.owner === owner && hosted.status !== null)
      .map(({ run, job, name, node, status }) => ({ id: run, job, name, node, status: status! }));
  }

  /** How many runs of peers live here. */
  get size(): number {
    return this.#live().length;
  }

  #live(): HostedRun[] {
    return [...this.#runs.values()].filter(({ ended }) => !ended);
  }

  async #find(owner: string, run: string): Promise<HostedRun | null> {
    const id = nameHosted(owner, run);
    const there = this.#runs.get(id);
    if (there !== undefined) {
      this.#expire(there);
      return this.#runs.get(id) ?? null;
    }
    const remembered = await this.#options.book.find(id);
    return this.#runs.get(id) ?? (remembered?.ended ? remembered : null);
  }

  /** Whether a run that this owner does not have is here for another: it must not take it for gone. */
  #isOthers(owner: string, run: string): boolean {
    return [...this.#runs.values()].some((hosted) => hosted.run === run && hosted.owner !== owner && !hosted.ended);
  }

  async #start(hosted: HostedRun): Promise<RunStatus> {
    const { book, leases, log, meter } = this.#options;
    const { id, job, node, trace, workload } = hosted;
    const runner = this.#runnerOf(node);
    if (runner === null || workload === null)
      throw new OrchestratorError(409, 'no_lease', 'the node is not there any more [no-lease] help: offer it again');
    await book.add(hosted);
    await leases.write(id, hosted.expires);
    if (this.#expire(hosted)) throw new OrchestratorError(409, 'no_lease', 'the lease has ended [no-lease] help: offer it again');
    try {
      // Set before it is known: a lease that ends meanwhile must end what may be there.
      hosted.status = { phase: 'pending', reason: null, exitCode: null, startedAt: null, endedAt: null };
      const status = await runner.start({ id, job, node, trace, workload, lease: leases.path(id) });
      log.info({ peer: hosted.owner, run: hosted.run, job, trace, node, id }, 'run of a peer started');
      meter.countOffer('started');
      hosted.workload = null;
      if (!hosted.ended) await this.#set(hosted, status);
    } catch (error) {
      // It may run although nobody says so: it is watched, and what is not there is lost.
      if (!(error instanceof RunnerError && error.fatal)) {
        void this.#watch(hosted);
        throw toAnswer(error);
      }
      const reason = `${error.code}: ${error.message}`;
      await this.#set(hosted, { phase: 'failed', reason, exitCode: null, startedAt: null, endedAt: Date.now() });
    }
    if (!hosted.ended) void this.#watch(hosted);
    return hosted.status!;
  }

  async #watch(hosted: HostedRun): Promise<void> {
    const { log } = this.#options;
    while (!hosted.ended && !this.#closed.signal.aborted) {
      try {
        const runner = this.#runnerOf(hosted.node);
        if (runner === null) throw new RunnerError('no_runner', false, 'its place is not there');
        let last: RunStatus | null = null;
        let written = Promise.resolve();
        const hear = (status: RunStatus): void => {
          last = status;
          written = written.then(() => this.#set(hosted, status));
        };
        await runner.watch({ id: hosted.id, node: hosted.node }, hear, this.#closed.signal);
        await written;
        if (last !== null && hasEnded(last)) return;
      } catch (error) {
        log.warn(
          { peer: hosted.owner, run: hosted.run, trace: hosted.trace, error: (error as Error).message },
          'run of a peer is not seen',
        );
      }
      await new Promise((resolve) => setTimeout(resolve, AGAIN).unref());
    }
  }

  /** Durable, then told. */
  async #set(hosted: HostedRun, status: RunStatus): Promise<void> {
    if (hosted.ended) return;
    const { book, leases, log, meter } = this.#options;
    const lost = hosted.expired && hasEnded(status) && status.phase !== 'succeeded';
    const reason = lost ? `LeaseEnded: its owner was not heard of for ${hosted.lease} ms` : status.reason;
    const next: RunStatus = { ...status, phase: lost ? 'lost' : status.phase, reason };
    const before = hosted.status;
    hosted.status = next;
    if (before === null || before.phase !== next.phase || hasEnded(next)) {
      await book
        .update(hosted)
        .catch((error: Error) => log.error({ run: hosted.run, error: error.message }, 'run of a peer is not written down'));
    }
    if (hasEnded(next)) {
      const { owner, run, job, trace, id } = hosted;
      log.info({ peer: owner, run, job, trace, phase: next.phase, reason }, 'run of a peer ended');
      meter.countOffer(next.phase);
      void leases.remove(id);
      this.#runs.delete(id);
      this.#runs.set(id, hosted);
      this.#forget();
    }
    this.#tell();
  }

  #forget(): void {
    let ended = 0;
    for (const { ended: has } of this.#runs.values()) if (has) ended++;
    for (const [id, hosted] of this.#runs) {
      if (ended <= MOST_ENDED) return;
      if (!hosted.ended) continue;
      this.#runs.delete(id);
      ended--;
    }
  }

  #renew(hosted: HostedRun, token: string): void {
    const said = readToken(token);
    if (said === null || hosted.ended || this.#expire(hosted)) return;
    const expires = renewLease(hosted.expires, said, readBootClock(), hosted.lease);
    if (expires === null || expires === hosted.expires) return;
    hosted.expires = expires;
    if (hosted.status !== null) this.#options.leases.write(hosted.id, expires).catch(() => {});
  }

  #look(): void {
    for (const hosted of this.#runs.values()) if (!hosted.ended) this.#expire(hosted);
  }

  /** @returns whether its lease has ended, which is for ever. */
  #expire(hosted: HostedRun): boolean {
    if (hosted.expired) return true;
    if (hosted.ended || readBootClock() < hosted.expires) return false;
    hosted.expired = true;
    const { log, meter } = this.#options;
    const { owner, run, job, trace, id, node } = hosted;
    log.warn({ peer: owner, run, job, trace, lease: hosted.lease }, 'lease ended');
    meter.countOffer('expired');
    if (hosted.status === null) this.#runs.delete(id);
    else void this.#end({ id, node });
    return true;
  }

  async #end(run: { readonly id: string; readonly node: string }): Promise<void> {
    for (let attempt = 0; attempt < 60 && !this.#closed.signal.aborted; attempt++) {
      try {
        const options = { grace: LEASE_GRACE, evict: false, reason: 'LeaseEnded: its owner was not heard of' };
        await this.#runnerOf(run.node)!.stop(run, options);
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, AGAIN).unref());
      }
    }
  }

  #runnerOf(node: string): Runner | null {
    const runners = this.#options.runners();
    return runners.find((runner) => runner.nodes().some(({ name, kind }) => name === node && kind !== 'peer')) ?? null;
  }

  /** What is held on a node for runs that have not started: those that have are in what the node says of itself. */
  #promised(node: string): Resources {
    const held = [...this.#runs.values()].filter((hosted) => hosted.node === node && hosted.status === null);
    return addUp(held);
  }

  #lessPromised({ name, free }: NodeState): Resources {
    const held = this.#promised(name);
    return {
      cpuMillis: Math.max(0, free.cpuMillis - held.cpuMillis),
      memoryBytes: Math.max(0, free.memoryBytes - held.memoryBytes),
      gpus: Math.max(0, free.gpus - held.gpus),
    };
  }

  #tell(): void {
    for (const wake of this.#waiters) wake();
  }

  #change(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#waiters.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#waiters.add(done);
      signal.addEventListener('abort', done, { once: true });
    });
  }

  #refuse(
    owner: string,
    { run, job, trace }: Offer,
    reasons: readonly (Readonly<Record<string, unknown>> & { code: string })[],
  ): OrchestratorError {
    const codes = reasons.map(({ code }) => code);
    this.#options.meter.countOffer('refused');
    this.#options.log.info({ peer: owner, run, job, trace, reasons: codes }, 'offer of a peer refused');
    const message = `the run is not taken: ${codes.join(', ')} [offer-refused] help: place it elsewhere`;
    return new OrchestratorError(409, 'offer_refused', message, { reasons });
  }
}

function unknownRun(run: string): OrchestratorError {
  return new OrchestratorError(
    404,
    'unknown_run',
    `there is no run \`${run}\` [unknown-run] help: GET /v1/peers/runs lists those that are there`,
  );
}

function toAnswer(error: unknown): unknown {
  if (!(error instanceof RunnerError)) return error;
  return new OrchestratorError(
    error.fatal ? 409 : 503,
    error.code,
    `${error.message} [runner] help: ${error.fatal ? 'place it elsewhere' : 'ask again'}`,
    {
      retryAfter: error.fatal ? null : 1,
    },
  );
}
