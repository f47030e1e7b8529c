import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { Config } from '../config/config.ts';
import type { PolicyCell } from '../router/policy-cell.ts';
import type { Store } from '../store/store.ts';
import type { Tracer } from '../telemetry/tracer.ts';
import type { Redactor } from '../telemetry/redact.ts';

/** What every part of the orchestrator finds around it. */
export interface Surroundings {
  readonly config: Config;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Of the orchestrator's own; a part brings its migration and its type of tables. */
  readonly store: Store;
  /** The policy that serves now: `cell.active.module.workloads`, callers, models. */
  readonly cell: PolicyCell;
  readonly log: Logger;
  readonly registry: Registry;
  readonly redactor: Redactor;
  /** Null where nobody asked for traces. */
  readonly tracer: Tracer | null;
  /** Where this server reaches itself; null until it listens. */
  url(): string | null;
}
