import { createHash } from 'node:crypto';
import type { V1Pod } from '@kubernetes/client-node';
import type { Workload } from '../workload.ts';
import type { RunRequest } from '../runner.ts';

export const MANAGED_BY = 'app.kubernetes.io/managed-by';
export const MANAGER = 'policyd';
export const JOB_LABEL = 'policyd/job';
export const DIGEST_ANNOTATION = 'policyd/digest';
/** `{"reason":…,"evict":…}` of a stop that was asked for. */
export const STOP_ANNOTATION = 'policyd/stop';
/** Keeps a pod that is deleted until its end was seen, as that of batch/v1 Jobs does. */
export const FINALIZER = 'policyd/run';
export const NODE_ANNOTATION = 'policyd/node';
/** The container of a run. */
export const CONTAINER = 'main';
/** Of the user that every workload runs as: the image's own may be root, or have no number, and neither starts. */
const USER = 65_532;

/**
 * The pod of a run. Its name is the run's id, so that the API server itself keeps it from being there twice. It is bound to its node by an affinity,
 * not by `nodeName`: that would pass over the scheduler, which knows what else the node has no room for.
 */
export function writePod(run: RunRequest, gpuResource: string | null): V1Pod {
  const { workload } = run;
  const { needs } = workload;
  const amounts: Record<string, string> = { cpu: `${needs.cpuMillis}m`, memory: String(needs.memoryBytes) };
  if (needs.gpus > 0) amounts[gpuResource ?? 'nvidia.com/gpu'] = String(needs.gpus);
  const [program, ...args] = workload.command;
  const node = run.node.replace(/^kubernetes\//, '');
  const span = createHash('sha256').update(run.id).digest('hex').slice(0, 16);
  const env = { POLICYD_JOB: run.job, TRACEPARENT: `00-${run.trace}-${span}-01`, ...workload.env };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: run.id,
      finalizers: [FINALIZER],
      labels: {
        ...labelsOf(workload),
        'app.kubernetes.io/name': workload.name,
        [MANAGED_BY]: MANAGER,
        [JOB_LABEL]: run.job,
      },
      annotations: {
        [DIGEST_ANNOTATION]: digestOf(run),
        [NODE_ANNOTATION]: node,
        'policyd/trace': run.trace,
        'policyd/labels': JSON.stringify(workload.labels),
      },
    },
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: 30,
      ...(workload.timeout === null ? {} : { activeDeadlineSeconds: Math.max(1, Math.ceil(workload.timeout / 1_000)) }),
      securityContext: {
        runAsNonRoot: true,
        runAsUser: USER,
        runAsGroup: USER,
        fsGroup: USER,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [node] }] }],
          },
        },
      },
      containers: [
        {
          name: CONTAINER,
          image: workload.image!,
          ...(program === undefined ? {} : { command: [program], args }),
          env: Object.entries(env).map(([name, value]) => ({ name, value: escapeReferences(value) })),
          resources: { requests: amounts, limits: amounts },
          securityContext: { allowPrivilegeEscalation: false, privileged: false, capabilities: { drop: ['ALL'] } },
        },
      ],
    },
  };
}

/** Says of two requests whether they are for the same run. The node is not asked: a run stays where it began. */
export function digestOf({ id, job, workload }: Pick<RunRequest, 'id' | 'job' | 'workload'>): string {
  return createHash('sha256').update(canonical({ id, job, workload })).digest('hex');
}

/** Labels that Kubernetes takes, below a prefix of ours: unprefixed ones could put a pod behind somebody's Service. The others stand in an annotation. */
function labelsOf({ labels }: Workload): Record<string, string> {
  const fits = Object.entries(labels)
    .map(([key, value]) => [key.replaceAll('/', '.'), value])
    .filter(
      ([key, value]) => /^[A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?$/.test(key) && /^([A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?)?$/.test(value),
    );
  return Object.fromEntries(fits.map(([key, value]) => [`label.policyd/${key}`, value]));
}

/** Kubernetes puts other variables in place of `$(NAME)`; a value is to arrive as it was written. */
const escapeReferences = (value: string): string => value.replaceAll('$(', '$$$$(');

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(',')}}`;
}
