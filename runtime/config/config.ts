export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** What policyd was told, by flags and environment. */
export interface Config {
  /** Folder of the artifact: `router.js` and `manifest.json`. */
  readonly policy: string;
  /** Policy folder to compile on change, in a child process; null = none. */
  readonly watch: string | null;
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
  /** Folder for what the server must remember. */
  readonly data: string;
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
  /** Take artifacts over HTTP although the policy has no caller keys. */
  readonly allowUpload: boolean;
  /** Longest wait for requests in flight at shutdown, in ms. */
  readonly drain: number;
}
