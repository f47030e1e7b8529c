import type { Tone } from './badge.ts';

/** What the orchestrator answers, as far as the page reads it. The shapes stand in `/openapi.json`. */

export interface Resources {
  readonly cpu_millis: number;
  readonly memory_bytes: number;
  readonly gpus: number;
}

/** An item of `GET /v1/jobs`. */
export interface Job {
  readonly job_id: string;
  readonly name: string;
  readonly status: string;
  readonly reason: string | null;
  readonly exit_code: number | null;
  readonly caller: string | null;
  readonly trace_id: string;
  readonly attempts: number;
  readonly stopping: boolean;
  readonly placement: {
    readonly node: string;
    readonly kind: string;
    readonly scores: Readonly<Record<string, number>>;
    readonly excluded: readonly { readonly node: string; readonly filter: string; readonly detail: string }[];
  } | null;
  readonly created_at: string;
  readonly started_at: string | null;
  readonly ended_at: string | null;
  readonly workload: {
    readonly image: string | null;
    readonly command: readonly string[];
    readonly resources: Resources;
    readonly privacy: string;
    readonly node_labels: Readonly<Record<string, string>>;
    readonly retries: number;
  };
}

/** `GET /v1/jobs/{id}`. */
export interface JobWhole extends Job {
  readonly runs: readonly {
    readonly pod_id: string;
    readonly attempt: number;
    readonly node: string;
    readonly phase: string;
    readonly reason: string | null;
    readonly started_at: string | null;
    readonly ended_at: string | null;
  }[];
  readonly history: readonly { readonly event: string; readonly at: string; readonly by: string | null; readonly detail: string | null }[];
}

/** `GET /pods`. */
export interface Pods {
  readonly items: readonly {
    readonly id: string;
    readonly job_id: string | null;
    readonly name: string;
    readonly node: string;
    readonly phase: string;
    readonly reason: string | null;
    readonly started_at: string | null;
    readonly foreign: boolean;
  }[];
  readonly errors: readonly { readonly nodes: readonly string[]; readonly message: string }[];
  readonly truncated: boolean;
}

/** `GET /v1/nodes`. */
export interface Nodes {
  readonly items: readonly {
    readonly name: string;
    readonly kind: string;
    readonly reachable: boolean;
    readonly cordoned: boolean;
    readonly labels: Readonly<Record<string, string>>;
    readonly total: Resources;
    readonly free: Resources;
    readonly load: number;
  }[];
  readonly truncated: boolean;
}

/** `GET /v1/peers`. */
export interface Peers {
  readonly self: { readonly instance: string; readonly hosted: number } | null;
  readonly discovery: { readonly state: string; readonly reason: string | null };
  readonly items: readonly {
    readonly name: string;
    readonly url: string;
    readonly source: string;
    readonly state: string;
    readonly reason: string | null;
    readonly version: string | null;
    readonly round_trip_ms: number | null;
    readonly seen_at: string | null;
    readonly nodes: readonly { readonly name: string }[];
  }[];
}

/** States of workloads and of runs. */
export const STATE_TONES: Readonly<Record<string, Tone>> = {
  pending: 'busy',
  scheduled: 'busy',
  running: 'good',
  succeeded: 'good',
  failed: 'bad',
  lost: 'bad',
  evicted: 'plain',
  cancelled: 'plain',
};
export const LIVE: readonly string[] = ['pending', 'scheduled', 'running'];
