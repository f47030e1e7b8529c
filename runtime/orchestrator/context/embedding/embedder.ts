import { type Kysely, sql } from 'kysely';
import type { Logger } from 'pino';
import type { Privacy } from '../../../../schema/vocabulary.ts';
import type { PolicyCell } from '../../../router/policy-cell.ts';
import type { Store } from '../../../store/store.ts';
import type { ContextTables } from '../tables.ts';
import { type EmbeddingClient, EmbeddingError } from './embedding-client.ts';
import { findEmbeddingModel } from './find-embedding-model.ts';
import { LEASE, Lease } from './lease.ts';
import { enterSpace, leaveSpace, nameSpace, readSpace, type Space } from './space.ts';
import { staysInside } from './stays-inside.ts';
import type { VectorIndex } from './vector-index.ts';

/** Texts of one request, and the tokens that they have together at most: a gateway adds them up against the model's context. */
const MOST_TEXTS = 16;
const MOST_TOKENS = 2_048;
/** Longest wait for one request, in ms: a local model may have to be loaded. */
const PATIENCE = 120_000;
/** Wait after a failure, doubling to the last, and between two looks for what other processes wrote, in ms. */
const RETRY = [1_000, 60_000] as const;
const LOOK = 5_000;

interface PendingChunk {
  readonly chunk: number;
  readonly document: number;
  readonly privacy: Privacy;
  readonly heading: string | null;
  readonly text: string;
  readonly tokens: number;
}

export interface EmbedderParts {
  readonly store: Store;
  readonly index: VectorIndex;
  readonly client: EmbeddingClient;
  readonly cell: PolicyCell;
  readonly log: Logger;
  /** `--embedding-model`. */
  readonly model: string | null;
  readonly key: string | null;
  onFailure(): void;
}

/**
 * Gives every chunk its embedding, in the background, one process of a store at a time; and brings the vector store up to date. What fails is
 * tried again for ever, later each time.
 */
export class Embedder {
  readonly #parts: EmbedderParts;
  readonly #lease: Lease;
  readonly #ending = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | null = null;
  #again = false;
  #failures = 0;
  #space: Space | null = null;
  /** The policy does not say that restricted texts stay inside: they have no embeddings. */
  keepsBack = false;
  /** Why embeddings are not made; null = they are, or there is nothing to do. */
  problem: string | null = null;

  constructor(parts: EmbedderParts) {
    this.#parts = parts;
    this.#lease = new Lease(parts.store, 'embedder');
  }

  /** The space that is in use; null = nothing was embedded yet, or the policy has another model by now. */
  get space(): Space | null {
    const model = this.model.name;
    return this.#space !== null && this.#space.asked === model ? this.#space : null;
  }

