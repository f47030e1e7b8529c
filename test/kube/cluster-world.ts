import { pino } from 'pino';
import * as client from '@kubernetes/client-node';
import { ApiServer } from '../../runtime/orchestrator/kubernetes/api-server.ts';
import { KubernetesRunner } from '../../runtime/orchestrator/kubernetes/kubernetes-runner.ts';
import type { RunRequest, RunStatus } from '../../runtime/orchestrator/runner.ts';
import type { Workload } from '../../runtime/orchestrator/workload.ts';
import type { KubeServer } from './kube-server.ts';

/** A runner of a test's cluster, as another process would open it. */
export function openRunner(
  server: KubeServer,
  more: { token?: string; namespace?: string; silence?: number; lines?: string[] } = {},
): KubernetesRunner {
  const reload = (): client.KubeConfig => {
    const kube = new client.KubeConfig();
    kube.loadFromString(server.kubeconfig(more.token));
    return kube;
  };
  const { lines } = more;
  const log = lines === undefined ? pino({ level: 'silent' }) : pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });
  return new KubernetesRunner({
    server: new ApiServer(client, reload(), reload),
    namespace: more.namespace ?? 'policyd',
    name: 'test',
    log,
    silence: more.silence,
  });
}

export function workload(command: readonly string[], more: Partial<Workload> = {}): Workload {
  return {
    name: 'work',
    image: 'example.test/work:1',
    command,
    env: {},
    needs: { cpuMillis: 100, memoryBytes: 64 * 2 ** 20, gpus: 0 },
    privacy: 'unrestricted',
    labels: {},
    nodeLabels: {},
    timeout: null,
    retries: 0,
    task: null,
    context: null,
    ...more,
  };
}

let counter = 0;
export function request(command: readonly string[], more: Partial<Workload> = {}, node = 'one'): RunRequest {
  counter += 1;
  return {
    id: `job${counter}-1`,
    job: `job${counter}`,
    node: `kubernetes/${node}`,
    workload: workload(command, more),
    trace: 'a'.repeat(32),
  };
}

/** Every status until the end. */
export async function follow(runner: KubernetesRunner, run: Pick<RunRequest, 'id' | 'node'>): Promise<RunStatus[]> {
  const heard: RunStatus[] = [];
  await runner.watch(run, (status) => void heard.push(status), AbortSignal.timeout(60_000));
  return heard;
}

export async function readAll(runner: KubernetesRunner, run: Pick<RunRequest, 'id' | 'node'>, from = 0): Promise<Buffer> {
  const pieces: Buffer[] = [];
  await runner.logs(run, from, async (bytes) => void pieces.push(Buffer.from(bytes)), AbortSignal.timeout(60_000));
  return Buffer.concat(pieces);
}
