import type { Logger } from 'pino';
import type { NodeState } from '../../../schema/workload.ts';
import { type Pod, type Runner, RunnerError, type RunRequest, type RunStatus, type StopResult } from '../runner.ts';
import { readBootClock } from './boot-clock.ts';
import { fenceOf } from './fence.ts';
import type { Forward, ForwardBook } from './forward-book.ts';
import { hasEnded } from './hosted-run.ts';
import type { Peer } from './peer.ts';
import { PeerRefusal } from './peer-client.ts';
import type { PeerDirectory } from './peer-directory.ts';
import { lose, PeerLink } from './peer-link.ts';
import type { ForwardResult, PeerMeter } from './peer-meter.ts';
import { GrantShape, type Grant, PEER_PROTOCOL, PodsShape, StartedShape, StoppedShape } from './wire.ts';

/** Ms for an answer that needs the peer's disk; for output, how long it is let wait for more. */
const TIMEOUT = 10_000;
const LOG_WAIT = 5_000;
const SLACK = 3_000;
const PAUSE = 250;
const LONGEST_PAUSE = 2_000;
/** Ms that the output of a run that was lost may still come. */
const LAST_WORDS = 5_000;
/** Runs of before a restart whose nodes are told of. */
const MOST_STRAYS = 512;
/** Ms beside its grace that a run may take to end. */
const ENDING = 40_000;
/** Reasons that are seen in what a peer says of its nodes: after them another look is enough. */
const SEEN = [
  'unreachable',
  'cordoned',
  'labels',
  'form',
  'gpu',
  'cpu',
  'memory',
  'jobs_per_token',
  'stale_capability',
  'no_node',
  'no_lease',
];
const ID = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

export interface PeerRunnerOptions {
  readonly directory: PeerDirectory;
  readonly book: ForwardBook;
  /** Ms that a run at a peer may live without being heard of. */
  readonly lease: number;
  readonly log: Logger;
  readonly meter: PeerMeter;
}

type RunName = Pick<RunRequest, 'id' | 'node'>;

/**
 * Runs at other policyds. One that a peer does not take, or that nobody can have started there, is `lost` at once: it may be placed anew.
 * One that may run is `lost` when its lease has surely ended.
 */
export class PeerRunner implements Runner {
  readonly #options: PeerRunnerOptions;
  readonly #links = new Map<string, PeerLink>();
  readonly #closed = new AbortController();
  /** Nodes by the runs that are there, of before a restart. */
  readonly #strays = new Map<string, string>();

  constructor(options: PeerRunnerOptions) {
    this.#options = options;
  }

