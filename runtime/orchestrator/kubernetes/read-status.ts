import type { RunPhase, RunStatus } from '../runner.ts';
import { type KubePod, toMillis } from './objects.ts';
import { STOP_ANNOTATION } from './write-pod.ts';

/** Words of the kubelet for a pod that it did not take, or let go of for its own sake: it can run elsewhere. */
const EVICTIONS =
  /^(Evicted|Preempting|Preempted|Shutdown|Terminated|NodeShutdown|NodeAffinity|NodePorts|UnexpectedAdmissionError|OutOf.+)$/;
const PENDING_QUIETLY = new Set(['ContainerCreating', 'PodInitializing']);

export const ENDS: ReadonlySet<RunPhase> = new Set<RunPhase>(['succeeded', 'failed', 'evicted', 'lost']);

export const LOST: RunStatus = { phase: 'lost', reason: 'its pod is not there', exitCode: null, startedAt: null, endedAt: null };

/** A stop that was asked for. */
export interface Stop {
  readonly reason: string;
  readonly evict: boolean;
}

/** Where a pod stands, as a run. `stop`: what is known of one that its pod may not tell of yet. */
export function readStatus(pod: KubePod, stop: Stop | null = readStop(pod)): RunStatus {
  const { status } = pod;
  const state = status?.containerStatuses?.[0]?.state;
  const ended = state?.terminated;
  const startedAt = toMillis(ended?.startedAt ?? state?.running?.startedAt);
  switch (status?.phase) {
    case 'Succeeded':
      if (isDeleted(pod) && stop !== null)
        return { ...readRemoval(pod, stop), exitCode: ended?.exitCode ?? 0, startedAt, endedAt: endOf(pod) };
      return { phase: 'succeeded', reason: null, exitCode: ended?.exitCode ?? 0, startedAt, endedAt: endOf(pod) };
    case 'Failed': {
      const why = isDeleted(pod) && status.reason !== 'DeadlineExceeded' ? readRemoval(pod, stop) : readFailure(pod);
      return { ...why, exitCode: ended?.exitCode ?? null, startedAt, endedAt: endOf(pod) };
    }
    case 'Running':
      return { phase: 'running', reason: leaving(pod), exitCode: null, startedAt: startedAt ?? toMillis(status.startTime), endedAt: null };
    case 'Unknown':
      return { phase: 'running', reason: tell(status.reason ?? 'Unknown', status.message), exitCode: null, startedAt, endedAt: null };
    default:
      // No node has it, and none will get it: it ended before it began.
      if (isDeleted(pod) && pod.spec?.nodeName === undefined) return readEnd(pod, stop);
      return { phase: 'pending', reason: leaving(pod) ?? readWait(pod), exitCode: null, startedAt: null, endedAt: null };
  }
}

/** What became of a run that runs no more, by the last that was seen of its pod. */
export function readEnd(pod: KubePod, stop: Stop | null = readStop(pod)): RunStatus {
  const state = pod.status?.containerStatuses?.[0]?.state;
  const ended = state?.terminated;
  if (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') return readStatus(pod, stop);
  const known = stop !== null || disruptionOf(pod) !== null || isDeleted(pod);
  const why = known ? readRemoval(pod, stop) : ({ phase: 'lost', reason: 'somebody else deleted its pod' } as const);
  const startedAt = toMillis(ended?.startedAt ?? state?.running?.startedAt);
  return { ...why, exitCode: ended?.exitCode ?? null, startedAt, endedAt: endOf(pod) ?? toMillis(pod.metadata?.deletionTimestamp) };
}

/** Why a pod that was deleted before its time ended. */
function readRemoval(pod: KubePod, stop: Stop | null): { phase: 'failed' | 'evicted'; reason: string } {
  if (stop !== null)
    return stop.evict ? { phase: 'evicted', reason: `evicted: ${stop.reason}` } : { phase: 'failed', reason: `stopped: ${stop.reason}` };
  return { phase: 'evicted', reason: disruptionOf(pod) ?? 'somebody else deleted its pod' };
}

/** A stop that a pod tells of. */
export function readStop({ metadata }: KubePod): Stop | null {
  const text = metadata?.annotations?.[STOP_ANNOTATION];
  if (text === undefined) return null;
  try {
    const { reason, evict } = JSON.parse(text) as Stop;
    return { reason: String(reason), evict: evict === true };
  } catch {
    return null;
  }
}

export const isDeleted = (pod: KubePod): boolean => pod.metadata?.deletionTimestamp !== undefined;

function readFailure(pod: KubePod): { phase: 'failed' | 'evicted' | 'lost'; reason: string | null } {
  const { reason, message } = pod.status!;
  const disruption = pod.status!.conditions?.find(({ type, status }) => type === 'DisruptionTarget' && status === 'True');
  // Its node is no more, and nobody saw its end.
  if (disruption?.reason === 'DeletionByPodGC') return { phase: 'lost', reason: tell('node lost', disruption.message) };
  if (disruption !== undefined) return { phase: 'evicted', reason: disruptionOf(pod) };
  if (reason !== undefined && EVICTIONS.test(reason)) return { phase: 'evicted', reason: tell(reason, message) };
  if (reason === 'NodeLost') return { phase: 'lost', reason: tell('node lost', message) };
  if (reason !== undefined) return { phase: 'failed', reason: tell(reason, message) };
  const ended = pod.status!.containerStatuses?.[0]?.state?.terminated;
  const killed = ended?.signal !== undefined && ended.signal !== 0 ? `signal ${ended.signal}` : null;
  const word = ended?.reason === undefined || ended.reason === 'Error' || ended.reason === 'Completed' ? null : ended.reason;
  if (word !== null) return { phase: 'failed', reason: tell(word, ended?.message) };
  return { phase: 'failed', reason: killed ?? (ended === undefined ? null : `exit code ${ended.exitCode}`) };
}

/** Why a pod does not run yet: the scheduler's words, or the kubelet's. */
function readWait({ status }: KubePod): string | null {
  const scheduled = status?.conditions?.find(({ type }) => type === 'PodScheduled');
  if (scheduled?.status === 'False') return tell(scheduled.reason ?? 'Unschedulable', scheduled.message);
  const waiting = status?.containerStatuses?.[0]?.state?.waiting;
  if (waiting?.reason === undefined) return null;
  return PENDING_QUIETLY.has(waiting.reason) && waiting.message === undefined ? waiting.reason : tell(waiting.reason, waiting.message);
}

const leaving = (pod: KubePod): string | null =>
  pod.metadata?.deletionTimestamp === undefined ? null : 'Terminating: its pod is being deleted';

function disruptionOf({ status }: KubePod): string | null {
  const found = status?.conditions?.find((condition) => condition.type === 'DisruptionTarget' && condition.status === 'True');
  return found === undefined ? null : tell(found.reason ?? 'DisruptionTarget', found.message);
}

function endOf({ status }: KubePod): number | null {
  const ends = (status?.containerStatuses ?? []).map(({ state }) => toMillis(state?.terminated?.finishedAt));
  return ends.reduce<number | null>((latest, end) => (end !== null && (latest === null || end > latest) ? end : latest), null);
}

/** At most 1,000 characters. */
const tell = (word: string, message: string | undefined): string =>
  (message === undefined || message === '' ? word : `${word}: ${message}`).slice(0, 1_000);
