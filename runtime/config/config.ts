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
  /** Most requests that wait for a target at once. */
  readonly queueDepth: number;
  /** Longest wait for a target, in ms. */
  readonly queueWait: number;
  /** Time between two probes of a backend, in ms. */
  readonly probeInterval: number;
  /** Longest wait for requests in flight at shutdown, in ms. */
  readonly drain: number;
}
