import type { Logger } from 'pino';
import type { Rates } from '../auth/rates.ts';
import type { Config } from '../config/config.ts';
import type { DecisionRecorder } from '../decisions/decision-recorder.ts';
import type { CountMemory } from '../intent/count-memory.ts';
import type { TokenCounter } from '../intent/token-counter.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { BudgetBooks } from '../router/budget-books.ts';
import type { Orchestrator } from '../orchestrator/orchestrator.ts';
import type { Pool } from '../pool/pool.ts';
import type { PolicyCell } from '../router/policy-cell.ts';
import type { PolicyControl } from '../router/policy-control.ts';
import type { LogSink } from '../telemetry/create-logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Tracer } from '../telemetry/tracer.ts';
import type { Redactor } from '../telemetry/redact.ts';
import type { Admission } from './admission.ts';
import type { WaitQueue } from './wait-queue.ts';

/** Everything a request's path needs that outlives the request. */
export interface Gateway {
  readonly config: Config;
  readonly cell: PolicyCell;
  readonly policy: PolicyControl;
  readonly recorder: DecisionRecorder;
  readonly memory: CountMemory;
  readonly counter: TokenCounter;
  readonly queue: WaitQueue;
  readonly admission: Admission;
  readonly rates: Rates;
  readonly ledger: Ledger;
  readonly books: BudgetBooks;
  readonly pool: Pool;
  readonly orchestrator: Orchestrator;
  readonly metrics: Metrics;
  /** Null where nobody asked for traces. */
  readonly tracer: Tracer | null;
  readonly redactor: Redactor;
  readonly log: Logger;
  /** One line for each request; see `LogSink`. */
  readonly logLine: LogSink['line'];
  /** The server is going down: connections end with their answers. */
  draining: boolean;
  /** `performance.now()` from which on the next decision is explained for the metrics. */
  sampleFrom: number;
}
