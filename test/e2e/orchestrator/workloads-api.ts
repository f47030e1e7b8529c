import { setTimeout as sleep } from 'node:timers/promises';
import { type ErrorBody, type Policyd, until } from '../policyd.ts';

/** A gateway that nobody asks, and the rules of workloads that a test states. */
export const policyOf = (workloads = ''): string =>
  `backends: { box: { type: ollama, url: "http://127.0.0.1:9", models: { m: {} } } }\nworkloads: {${workloads}}\n`;

/** What `GET /v1/jobs/{id}` tells, as far as tests look at it. */
export interface JobView {
  readonly job_id: string;
  readonly name: string;
  readonly status: string;
  readonly reason: string | null;
  readonly exit_code: number | null;
  readonly caller: string | null;
  readonly attempts: number;
  readonly stopping: boolean;
  readonly pod_id: string | null;
  readonly placement: { readonly node: string; readonly kind: string } | null;
  readonly created_at: string;
  readonly started_at: string | null;
  readonly workload: Readonly<Record<string, unknown>>;
  readonly runs: readonly { readonly pod_id: string; readonly phase: string; readonly reason: string | null; readonly node: string }[];
  readonly history: readonly { readonly event: string; readonly by: string | null }[];
}

export interface PodView {
  readonly id: string;
  readonly job_id: string | null;
  readonly name: string;
  readonly phase: string;
  readonly node: string;
}

/** What `GET /v1/nodes` tells of a node. */
export interface NodeView {
  readonly name: string;
  readonly kind: string;
  readonly reachable: boolean;
  readonly cordoned: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly forms: readonly string[];
  readonly total: { readonly cpu_millis: number; readonly memory_bytes: number; readonly gpus: number };
  readonly free: { readonly cpu_millis: number; readonly memory_bytes: number; readonly gpus: number };
  readonly load: number;
}

/** The status and body of an answer, whatever it is. */
export interface Answer<Body = ErrorBody & Refusal> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

export interface Refusal {
  readonly fields?: readonly { readonly path: string; readonly message: string }[];
  readonly reasons?: readonly Readonly<Record<string, unknown>>[];
}

export interface Accepted {
  readonly job_id: string;
  readonly status: string;
  readonly placement: { readonly node: string; readonly kind: string; readonly score: number } | null;
  readonly reasons: readonly { readonly node: string; readonly filter: string }[];
}

/** What `POST /schedule` answers, whatever it is. */
export interface Told extends Omit<Accepted, 'reasons'>, ErrorBody, Omit<Refusal, 'reasons'> {
  readonly reasons: readonly Readonly<Record<string, unknown>>[];
}

const ENDS = ['succeeded', 'failed', 'cancelled', 'evicted'];

/** What a caller of workloads does. */
export function callerOf(policyd: () => Policyd, key?: string) {
  const headers: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` };
  const post = async <Body>(path: string, body: unknown, more: Record<string, string> = {}): Promise<Answer<Body>> => {
    const answer = await policyd().post(path, body, { ...headers, ...more });
    return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Body };
  };
  const get = async <Body>(path: string): Promise<Answer<Body>> => {
    const answer = await fetch(policyd().url + path, { headers });
    return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Body };
  };
  const job = async (id: string): Promise<JobView> => (await get<JobView>(`/v1/jobs/${id}`)).body;
  const reach = (id: string, statuses: readonly string[], ms = 60_000): Promise<JobView> =>
    until(
      async () => {
        const view = await job(id);
        return statuses.includes(view.status) ? view : null;
      },
      `job ${id} to be ${statuses.join(' or ')}`,
      ms,
    );
  return {
    post,
    get,
    job,
    reach,
    end: (id: string, ms?: number): Promise<JobView> => reach(id, ENDS, ms),
    schedule: (body: unknown, idempotency?: string): Promise<Answer<Told>> =>
      post('/schedule', body, idempotency === undefined ? {} : { 'idempotency-key': idempotency }),
    /** As a client does it that nothing discourages: again, with the same key, until it is answered for good. */
    async insist(body: unknown, idempotency: string, ms = 120_000): Promise<Answer<Told>> {
      for (const end = performance.now() + ms; ; await sleep(50 + Math.random() * 100)) {
        try {
          const answer = await this.schedule(body, idempotency);
          if (answer.status !== 503 && answer.body.error?.code !== 'idempotency_key_in_flight') return answer;
        } catch {
          // It is being started again.
        }
        if (performance.now() > end) throw new Error(`no answer for ${idempotency}`);
      }
    },
    pods: async (): Promise<readonly PodView[]> => (await get<{ items: readonly PodView[] }>('/pods')).body.items,
    nodes: async (): Promise<readonly NodeView[]> => (await get<{ items: readonly NodeView[] }>('/v1/nodes')).body.items,
  };
}