  nodes(): readonly NodeState[] {
    const told = this.#options.directory.all.flatMap((peer) => peer.nodes());
    if (this.#strays.size === 0) return told;
    const names = new Set(told.map(({ name }) => name));
    return [...told, ...[...new Set(this.#strays.values())].filter((name) => !names.has(name)).map(describeStray)];
  }

  /** Nodes of runs of before a restart are told of even while nobody else tells of them: their runs are this runner's. */
  async begin(): Promise<void> {
    for (const { run, node } of await this.#options.book.open(MOST_STRAYS)) this.#strays.set(run, node);
  }

  /** How many runs are followed at peers. */
  get size(): number {
    return [...this.#links.values()].reduce((sum, { size }) => sum + size, 0);
  }

  async start(run: RunRequest): Promise<RunStatus> {
    const { book, directory } = this.#options;
    const before = await this.#find(run.id);
    if (before !== null) return this.#begin(run, before, null);
    const { peer: name } = split(run.node);
    const peer = directory.get(name);
    if (peer === null || peer.state !== 'up')
      return this.#lose(run, 'unreachable', `\`${name}\` is not there: ${peer?.reason ?? 'nothing tells of it'}`);
    let grant: Grant;
    try {
      grant = await this.#offer(peer, run);
    } catch (error) {
      // An offer starts nothing, and this run was never more than offered.
      if (!(error instanceof PeerRefusal)) directory.suspect(name);
      else await this.#hearRefusal(peer, error);
      const reason = `\`${name}\` ${error instanceof PeerRefusal ? 'does not take it' : 'does not answer'}: ${describe(error as Error)}`;
      return this.#lose(run, error instanceof PeerRefusal ? 'refused' : 'unreachable', reason);
    }
    const { lease } = this.#options;
    const kind = peer.facts?.nodes.find((node) => node.name === split(run.node).node)?.kind;
    const fenced = kind === 'local' ? 1 : 0;
    const place = { run: run.id, peer: name, node: run.node, instance: grant.instance };
    const forward: Forward = { ...place, lease, fenced, created_at: Date.now(), ended_at: null };
    await attempt(() => book.add(forward));
    return this.#begin(run, forward, grant);
  }

  async watch(run: RunName, hear: (status: RunStatus) => void, signal: AbortSignal): Promise<void> {
    const forward = await this.#find(run.id);
    if (signal.aborted) return;
    if (forward === null) return hear(lose('no peer was ever told to start it'));
    await this.#link(forward.peer).follow(forward, hear, signal);
  }

  async logs(run: RunName, from: number, hear: (bytes: Buffer) => Promise<void>, signal: AbortSignal): Promise<void> {
    const { directory } = this.#options;
    const forward = await this.#find(run.id);
    if (forward === null) return;
    const over = new AbortController();
    const stop = AbortSignal.any([signal, over.signal, this.#closed.signal]);
    let last: NodeJS.Timeout | undefined;
    // Its end may be known when no output comes any more.
    const followed = this.#link(forward.peer).follow(
      forward,
      (status) => {
        if (hasEnded(status)) last = setTimeout(() => over.abort(), status.phase === 'lost' ? LAST_WORDS : 6 * LAST_WORDS);
      },
      stop,
    );
    let at = from;
    let failures = 0;
    while (!stop.aborted) {
      let piece: { readonly bytes: Buffer; readonly end: boolean };
      try {
        const peer = directory.get(forward.peer);
        if (peer === null || peer.state === 'gone') throw new Error('nothing tells of it');
        if (peer.facts !== null && peer.facts.instance !== forward.instance) throw new Error('another policyd answers in its place');
        piece = await peer.client.readLog(`/v1/peers/runs/${run.id}/logs?from=${at}&wait=${LOG_WAIT}`, LOG_WAIT + SLACK, stop);
        failures = 0;
      } catch (error) {
        if (stop.aborted || (error instanceof PeerRefusal && error.status === 404)) break;
        await pause(++failures);
        continue;
      }
      at += piece.bytes.length;
      if (piece.bytes.length > 0) await hear(piece.bytes);
      if (piece.end) break;
    }
    over.abort();
    clearTimeout(last);
    await followed;
  }

  async stop(run: RunName, options: { readonly grace: number; readonly evict: boolean; readonly reason: string }): Promise<StopResult> {
    const { directory } = this.#options;
    const forward = await this.#find(run.id);
    if (forward === null) return { result: 'gone' };
    const peer = directory.get(forward.peer);
    if (peer === null || peer.state === 'gone' || (peer.facts !== null && peer.facts.instance !== forward.instance)) {
      throw new RunnerError('peer_away', false, `\`${forward.peer}\` is not there: ${peer?.reason ?? 'nothing tells of it'}`);
    }
    const { grace, evict, reason } = options;
    const body = { grace: Math.min(Math.max(0, Math.round(grace)), 86_400_000), evict, reason: reason.slice(0, 1_024) };
    try {
      const path = `/v1/peers/runs/${run.id}/stop`;
      const stopped = await peer.client.ask({ method: 'POST', path, body, shape: StoppedShape, timeout: body.grace + ENDING });
      return stopped.result === 'refused'
        ? { result: 'refused', reason: stopped.reason ?? 'the peer says so' }
        : { result: stopped.result };
    } catch (error) {
      throw this.#toRunnerError(forward.peer, error as Error);
    }
  }

  async list(signal: AbortSignal): Promise<readonly Pod[]> {
    const peers = this.#options.directory.all.filter(({ state }) => state === 'up');
    const lists = await Promise.all(
      peers.map(async (peer) => {
        try {
          const { items } = await peer.client.ask({ method: 'GET', path: '/v1/peers/runs', shape: PodsShape, timeout: SLACK, signal });
          return items.map((pod): Pod => ({ ...pod, node: `${peer.name}/${pod.node}`, foreign: false }));
        } catch (error) {
          throw this.#toRunnerError(peer.name, error as Error);
        }
      }),
    );
    return lists.flat();
  }

  async close(): Promise<void> {
    this.#closed.abort();
    for (const link of this.#links.values()) link.close();
  }

  /** Tells the peer to start it, until it says so, or no run that it was told of can be alive any more. */
  async #begin(run: RunRequest, forward: Forward, first: Grant | null): Promise<RunStatus> {
    const { directory, meter, log } = this.#options;
    const link = this.#link(forward.peer);
    let grant = first;
    let heard = readBootClock();
    for (let failures = 1; ; failures++) {
      const peer = directory.get(forward.peer);
      try {
        if (peer === null || peer.state === 'gone') throw new Error('nothing tells of it');
        if (grant === null) {
          grant = await this.#offer(peer, run);
          if (grant.instance !== forward.instance) throw new Error('another policyd answers in its place');
          heard = readBootClock();
        }
        if (grant.status !== null) return this.#found(run, forward, grant.token, grant.status);
        const { client } = peer;
        const path = `/v1/peers/runs/${run.id}/start`;
        const body = { token: grant.token };
        const started = await client.ask({ method: 'POST', path, body, shape: StartedShape, timeout: TIMEOUT, trace: run.trace });
        link.note(started.instance, started.token);
        meter.countForward('started');
        // What is free there has changed.
        directory.suspect(forward.peer);
        log.info(
          { peer: forward.peer, run: run.id, job: run.job, trace: run.trace, node: run.node, lease: forward.lease },
          'run sent to a peer',
        );
        return started.status;
      } catch (error) {
        if (this.#closed.signal.aborted) throw new RunnerError('closed', false, 'this policyd is going down');
        grant = null;
        const same = peer?.facts?.instance === forward.instance;
        // Who has the run says so before it judges an offer: a refusal means that it is not there.
        if (error instanceof PeerRefusal && error.code === 'offer_refused' && same) {
          await this.#hearRefusal(peer!, error);
          this.#end(run.id);
          return this.#lose(run, 'refused', `\`${forward.peer}\` does not take it: ${describe(error)}`);
        }
        directory.suspect(forward.peer);
        if (forward.fenced === 1 && readBootClock() > heard + fenceOf(forward.lease)) {
          this.#end(run.id);
          return this.#lose(run, 'lost', `\`${forward.peer}\` did not say whether it started the run: ${describe(error as Error)}`);
        }
        await pause(failures);
      }
    }
  }

  #find(run: string): Promise<Forward | null> {
    if (!ID.test(run)) throw new RunnerError('bad_run', true, `\`${run}\` is no name of a run [bad-run]`);
    return attempt(() => this.#options.book.find(run));
  }

  /** What it says of its nodes is asked again; where that cannot tell why it refuses, it is left alone for a while. */
  async #hearRefusal(peer: Peer, { reasons }: PeerRefusal): Promise<void> {
    if (reasons.length === 0 || !reasons.every(({ code }) => SEEN.includes(String(code)))) peer.rest();
    await this.#options.directory.refresh(peer.name);
  }

  #found(run: RunRequest, forward: Forward, token: string, status: RunStatus): RunStatus {
    this.#link(forward.peer).note(forward.instance, token);
    this.#options.meter.countForward('found');
    this.#options.log.info({ peer: forward.peer, run: run.id, job: run.job, trace: run.trace, phase: status.phase }, 'run found at a peer');
    return status;
  }

  #offer(peer: Peer, { id, job, node, trace, workload }: RunRequest): Promise<Grant> {
    const offer = {
      protocol: PEER_PROTOCOL,
      run: id,
      job,
      node: split(node).node,
      capability: peer.facts?.capability ?? '',
      lease: this.#options.lease,
      trace,
      workload: { ...workload, command: [...workload.command] },
    };
    return peer.client.ask({ method: 'POST', path: '/v1/peers/runs', body: offer, shape: GrantShape, timeout: TIMEOUT, trace });
  }

  #link(name: string): PeerLink {
    let link = this.#links.get(name);
    if (link === undefined) this.#links.set(name, (link = new PeerLink(name, { ...this.#options, end: (run) => this.#end(run) })));
    return link;
  }

  #end(run: string): void {
    const { book, log } = this.#options;
    this.#strays.delete(run);
    book.end(run).catch((error: Error) => log.warn({ run, error: error.message }, 'end of a run at a peer is not written down'));
  }

  #lose({ id, job, node, trace }: RunRequest, result: ForwardResult, reason: string): RunStatus {
    this.#options.meter.countForward(result);
    this.#options.log.warn({ run: id, job, trace, node, result, reason }, 'run did not go to a peer');
    return lose(reason);
  }

  #toRunnerError(name: string, error: Error): RunnerError {
    this.#options.directory.suspect(name);
    if (!(error instanceof PeerRefusal))
      return new RunnerError('peer_away', false, `\`${name}\` does not answer: ${error.message}`, { cause: error });
    return new RunnerError(error.code, error.status === 409, `\`${name}\` refuses: ${describe(error)}`, { cause: error });
  }
}

/** `<peer>/<its node>`; the peer's own name of a node may have slashes. */
function split(node: string): { readonly peer: string; readonly node: string } {
  const at = node.indexOf('/');
  return at === -1 ? { peer: node, node: '' } : { peer: node.slice(0, at), node: node.slice(at + 1) };
}

function describe(error: Error): string {
  if (!(error instanceof PeerRefusal) || error.reasons.length === 0) return error.message;
  return error.reasons.map(({ code, detail }) => (typeof detail === 'string' ? `${code}: ${detail}` : String(code))).join('; ');
}

function describeStray(name: string): NodeState {
  const nothing = { cpuMillis: 0, memoryBytes: 0, gpus: 0 };
  return { name, kind: 'peer', reachable: false, cordoned: false, labels: {}, forms: [], total: nothing, free: nothing, load: 0 };
}

async function attempt<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new RunnerError('store', false, `what was sent to peers is not to be read or written: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function pause(failures: number): Promise<void> {
  const ms = Math.min(PAUSE * 2 ** Math.min(failures, 5), LONGEST_PAUSE) * (0.75 + Math.random() * 0.5);
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
