import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Context } from './context.ts';
import { INGEST_STATUSES, type IngestedDocument } from './document.ts';
import type { SearchMode } from './search/query.ts';

const BUCKETS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** What the context plane counts for Prometheus; all labels are closed sets. */
export class ContextMeter {
  readonly #ingested: Counter<'status'>;
  readonly #searches: Histogram<'mode'>;
  readonly #degraded: Counter;
  readonly #failures: Counter;
  readonly #registry: Registry;

  constructor(registry: Registry) {
    this.#registry = registry;
    const registers = [registry];
    this.#ingested = new Counter({
      name: 'policyd_context_documents_total',
      help: 'documents that were taken in, by what became of them',
      labelNames: ['status'],
      registers,
    });
    for (const status of INGEST_STATUSES) this.#ingested.inc({ status }, 0);
    this.#searches = new Histogram({
      name: 'policyd_context_search_seconds',
      help: 'time of a search, by how it was really made',
      labelNames: ['mode'],
      buckets: BUCKETS,
      registers,
    });
    this.#degraded = new Counter({
      name: 'policyd_context_degraded_searches_total',
      help: 'searches that could not be made as they were asked for',
      registers,
    });
    this.#failures = new Counter({
      name: 'policyd_context_embedding_failures_total',
      help: 'times that embeddings of documents could not be made, and are tried again',
      registers,
    });
  }

  ingested(status: IngestedDocument['status']): void {
    this.#ingested.inc({ status });
  }

  searched(mode: SearchMode, isDegraded: boolean, ms: number): void {
    this.#searches.observe({ mode }, ms / 1e3);
    if (isDegraded) this.#degraded.inc();
  }

  embeddingFailed(): void {
    this.#failures.inc();
  }

  /** What is looked up when somebody asks. */
  attach(context: Context): void {
    const registers = [this.#registry];
    new Gauge({
      name: 'policyd_context_pending_embeddings',
      help: 'chunks that have no embedding yet, over all processes of the store',
      registers,
      async collect() {
        try {
          this.set(await context.pending());
        } catch {
          // The store is away: the other metrics are told all the same.
          this.reset();
        }
      },
    });
    new Gauge({
      name: 'policyd_context_mcp_servers',
      help: 'MCP servers that context comes from, by whether they are connected',
      labelNames: ['state'],
      registers,
      collect() {
        const { servers, connected } = context.status.mcp;
        this.set({ state: 'connected' }, connected);
        this.set({ state: 'away' }, servers - connected);
      },
    });
  }
}
