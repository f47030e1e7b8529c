export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** What policyd was told, by flags and environment. */
export interface Config {
  /** Folder of the artifact: `router.js` and `manifest.json`. */
  readonly policy: string;
  /** File of the public keys of which one must have signed the artifact; null = none need have. */
  readonly trust: string | null;
  /** Policy folder to compile on change, in a child process; null = none. */
  readonly watch: string | null;
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
  /** Folder for what the server must remember. */
  readonly data: string;
  /** `off`: caps of cost, floors of quality and SLAs decide nothing, whatever the policy says. Budgets are no part of that. */
  readonly constraints: 'policy' | 'off';
  /** Serve even though the policy has sections whose meaning is not enforced. */
  readonly allowUnenforced: boolean;
  readonly logLevel: LogLevel;
  /** Most bytes of a request body. */
  readonly bodyLimit: number;
  /** Most bytes of all request bodies at once. */
  readonly bodyMemory: number;
  /** Most requests at once, over all callers. */
  readonly maxRequests: number;
  /** Most streams that one caller may have open. */
  readonly maxStreamsPerCaller: number;
  /** Longest time that a request's headers, and all of it, may take to arrive, in ms. */
  readonly headerTimeout: number;
  readonly bodyTimeout: number;
  /** Longest time that a caller may leave unread what waits for it, in ms. */
  readonly readTimeout: number;
  /** Most requests that wait for a target at once. */
  readonly queueDepth: number;
  /** Longest wait for a target, in ms. */
  readonly queueWait: number;
  /** Time between two probes of a backend, in ms. */
  readonly probeInterval: number;
  /** How long a router is watched after it was swapped in, in ms; 0 = not at all. */
  readonly watchWindow: number;
  /** Decisions from which on a router under watch is judged. */
  readonly watchMinDecisions: number;
  /** The server is not ready when it could not verify its policy for longer than this, in ms; 0 = it always is. */
  readonly maxStaleness: number;
  /** Percent of what the live router has that a canary may have: of its p99, share of failures, share of rejects, cost a request; 0 = any. */
  readonly gateDecisionTime: number;
  readonly gateErrors: number;
  readonly gateRejects: number;
  readonly gateSpend: number;
  /** Decisions from which on a canary is judged. */
  readonly canaryMinDecisions: number;
  /** Artifact folder whose router decides beside the live one, and sends nothing; null = none. */
  readonly shadow: string | null;
  /** Folder of the decision log; `off` = none is written. */
  readonly decisionLog: string;
  /** Share of requests whose decisions are logged, 0 to 1. */
  readonly decisionSample: number;
  /** Bytes from which on a file of the log makes room for the next, and older ones that are kept. */
  readonly decisionLogSize: number;
  readonly decisionLogKeep: number;
  /** Decisions that `GET /v1/decisions` remembers. */
  readonly decisionRing: number;
  /** Take artifacts over HTTP although the policy has no caller keys. */
  readonly allowUpload: boolean;
  /** Module of handlers for the pool's agents; null = the built-in ones. */
  readonly poolHandlers: string | null;
  /** Most MiB of one agent. */
  readonly poolMemory: number;
  /** How long a process may be silent before its tasks go to others, in ms. */
  readonly poolLease: number;
  /** Longest attempt of a task, in ms. */
  readonly poolTaskTimeout: number;
  /** How long an agent's event loop may not answer, in ms. */
  readonly poolStall: number;
  /** How long ended tasks are remembered, in ms. */
  readonly poolRetention: number;
  /** How long tasks have to end at shutdown before they are given back, in ms. */
  readonly poolGrace: number;
  /** Name of the environment variable that holds the key of the pool's agents; null = they need none. */
  readonly poolKeyEnv: string | null;
  /** The discovery service; null = there is none. */
  readonly discoveryUrl: string | null;
  /** Most frames of a stream, most bytes of it, and most bytes of all streams. */
  readonly streamFrames: number;
  readonly streamBytes: number;
  readonly streamTotal: number;
  /** How long a stream that nothing happens to is remembered, in ms. */
  readonly streamRetention: number;
  /** Most readers of streams at once, over all callers and of one. */
  readonly maxReaders: number;
  readonly maxReadersPerCaller: number;
  /** Origins whose pages may read answers, as browsers write them: `https://a.example`; null = none. */
  readonly corsOrigins: readonly string[] | null;
  /** Where traces go, by OTLP over HTTP; null = where OpenTelemetry's own variables say, or nowhere. */
  readonly otelEndpoint: string | null;
  /** How long audit entries are kept, in ms. */
  readonly auditRetention: number;
  /** Model that makes embeddings of what is ingested, by its name in the policy; null = the first that can. */
  readonly embeddingModel: string | null;
  /** Name of the environment variable that holds the key for embeddings; null = the one of the pool's agents. */
  readonly contextKeyEnv: string | null;
  /** Chunks of documents that an owner may have. */
  readonly contextChunks: number;
  /** Where embeddings are searched: `memory`, `sqlite`, `pgvector`, or `qdrant:`, `weaviate:`, `milvus:` with an URL. */
  readonly vectors: string;
  /** Name of the environment variable that holds the key of that store; null = it needs none. */
  readonly vectorsKeyEnv: string | null;
  /** File of MCP servers that context comes from; null = none. */
  readonly mcpServers: string | null;
  /** Where workloads run: a comma list of `local`, `kubernetes`; or `none`. */
  readonly runners: string;
  /** Where the cluster is told of; null = in-cluster, else `$KUBECONFIG`, else `~/.kube/config`. */
  readonly kubeconfig: string | null;
  /** null = the kubeconfig's current one. */
  readonly kubeContext: string | null;
  /** Where workloads run in the cluster. */
  readonly kubeNamespace: string;
  /** Labels of this machine, `zone=restricted,region=eu`. */
  readonly nodeLabels: string;
  /** Most that workloads get of this machine, `cpu=4,memory=8GiB`; null = all but a reserve. */
  readonly nodeCapacity: string | null;
  /** As whom workloads run where policyd is root, `<uid>:<gid>`; null = nobody. */
  readonly runAs: string | null;
  /** Cgroup below which each run gets its own; null = none. */
  readonly runCgroup: string | null;
  /** Most bytes of a run's output that are kept. */
  readonly runLogLimit: number;
  /** How long output and folder of a run are kept after its end, in ms. */
  readonly runRetention: number;
  /** Other policyds: `off`, `accept`, `auto`, `host:port`, the last three also as a list. */
  readonly peers: string;
  /** Tag that peers carry in the tailnet, and their port; 0 = this server's own. */
  readonly peerTag: string;
  readonly peerPort: number;
  /** Name of the environment variable that holds the key that peers are shown; null = none is. */
  readonly peerKeyEnv: string | null;
  /** How long a workload at a peer may live without being heard of, in ms. */
  readonly peerLease: number;
  /** Socket of tailscaled. */
  readonly tailscaleSocket: string;
  /** Folder that Spec-Kit works in; null = there is none. */
  readonly specKit: string | null;
  /** Longest run of a Spec-Kit command, in ms. */
  readonly specKitTimeout: number;
  /** Longest wait for requests in flight at shutdown, in ms. */
  readonly drain: number;
}