  get model(): ReturnType<typeof findEmbeddingModel> {
    return findEmbeddingModel(this.#parts.cell.active.manifest, this.#parts.model);
  }

  /** There may be something to do. */
  wake(): void {
    if (this.#ending.signal.aborted) return;
    clearTimeout(this.#timer);
    if (this.#running !== null) {
      this.#again = true;
      return;
    }
    this.#running = this.#run().finally(() => {
      this.#running = null;
      if (this.#ending.signal.aborted) return;
      if (this.#again) {
        this.#again = false;
        this.wake();
      }
    });
  }

  async close(): Promise<void> {
    this.#ending.abort();
    clearTimeout(this.#timer);
    await this.#running;
    await this.#lease.release().catch(() => {});
  }

  async #run(): Promise<void> {
    let wait: number = LOOK;
    try {
      await this.#work();
      this.#failures = 0;
      // A policy without such a model is no fault, unless one was named.
      this.problem = this.#parts.model === null ? null : this.model.problem;
    } catch (error) {
      if (this.#ending.signal.aborted) return;
      wait = Math.min(RETRY[0] * 2 ** this.#failures++, RETRY[1]) * (0.75 + Math.random() / 2);
      if (error instanceof EmbeddingError && error.retryAfter !== null) wait = Math.max(wait, Math.min(error.retryAfter, 10 * RETRY[1]));
      const { message } = error as Error;
      if (message !== this.problem) this.#parts.log.warn({ problem: message, retry_ms: Math.round(wait) }, 'embeddings are not made');
      this.problem = message;
      this.#parts.onFailure();
    }
    this.#timer = setTimeout(() => this.wake(), wait).unref();
  }

  async #work(): Promise<void> {
    const { store, index } = this.#parts;
    this.#space = await readSpace(store);
    const { name } = this.model;
    if (name !== null && (await this.#lease.take())) {
      if (this.#space !== null && this.#space.asked !== name) {
        await leaveSpace(store, this.#space);
        this.#space = null;
      }
      // A local model may take longer for a batch than a lease lasts.
      const keep = setInterval(() => void this.#lease.take().catch(() => {}), LEASE / 3).unref();
      try {
        while (!this.#ending.signal.aborted && (await this.#embedNext(store.tables<ContextTables>(), name))) {
          if (!(await this.#lease.take())) break;
        }
      } finally {
        clearInterval(keep);
      }
      if (!index.isOwn && this.space !== null) await index.follow(this.space);
    }
    if (index.isOwn && this.space !== null) await index.follow(this.space);
  }

  /** @returns false where nothing is left to do. */
  async #embedNext(tables: Kysely<ContextTables>, model: string): Promise<boolean> {
    const { client, cell, key } = this.#parts;
    const { space } = this;
    const open = await readPending(tables, space, null);
    let pending = fill(open);
    let body = client.write(model, pending.map(toText));
    if (pending.some(({ privacy }) => privacy === 'restricted') && !staysInside(cell, body, key)) {
      this.keepsBack = true;
      pending = fill(await readPending(tables, space, 'unrestricted'));
      body = client.write(model, pending.map(toText));
    } else this.keepsBack = false;
    if (pending.length === 0) return false;
    await this.#embed(model, pending, body);
    return true;
  }

  /** A batch; where the model refuses it, each half for itself, so that one text does not keep the others. */
  async #embed(model: string, pending: readonly PendingChunk[], body: Buffer): Promise<void> {
    const { client, cell, key, store } = this.#parts;
    try {
      const { model: answered, vectors } = await client.ask(body, pending.length, this.#signal());
      const space = await this.#enter({ asked: model, answered, dimensions: vectors[0].length });
      await write(
        store,
        space,
        pending.map(({ chunk, document }, row) => ({ chunk, document, vector: vectors[row] })),
      );
    } catch (error) {
      if (!(error instanceof EmbeddingError) || !error.input) throw error;
      if (pending.length === 1) {
        const { space } = this;
        // Before anything was embedded, it may as well be the model that is wrong.
        if (space === null) throw error;
        this.#parts.log.warn({ chunk: pending[0].chunk, problem: error.message }, 'a text has no embedding');
        await write(store, space, [{ ...pending[0], vector: new Float32Array(0) }]);
        return;
      }
      const half = pending.length >> 1;
      for (const part of [pending.slice(0, half), pending.slice(half)]) {
        const own = client.write(model, part.map(toText));
        // What the policy says of a request may depend on its text.
        if (part.some(({ privacy }) => privacy === 'restricted') && !staysInside(cell, own, key)) {
          throw new EmbeddingError('the policy keeps some restricted texts inside, and others not');
        }
        await this.#embed(model, part, own);
      }
    }
    if (this.#parts.index.isOwn && this.space !== null) void this.#parts.index.follow(this.space);
  }

  async #enter(found: Space): Promise<Space> {
    const space = (this.#space ??= await enterSpace(this.#parts.store, found));
    if (nameSpace(space) === nameSpace(found)) return space;
    const describe = ({ answered, dimensions }: Space): string => `\`${answered}\` with ${dimensions} dimensions`;
    throw new EmbeddingError(
      `embeddings of \`${found.asked}\` came from ${describe(found)}, those before from ${describe(space)} [space] help: name a model of one backend with \`--embedding-model\``,
    );
  }

  #signal(): AbortSignal {
    return AbortSignal.any([this.#ending.signal, AbortSignal.timeout(PATIENCE)]);
  }
}

function toText({ heading, text }: PendingChunk): string {
  return heading === null ? text : `${heading}\n\n${text}`;
}

/** As many as go into one request. */
function fill(open: readonly PendingChunk[]): PendingChunk[] {
  let tokens = 0;
  const end = open.findIndex((chunk, row) => {
    tokens += chunk.tokens;
    return row > 0 && tokens > MOST_TOKENS;
  });
  return open.slice(0, end < 0 ? open.length : end);
}

function readPending(tables: Kysely<ContextTables>, space: Space | null, privacy: Privacy | null): Promise<PendingChunk[]> {
  return tables
    .selectFrom('context_documents as d')
    .innerJoin('context_chunks as c', 'c.document', 'd.seq')
    .leftJoin('context_embeddings as e', (join) =>
      join.onRef('e.chunk', '=', 'c.seq').on('e.space', '=', space === null ? '' : nameSpace(space)),
    )
    .select(['c.seq as chunk', 'd.seq as document', 'd.privacy', 'c.heading', 'c.text', 'c.tokens'])
    .whereRef('d.embedded', '<', 'd.chunks')
    .where('e.chunk', 'is', null)
    .$if(privacy !== null, (query) => query.where('d.privacy', '=', privacy!))
    .orderBy('d.seq')
    .orderBy('c.seq')
    .limit(MOST_TEXTS)
    .execute();
}

/** Only for chunks that are still there. */
function write(
  store: Store,
  space: Space,
  rows: readonly { readonly chunk: number; readonly document: number; readonly vector: Float32Array }[],
): Promise<void> {
  return store.write<ContextTables, void>(async (transaction) => {
    const there = await transaction
      .selectFrom('context_chunks')
      .select('seq')
      .where(
        'seq',
        'in',
        rows.map(({ chunk }) => chunk),
      )
      .execute();
    const kept = rows.filter(({ chunk }) => there.some(({ seq }) => seq === chunk));
    if (kept.length === 0) return;
    const chunks = kept.map(({ chunk }) => chunk);
    await transaction.deleteFrom('context_embeddings').where('chunk', 'in', chunks).execute();
    await transaction
      .insertInto('context_embeddings')
      .values(
        kept.map(({ chunk, vector }) => ({
          chunk,
          space: nameSpace(space),
          vector: Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength),
        })),
      )
      .execute();
    const documents = [...new Set(kept.map(({ document }) => document))];
    await sql`update context_documents set embedded = (
      select count(*) from context_embeddings as e join context_chunks as c on c.seq = e.chunk
      where c.document = context_documents.seq and e.space = ${nameSpace(space)}
    ) where seq in (${sql.join(documents)})`.execute(transaction);
  });
}
