import type { NodeState } from '../../../../schema/workload.ts';
import {
  type Pod,
  type Runner,
  RunnerError,
  type RunRequest,
  type RunStatus,
  type StopResult,
} from '../../../../runtime/orchestrator/runner.ts';

interface Run {
  readonly request: RunRequest;
  status: RunStatus;
  output: Buffer;
}

const GIB = 2 ** 30;

/**
 * A place that does what a test says: the port of all runners, with runs in memory that outlive who started them. Real ones are tried by
 * `test/exams/runners.test.ts`; this one fails when it is told to.
 */
export class ScriptedPlace implements Runner {
  readonly runs = new Map<string, Run>();
  /** Every run that was really begun, in order. */
  readonly begun: string[] = [];
  /** Errors for the next starts. */
  readonly refusals: RunnerError[] = [];
  /** Why it keeps what is to be evicted; null = it does not. */
  budget: string | null = null;
  /** Runs end by themselves as soon as they begin. */
  ends: RunStatus['phase'] | null = null;
  /** Starts are done, and the answer is lost. */
  loseAnswers = 0;
  readonly stops: { id: string; evict: boolean; reason: string }[] = [];
  node: NodeState;
  readonly #changed = new Set<() => void>();

  constructor(node: Partial<NodeState> = {}) {
    const total = { cpuMillis: 4_000, memoryBytes: 4 * GIB, gpus: 0 };
    const state = { reachable: true, cordoned: false, labels: {}, forms: ['process'], load: 0 } as const;
    this.node = { name: 'kubernetes/one', kind: 'kubernetes', ...state, total, free: total, ...node };
  }

  nodes(): readonly NodeState[] {
    const free = { ...this.node.total };
    for (const { status, request } of this.runs.values()) {
      if (isEnd(status)) continue;
      free.cpuMillis -= request.workload.needs.cpuMillis;
      free.memoryBytes -= request.workload.needs.memoryBytes;
    }
    return [{ ...this.node, free }];
  }

  async start(request: RunRequest): Promise<RunStatus> {
    const refusal = this.refusals.shift();
    if (refusal !== undefined) throw refusal;
    let run = this.runs.get(request.id);
    if (run === undefined) {
      this.begun.push(request.id);
      run = { request, status: running(), output: Buffer.from(`output of ${request.id}\n`) };
      this.runs.set(request.id, run);
      if (this.ends !== null) this.end(request.id, this.ends);
    }
    if (this.loseAnswers-- > 0) throw new RunnerError('cut', false, 'the answer was lost');
    return run.status;
  }

  /** What becomes of a run, and when nothing is said of which, of all. */
  end(id: string | null, phase: RunStatus['phase'], exitCode: number | null = phase === 'succeeded' ? 0 : 1): void {
    for (const [name, run] of this.runs) {
      if ((id !== null && name !== id) || isEnd(run.status)) continue;
      run.status = { ...run.status, phase, exitCode: phase === 'lost' ? null : exitCode, endedAt: Date.now() };
    }
    for (const tell of this.#changed) tell();
  }

  write(id: string, text: Buffer): void {
    const run = this.runs.get(id)!;
    run.output = Buffer.concat([run.output, text]);
    for (const tell of this.#changed) tell();
  }

  async watch({ id }: { id: string }, hear: (status: RunStatus) => void, signal: AbortSignal): Promise<void> {
    await this.#follow(signal, () => {
      const status = this.runs.get(id)?.status ?? LOST;
      hear(status);
      return isEnd(status);
    });
  }

  async logs({ id }: { id: string }, from: number, hear: (bytes: Buffer) => Promise<void>, signal: AbortSignal): Promise<void> {
    let at = from;
    let hearing: Promise<void> = Promise.resolve();
    await this.#follow(signal, () => {
      const run = this.runs.get(id);
      if (run === undefined) return true;
      const piece = run.output.subarray(at);
      at += piece.length;
      // In odd pieces, so that characters are split.
      for (let i = 0; i < piece.length; i += 7) hearing = hearing.then(() => (signal.aborted ? undefined : hear(piece.subarray(i, i + 7))));
      return isEnd(run.status);
    });
    await hearing;
  }

  async stop({ id }: { id: string }, { evict, reason }: { evict: boolean; reason: string }): Promise<StopResult> {
    this.stops.push({ id, evict, reason });
    if (evict && this.budget !== null) return { result: 'refused', reason: this.budget };
    const run = this.runs.get(id);
    if (run === undefined || isEnd(run.status)) return { result: 'gone' };
    this.end(id, evict ? 'evicted' : 'failed', 143);
    return { result: 'stopped' };
  }

  async list(): Promise<readonly Pod[]> {
    return [...this.runs.values()].map(({ request: { id, job, node, workload }, status }) => ({
      id,
      job,
      name: workload.name,
      node,
      status,
      foreign: false,
    }));
  }

  async close(): Promise<void> {}

  #follow(signal: AbortSignal, look: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const leave = (): void => {
        this.#changed.delete(tell);
        resolve();
      };
      const tell = (): void => {
        if (signal.aborted || look()) leave();
      };
      this.#changed.add(tell);
      signal.addEventListener('abort', leave, { once: true });
      tell();
    });
  }
}

const LOST: RunStatus = { phase: 'lost', reason: 'it is not there', exitCode: null, startedAt: null, endedAt: null };

function running(): RunStatus {
  return { phase: 'running', reason: null, exitCode: null, startedAt: Date.now(), endedAt: null };
}

function isEnd({ phase }: RunStatus): boolean {
  return phase !== 'pending' && phase !== 'running';
}
