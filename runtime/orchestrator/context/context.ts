import type { Privacy } from '../../../schema/vocabulary.ts';
import type { PolicyCell } from '../../router/policy-cell.ts';
import type { Store } from '../../store/store.ts';
import type { Redactor } from '../../telemetry/redact.ts';
import { type Access, accessOfName } from './access.ts';
import type { ContextMeter } from './context-meter.ts';
import type { IngestedDocument, Ingestion } from './document.ts';
import type { Embedder } from './embedding/embedder.ts';
import type { QueryEmbedder } from './embedding/query-embedder.ts';
import type { VectorIndex } from './embedding/vector-index.ts';
import { ingest, remove, removeOthers } from './ingest.ts';
import type { McpServers } from './mcp/mcp-servers.ts';
import { type ContextPack, keepPack, makePack, readPack } from './pack/pack.ts';
import type { Preparer } from './preparation/preparer.ts';
import type { SearchAnswer } from './search/answer.ts';
import type { Query } from './search/query.ts';
import { search } from './search/search.ts';
import { countPending } from './search/count-pending.ts';
import type { ContextTables } from './tables.ts';

/** What is published where something was taken in: other processes of the store look for it. */
export const CONTEXT_CHANNEL = 'policyd_context';

/** Results that a pack is chosen of. */
const CANDIDATES = 100;

export interface ContextParts {
  readonly store: Store;
  readonly cell: PolicyCell;
  readonly preparer: Preparer;
  readonly embedder: Embedder;
  readonly queries: QueryEmbedder;
  readonly index: VectorIndex;
  readonly mcp: McpServers;
  readonly meter: ContextMeter;
  readonly redactor: Redactor;
  /** Chunks that an owner may have. */
  readonly mostChunks: number;
}

/** How the parts of the context plane are, for those who ask after the server's health. */
export interface ContextStatus {
  readonly vectors: { readonly store: string; readonly problem: string | null };
  readonly embeddings: { readonly problem: string | null };
  readonly mcp: { readonly servers: number; readonly connected: number };
}

/** Something happened that MCP servers may be told of. */
export interface ContextEvent {
  /** `task-update`, … */
  readonly type: string;
  readonly [name: string]: unknown;
}

/** What is known, and found again: documents of teams, searched by meaning and by words. */
export class Context {
  readonly #parts: ContextParts;

  constructor(parts: ContextParts) {
    this.#parts = parts;
  }

  /** Takes documents in: on the disk when it resolves. @throws OrchestratorError 409 where there is no room, 503 where too much waits. */
  async ingest({ owner }: Access, ingestion: Ingestion): Promise<readonly IngestedDocument[]> {
    const { store, preparer, mostChunks, meter } = this.#parts;
    const documents = await ingest(store, preparer, owner, ingestion, mostChunks);
    for (const { status } of documents) meter.ingested(status);
    if (documents.some(({ status }) => status !== 'unchanged')) this.#tell();
    const rows = await store
      .tables<ContextTables>()
      .selectFrom('context_documents')
      .select(['id', 'embedded'])
      .where('owner', '=', owner)
      .where('namespace', '=', ingestion.namespace)
      .where('source', '=', ingestion.source)
      .where(
        'id',
        'in',
        documents.map(({ id }) => id),
      )
      .execute();
    const embedded = new Map(rows.map((row) => [row.id, row.embedded]));
    return documents.map((document) => ({ ...document, embedded: embedded.get(document.id) ?? 0 }));
  }

  /** @returns whether it was there. */
  async remove({ owner }: Access, namespace: string, source: string, id: string): Promise<boolean> {
    const removed = await remove(this.#parts.store, owner, namespace, source, id);
    if (removed) this.#tell();
    return removed;
  }

  /** What a source has now, in place of what it had: `isWhole`, what is not among it is taken out. */
  async replaceSource(owner: string, ingestion: Ingestion, isWhole: boolean): Promise<void> {
    if (ingestion.documents.length > 0) await this.ingest({ owner, all: false }, ingestion);
    if (!isWhole) return;
    const kept = ingestion.documents.map(({ id }) => id);
    if ((await removeOthers(this.#parts.store, owner, ingestion.namespace, ingestion.source, kept)) > 0) this.#tell();
  }

  async search(query: Query): Promise<SearchAnswer> {
    const answer = await search(this.#parts, query);
    // Servers may repeat in an error what they were called with.
    return answer.degraded === null ? answer : { ...answer, degraded: this.#parts.redactor.redact(answer.degraded) };
  }

  /**
   * The pack of a job: the best of what its caller may read, within so many tokens. Made once; asking again gives the same one.
   *
   * @param caller Name of the caller whose job it is; null = nobody's in particular.
   * @param privacy Restricted: the query goes nowhere outside.
   */
  async makePack(
    job: string,
    caller: string | null,
    query: string,
    tokens: number,
    privacy: Privacy = 'unrestricted',
  ): Promise<ContextPack> {
    const { store, cell } = this.#parts;
    const known = await readPack(store, job);
    if (known !== null) return known;
    const { owner, all } = accessOfName(cell.active.manifest, caller);
    const scope = { owner: all ? null : owner, namespace: null, source: null, metadata: {} };
    const { results, degraded } = await this.search({ text: query, topK: CANDIDATES, mode: 'fused', privacy, scope });
    return keepPack(store, makePack({ job, owner, query, budget: tokens, degraded }, results));
  }

  /** The pack that was made for a job; null: there is none that this caller may read. */
  async pack(job: string, { owner, all }: Access): Promise<ContextPack | null> {
    const pack = await readPack(this.#parts.store, job);
    return pack !== null && (all || pack.owner === owner) ? pack : null;
  }

  /** Tells those MCP servers that want to know. Never throws, never waits. */
  notify(event: ContextEvent): void {
    this.#parts.mcp.notify(event);
  }

  get status(): ContextStatus {
    const { embedder, index, mcp } = this.#parts;
    return {
      vectors: { store: index.where.split(' ')[0], problem: index.problem },
      embeddings: { problem: embedder.problem },
      mcp: { servers: mcp.size, connected: mcp.connected },
    };
  }

  /** Chunks that have no embedding yet, of all owners. */
  pending(): Promise<number> {
    return countPending(this.#parts.store.tables<ContextTables>());
  }

  #tell(): void {
    const { embedder, store } = this.#parts;
    embedder.wake();
    void store.publish(CONTEXT_CHANNEL, '').catch(() => {});
  }
}
