import type { Logger } from 'pino';
import type { Config } from '../config/config.ts';
import type { CountMemory } from '../intent/count-memory.ts';
import type { PolicyCell } from '../router/policy-cell.ts';
import type { PolicyControl } from '../router/policy-control.ts';
import type { LogSink } from '../telemetry/create-logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Redactor } from '../telemetry/redact.ts';
import type { Admission } from './admission.ts';
import type { WaitQueue } from './wait-queue.ts';

/** Everything a request's path needs that outlives the request. */
export interface Gateway {
  readonly config: Config;
  readonly cell: PolicyCell;
  readonly policy: PolicyControl;
  readonly memory: CountMemory;
  readonly queue: WaitQueue;
  readonly admission: Admission;
  readonly metrics: Metrics;
  readonly redactor: Redactor;
  readonly log: Logger;
  /** One line for each request; see `LogSink`. */
  readonly logLine: LogSink['line'];
  /** The server is going down: connections end with their answers. */
  draining: boolean;
  /** `performance.now()` from which on the next decision is explained for the metrics. */
  sampleFrom: number;
}
